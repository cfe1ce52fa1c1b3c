"""One pass of the UDS download: session, key, erase, download, transfer, exit, check, reset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecu_bundle.errors import BundleError, EcuUnavailableError
from ecu_bundle.flashing.identification import last_status
from ecu_bundle.flashing.link import LinkError
from ecu_bundle.flashing.patience import patiently
from ecu_bundle.flashing.refusals import SEQUENCE_ERROR, WRONG_BLOCK, refusal
from ecu_bundle.flashing.security import SecurityHook
from ecu_bundle.flashing.statuses import status_text

if TYPE_CHECKING:
    from udsoncan.client import Client

ERASE = 0xFF00
"""Routine ``eraseMemory`` of ISO 14229-1, with address and size, 4 bytes each, after their format byte."""
CHECK = 0xFF01
"""Routine ``checkProgrammingDependencies`` of ISO 14229-1."""

_ADDRESS_FORMAT = 0x44
"""4 bytes of size, 4 of address."""
_EXTENDED, _PROGRAMMING = 3, 2
_HARD_RESET = 1
_BLOCK_OVERHEAD = 2
"""Service and counter are part of the length that the ECU names."""
_SMALLEST_BLOCK = 8


@dataclass(frozen=True, slots=True)
class Options:
    """How to download.

    Attributes:
        security: unlocks the ECU.
        address: memory address of the download; an ECU with slots chooses the slot itself.
        block: most bytes of one block, 0: as many as the ECU takes.
    """

    security: SecurityHook = field(default_factory=SecurityHook)
    address: int = 0
    block: int = 0


@contextmanager
def requests(client: Client, stage: str, *, package: bool = False) -> Iterator[None]:
    """Errors of udsoncan and of the link as ours.

    Args:
        client: to ask for the ECU's own status when it refuses.
        stage: what the requests inside are for.
        package: they carry the package, so a refusal may be one of the package.

    Raises:
        LinkError: cut, silent, or out of step.
        BundleError: the ECU refuses; see `refusal`.
    """
    from udsoncan.exceptions import (
        InvalidResponseException,
        NegativeResponseException,
        TimeoutException,
        UnexpectedResponseException,
    )

    try:
        yield
    except NegativeResponseException as error:
        code = error.response.code or 0
        if package and code in (SEQUENCE_ERROR, WRONG_BLOCK):
            raise LinkError(f"{stage}: out of step with the ECU, negative response 0x{code:02X}") from error
        raise refusal(stage, code, status=_status(client) if package else "") from error
    except (InvalidResponseException, UnexpectedResponseException) as error:
        raise LinkError(f"{stage}: {error}") from error
    except TimeoutException as error:
        raise LinkError(f"{stage}: no answer in time, or the link was cut") from error
    except OSError as error:
        raise LinkError(f"{stage}: {error or type(error).__name__}") from error


def _status(client: Client) -> str:
    """The ECU's own words for why it refused; empty when it has none."""
    try:
        with requests(client, "identify"):
            number = last_status(client)
    except (LinkError, BundleError):
        return ""
    return status_text(number) if number else ""


def prepare(client: Client, options: Options) -> None:
    """Programming session, unlocked.

    Raises:
        LinkError, BundleError: see `requests`.
    """
    with requests(client, "session"):
        patiently(lambda: client.change_session(_EXTENDED))
        patiently(lambda: client.change_session(_PROGRAMMING))
    with requests(client, "unlock"):
        level = options.security.level
        answer = patiently(lambda: client.request_seed(level))
        seed = answer.service_data.seed if answer is not None else b""
        if any(seed):  # a seed of zeros says that the ECU is open already
            key = options.security.key_for(bytes(seed))
            patiently(lambda: client.send_key(level, key))


def transfer(
    client: Client, data: bytes, options: Options, progress: Callable[[int], None], *, start: int = 0
) -> int:
    """Erases, downloads, and checks: after this the ECU has accepted the package.

    Args:
        client: in a programming session, unlocked.
        data: the package.
        options: address and size of blocks.
        progress: told the bytes that the ECU has taken.
        start: bytes that the ECU holds already; it goes on there, and nothing is erased.

    Returns:
        Number of blocks.

    Raises:
        LinkError, BundleError: see `requests`.
    """
    if not start:
        place = options.address.to_bytes(4, "big") + len(data).to_bytes(4, "big")
        with requests(client, "erase", package=True):
            patiently(lambda: client.start_routine(ERASE, bytes([_ADDRESS_FORMAT]) + place))
    blocks = _download(client, data, options, progress, start) if start < len(data) else 0
    with requests(client, "check", package=True):
        check = patiently(lambda: client.start_routine(CHECK))
        result = check.service_data.routine_status_record if check is not None else b""
    if any(result or b""):
        raise refusal("check", 0x72, status=_status(client))
    return blocks


def _download(
    client: Client, data: bytes, options: Options, progress: Callable[[int], None], start: int
) -> int:
    """Sends what the ECU does not have; gives the number of blocks."""
    from udsoncan import MemoryLocation

    with requests(client, "download", package=True):
        location = MemoryLocation(options.address + start, len(data) - start, 32, 32)
        answer = patiently(lambda: client.request_download(location))
        size = (answer.service_data.max_length if answer is not None else 0) - _BLOCK_OVERHEAD
    if size < _SMALLEST_BLOCK:
        raise EcuUnavailableError(
            "download",
            f"the ECU takes blocks of {size} bytes only",
            hint="its answer to RequestDownload names the most bytes of a block, service and counter counted",
        )
    size = min(size, options.block) if options.block else size
    blocks = [data[at : at + size] for at in range(start, len(data), size)]
    with requests(client, "transfer", package=True):
        done = start
        for number, block in enumerate(blocks, start=1):
            patiently(lambda n=number, b=block: client.transfer_data(n % 256, b))  # type: ignore[misc]
            done += len(block)
            progress(done)
        patiently(client.request_transfer_exit)
    return len(blocks)


def restart(client: Client) -> None:
    """Resets the ECU, whose answer may be lost on the way.

    Raises:
        BundleError: the ECU refuses.
    """
    try:
        with requests(client, "reset"):
            patiently(lambda: client.ecu_reset(_HARD_RESET))
    except LinkError:
        return
