"""What an ECU says about itself: the data identifiers of docs/flashing.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecu_bundle.errors import EcuUnavailableError
from ecu_bundle.flashing.patience import patiently

if TYPE_CHECKING:
    from udsoncan.client import Client

MODEL = 0xF182
"""ISO's ``applicationDataIdentification``: name and version of the active model, text."""
DIGEST = 0xF1F0
"""Digest in the active model image, 32 bytes; none without a model."""
SEQUENCE = 0xF1F1
"""Sequence number of the package that brought it, 4 bytes, big-endian; 0 from the factory."""
RECORD = 0xF1F2
"""The signed record of the active model: what its package has before the payload. May be missing."""
UPDATE = 0xF1F3
"""What the ECU is doing (see `STATES`) and the status of the last update (``ecu/status.h``), 1 byte each."""

HELD = 0xF1F4
"""The install that the ECU has begun or staged: manifest digest of the package, 32 bytes, then the bytes that
it has received and all that it expects, 4 bytes each, big-endian; empty without one. May be missing."""

STATES = ("no model", "confirmed", "trial", "receiving", "staged")

_OUT_OF_RANGE = 0x31
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Identification:
    """An ECU's own word about its model.

    Attributes:
        model: name and version; empty when there is none.
        digest: in the active image, hexadecimal; empty when there is none.
        sequence: of the package that brought it; 0 from the factory.
        record: signed record of that package; empty where the ECU has none.
        state: one of `STATES`.
        status: of the last update, ``ecu/status.h``; 0 when nothing failed.
    """

    model: str
    digest: str
    sequence: int
    record: bytes
    state: str
    status: int


@dataclass(frozen=True, slots=True)
class Held:
    """An install that an ECU has begun.

    Attributes:
        digest: of the manifest of its package, 32 bytes.
        received: bytes of the package that the ECU has taken.
        size: bytes that it expects.
    """

    digest: bytes
    received: int
    size: int


_HELD_BYTES = _DIGEST_BYTES + 4 + 4


def identify(client: Client) -> Identification:
    """Reads all identifiers.

    Raises:
        EcuUnavailableError: the ECU lacks one, or its form is wrong. Others are those of udsoncan.
    """
    state, status = _update(client)
    return Identification(
        model=_text(_read(client, MODEL, "model")),
        digest=_read(client, DIGEST, "digest", (0, _DIGEST_BYTES)).hex(),
        sequence=int.from_bytes(_read(client, SEQUENCE, "sequence number", (4,)), "big"),
        record=_read(client, RECORD, "signed record", optional=True),
        state=state,
        status=status,
    )


def last_status(client: Client) -> int:
    """Status of the last update alone.

    Raises:
        EcuUnavailableError: the ECU has no such identifier, or its form is wrong.
    """
    return _update(client)[1]


def held_install(client: Client) -> Held | None:
    """The install that the ECU could go on with; None where it has none, or cannot tell.

    Raises:
        EcuUnavailableError: the form is wrong. Others are those of udsoncan.
    """
    data = _read(client, HELD, "held install", (0, _HELD_BYTES), optional=True)
    if not data:
        return None
    received, size = (int.from_bytes(data[at : at + 4], "big") for at in (_DIGEST_BYTES, _DIGEST_BYTES + 4))
    return Held(data[:_DIGEST_BYTES], received, size)


def is_staged(client: Client) -> bool:
    """Whether the ECU waits for its restart with a package that it has accepted.

    Raises:
        EcuUnavailableError: the ECU has no such identifier, or its form is wrong.
    """
    return _update(client)[0] == "staged"


def _update(client: Client) -> tuple[str, int]:
    state, status = _read(client, UPDATE, "update state", (2,))
    if state >= len(STATES):
        raise _wrong(UPDATE, f"the update state {state}")
    return STATES[state], status


def _read(
    client: Client, did: int, what: str, sizes: tuple[int, ...] = (), *, optional: bool = False
) -> bytes:
    from udsoncan import services
    from udsoncan.exceptions import NegativeResponseException
    from udsoncan.Request import Request

    number = did.to_bytes(2, "big")
    try:
        response = patiently(lambda: client.send_request(Request(services.ReadDataByIdentifier, data=number)))
    except NegativeResponseException as error:
        if error.response.code != _OUT_OF_RANGE:
            raise
        if optional:
            return b""
        raise EcuUnavailableError(
            "identify",
            f"the ECU does not tell its {what}",
            place=f"data identifier 0x{did:04X}",
            hint="docs/flashing.md lists the identifiers that an ECU has to offer",
        ) from error
    data = (response.data if response is not None else None) or b""
    if data[:2] != number:
        raise _wrong(did, f"an answer for another identifier, 0x{data[:2].hex()}")
    if sizes and len(data) - 2 not in sizes:
        raise _wrong(did, f"{len(data) - 2} bytes, expected {' or '.join(map(str, sizes))}")
    return data[2:]


def _text(data: bytes) -> str:
    try:
        text = data.rstrip(b"\0").decode("utf-8")
    except UnicodeDecodeError as error:
        raise _wrong(MODEL, "text that is not UTF-8") from error
    if not text.isprintable():
        raise _wrong(MODEL, "text with control characters")
    return text


def _wrong(did: int, what: str) -> EcuUnavailableError:
    return EcuUnavailableError(
        "identify",
        f"the ECU's identification is malformed: {what}",
        place=f"data identifier 0x{did:04X}",
        hint="docs/flashing.md says its form",
    )
