"""What is said when somebody interrupts: what the ECU has, and what the next call does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

NOT_SENT = "interrupted; nothing was sent to the ECU"
SENT = "interrupted; the ECU has the package and decides about it when it restarts; flash again to see"


def sent(taken: int, size: int, kept: str) -> str:
    """The words for a transfer.

    Args:
        taken: bytes that the ECU has said to have.
        size: of the package, bytes.
        kept: which model the ECU has.
    """
    if taken == size:
        return SENT
    held = f", and has at least {taken:,} bytes of this package" if taken else ""
    return f"interrupted; {kept}{held}; flash again goes on"


@contextmanager
def telling(words: Callable[[], str]) -> Iterator[None]:
    """Gives an interruption these words for people.

    Raises:
        KeyboardInterrupt: with them.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(words()) from error
