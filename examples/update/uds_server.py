"""UDS services of the simulated ECU: what an integrator writes around ``ecu/update.h``, in Python.

docs/flashing.md says which requests an ECU has to answer, and how.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import ClassVar

from ecu_bundle.flashing.identification import DIGEST, HELD, MODEL, RECORD, SEQUENCE, STATES, UPDATE
from ecu_bundle.flashing.sequence import CHECK, ERASE

from .demo_key import key_for
from .device import Device

FLASH_FAILED = 64
"""``ECU_FLASH_FAILED``; all other statuses of an install blame the package."""

_DEFAULT, _PROGRAMMING, _EXTENDED = 1, 2, 3
_PENDING = 0x78
_WRONG_KEYS = 3
_DIGEST = slice(13, 45)
"""Where the digest of the manifest stands in a package (docs/update_package.md)."""


class NegativeError(Exception):
    """A negative response."""

    def __init__(self, code: int) -> None:
        super().__init__(f"0x{code:02X}")
        self.code = code


class CutError(Exception):
    """The link breaks; tests raise it."""


class UdsServer:
    """Answers one request after the other."""

    def __init__(
        self, device: Device, *, block: int = 1024, session_seconds: float = 5.0, delay_seconds: float = 10.0
    ) -> None:
        """
        Args:
            device: the program of the ECU, powered up.
            block: most bytes of one TransferData request, service and counter counted.
            session_seconds: S3: without a request for so long, the default session returns.
            delay_seconds: no key is taken for so long after too many wrong ones.
        """
        self._device = device
        self._block = block
        self._session_seconds = session_seconds
        self._delay_seconds = delay_seconds
        self._heard = time.monotonic()
        self._wrong_keys = 0
        self._locked_until = 0.0
        self._boot()

    def _boot(self) -> None:
        """State after power-up."""
        self._status = int(self._device.boot.values.get("reverted", "0"))
        self._staged = False
        self._leave_session()
        self._forget()

    def _leave_session(self) -> None:
        self._session = _DEFAULT
        self._seed = b""
        self._unlocked = False
        self._close_download()

    def _close_download(self) -> None:
        """The install stays: a further download can go on with it."""
        self._erased = False
        self._open = False
        self._counter: int | None = None  # of the block before; None: it was none of this download

    def _forget(self) -> None:
        """There is no install."""
        self._close_download()
        self._expected: int | None = None  # bytes of the package; None: no install
        self._received = 0
        self._start = b""  # of the package

    def disconnected(self) -> None:
        """The tester is gone, and with it its session. What it has sent stays for whoever goes on with it:
        the installer trusts the signature and the digests alone."""
        self._leave_session()

    def _end(self) -> None:
        """The tester ends its session: an install that is not complete ends with it."""
        self._leave_session()
        if self._expected is not None and not self._staged:
            self._forget()
            self._device.ask("abort")

    def handle(self, request: bytes) -> Iterator[bytes]:
        """Responses to a request: any number of 0x78, then one; none where the tester wants none."""
        if time.monotonic() - self._heard > self._session_seconds and self._session != _DEFAULT:
            self.disconnected()
        service = request[0] if request else 0
        try:
            handler = self._services.get(service)
            if handler is None:
                raise NegativeError(0x11)
            yield from handler(self, request)
        except NegativeError as refused:
            yield bytes([0x7F, service, refused.code])
        self._heard = time.monotonic()

    def _session_control(self, request: bytes) -> Iterator[bytes]:
        kind = _sub_function(request, 2)
        if kind not in (_DEFAULT, _PROGRAMMING, _EXTENDED):
            raise NegativeError(0x12)
        if kind == _PROGRAMMING and self._session == _DEFAULT:
            raise NegativeError(0x7E)
        if kind == _DEFAULT:
            self._end()
        elif kind != self._session:
            self._leave_session()
        self._session = kind
        if not request[1] & 0x80:
            yield bytes([0x50, kind, 0x00, 0x32, 0x01, 0xF4])  # P2 50 ms, P2* 5 s

    def _reset(self, request: bytes) -> Iterator[bytes]:
        if _sub_function(request, 2) != 1:
            raise NegativeError(0x12)
        yield bytes([0x51, 1])
        self._device.power_up()
        self._boot()
        raise CutError

    def _read_identifier(self, request: bytes) -> Iterator[bytes]:
        if len(request) != 3:
            raise NegativeError(0x13)
        model = self._device.ask("model").values
        state = STATES.index("confirmed" if model.get("digest") else "no model")
        if self._staged or self._expected is not None:
            state = STATES.index("staged" if self._staged else "receiving")
        record = self._device.ask("record")
        answers = {
            MODEL: bytes.fromhex(model.get("name", "")),
            DIGEST: bytes.fromhex(model.get("digest", "")),
            SEQUENCE: int(model.get("sequence", "0")).to_bytes(4, "big"),
            RECORD: bytes.fromhex(record.text),
            UPDATE: bytes([state, self._status]),
            HELD: self._held(),
        }
        data = answers.get(int.from_bytes(request[1:], "big"))
        if data is None:
            raise NegativeError(0x31)
        yield b"\x62" + request[1:] + data

    def _held(self) -> bytes:
        if self._expected is None or len(self._start) < _DIGEST.stop:
            return b""
        return self._start[_DIGEST] + self._received.to_bytes(4, "big") + self._expected.to_bytes(4, "big")

    def _security(self, request: bytes) -> Iterator[bytes]:
        kind = _sub_function(request)
        if self._session != _PROGRAMMING:
            raise NegativeError(0x7F)
        if kind == 1:
            if len(request) != 2:
                raise NegativeError(0x13)
            if time.monotonic() < self._locked_until:
                raise NegativeError(0x37)
            self._seed = bytes(4) if self._unlocked else secrets.token_bytes(3) + b"\1"  # never zeros
            yield b"\x67\x01" + self._seed
        elif kind == 2:
            yield self._take_key(request[2:])
        else:
            raise NegativeError(0x12)

    def _take_key(self, key: bytes) -> bytes:
        if not self._seed:
            raise NegativeError(0x24)
        seed, self._seed = self._seed, b""
        if key != key_for(seed):
            self._wrong_keys += 1
            if self._wrong_keys < _WRONG_KEYS:
                raise NegativeError(0x35)
            self._wrong_keys = 0
            self._locked_until = time.monotonic() + self._delay_seconds
            raise NegativeError(0x36)
        self._wrong_keys = 0
        self._unlocked = True
        return b"\x67\x02"

    def _require_unlocked(self) -> None:
        if self._session != _PROGRAMMING:
            raise NegativeError(0x7F)
        if not self._unlocked:
            raise NegativeError(0x33)

    def _routine(self, request: bytes) -> Iterator[bytes]:
        if len(request) < 4:
            raise NegativeError(0x13)
        if request[1] != 1:
            raise NegativeError(0x12)
        self._require_unlocked()
        routine = int.from_bytes(request[2:4], "big")
        if routine == ERASE:
            yield from self._erase(request[4:])
        elif routine == CHECK:
            yield from self._check(request[4:])
        else:
            raise NegativeError(0x31)

    def _erase(self, place: bytes) -> Iterator[bytes]:
        """Starts an install. The slot is erased later, when the signature in the package is accepted: nobody
        may destroy a slot with a request that is not signed."""
        if len(place) != 9 or place[0] != 0x44:
            raise NegativeError(0x31)
        yield bytes([0x7F, 0x31, _PENDING])
        self._close_download()
        self._install("begin")
        self._forget()
        self._staged = False
        self._erased = True
        yield b"\x71\x01\xff\x00\x00"

    def _check(self, rest: bytes) -> Iterator[bytes]:
        if rest:
            raise NegativeError(0x13)
        if self._staged or self._open or self._received != self._expected:
            raise NegativeError(0x24)
        yield bytes([0x7F, 0x31, _PENDING])
        self._install("finish")
        self._staged = True
        yield b"\x71\x01\xff\x01\x00"

    def _download(self, request: bytes) -> Iterator[bytes]:
        self._require_unlocked()
        if len(request) != 11 or request[2] != 0x44:
            raise NegativeError(0x13)
        start, size = (int.from_bytes(request[at : at + 4], "big") for at in (3, 7))
        if request[1] != 0x00:  # neither compressed nor encrypted
            raise NegativeError(0x31)
        if start and (self._staged or (start, start + size) != (self._received, self._expected)):
            raise NegativeError(0x31)  # goes on with nothing that is here
        if self._open or not (start or self._erased):
            raise NegativeError(0x22)
        self._expected = start + size
        self._open = True
        yield b"\x74\x20" + self._block.to_bytes(2, "big")

    def _transfer(self, request: bytes) -> Iterator[bytes]:
        self._require_unlocked()
        if self._expected is None or not self._open:
            raise NegativeError(0x24)
        if not 2 < len(request) <= self._block:
            raise NegativeError(0x13)
        counter, data = request[1], request[2:]
        if counter == self._counter:
            yield bytes([0x76, counter])  # a repetition: our answer was lost, the block was not
            return
        if counter != ((self._counter or 0) + 1) % 256:
            raise NegativeError(0x73)
        if self._received + len(data) > self._expected:
            raise NegativeError(0x31)
        yield bytes([0x7F, 0x36, _PENDING])
        self._install("data " + data.hex())
        self._received += len(data)
        self._start = (self._start + data)[: _DIGEST.stop]
        self._counter = counter
        yield bytes([0x76, counter])

    def _transfer_exit(self, request: bytes) -> Iterator[bytes]:
        self._require_unlocked()
        if len(request) != 1:
            raise NegativeError(0x13)
        if not self._open or self._received != self._expected:
            raise NegativeError(0x24)
        self._close_download()
        yield b"\x77"

    def _tester_present(self, request: bytes) -> Iterator[bytes]:
        if _sub_function(request, 2):
            raise NegativeError(0x12)
        if not request[1] & 0x80:
            yield b"\x7e\x00"

    def _install(self, command: str) -> None:
        answer = self._device.ask(command)
        self._status = answer.status
        if answer.status:
            self._forget()
            raise NegativeError(0x72 if answer.status == FLASH_FAILED else 0x70)

    _services: ClassVar[dict[int, Callable[[UdsServer, bytes], Iterator[bytes]]]] = {
        0x10: _session_control,
        0x11: _reset,
        0x22: _read_identifier,
        0x27: _security,
        0x31: _routine,
        0x34: _download,
        0x36: _transfer,
        0x37: _transfer_exit,
        0x3E: _tester_present,
    }


def _sub_function(request: bytes, size: int = 0) -> int:
    """The sub-function without the bit that suppresses the response."""
    if len(request) < 2 or (size and len(request) != size):
        raise NegativeError(0x13)
    return request[1] & 0x7F
