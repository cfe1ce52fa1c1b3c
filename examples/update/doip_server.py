"""DoIP (ISO 13400-2) on loopback for the simulated ECU: one tester at a time."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

from .device import DeviceError
from .uds_server import CutError, UdsServer

ECU = 0x0A10
"""Logical address of the simulated ECU."""

_HEADER = struct.Struct("!BBHL")
_VERSION = 2
_LARGEST = 1 << 16

_NEGATIVE = 0x0000
_IDENTIFICATION = (0x0001, 0x0002, 0x0003)
_ANNOUNCEMENT = 0x0004
_ACTIVATION, _ACTIVATED = 0x0005, 0x0006
_ALIVE, _ALIVE_ANSWER = 0x0007, 0x0008
_DIAGNOSTIC, _ACKNOWLEDGED, _NOT_ACKNOWLEDGED = 0x8001, 0x8002, 0x8003


class _ClosedError(Exception):
    """The tester is gone or does not speak DoIP."""


class DoipServer:
    """Listens until it is closed; a context manager."""

    def __init__(self, uds: UdsServer, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """
        Args:
            uds: answers the requests.
            host: address to listen at.
            port: TCP and UDP port; 0 for any that is free.
        """
        self._uds = uds
        self._socket = socket.create_server((host, port))
        self.port = int(self._socket.getsockname()[1])
        self._search = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._search.bind((host, self.port))
        self._tester: socket.socket | None = None
        self._closing = False
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._listen, self._announce)
        ]

    def __enter__(self) -> DoipServer:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        for one in (self._socket, self._search, self._tester):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
        for thread in self._threads:
            thread.join(timeout=5.0)

    def _announce(self) -> None:
        while not self._closing:
            try:
                data, sender = self._search.recvfrom(256)
            except OSError:
                return
            if len(data) >= _HEADER.size and _HEADER.unpack_from(data)[2] in _IDENTIFICATION:
                body = b"SIMULATEDECU00000" + struct.pack("!H", ECU) + bytes(12) + b"\0"
                self._search.sendto(_message(_ANNOUNCEMENT, body), sender)

    def _listen(self) -> None:
        while not self._closing:
            try:
                tester, _ = self._socket.accept()
            except OSError:
                return
            with tester:
                self._tester = tester
                tester.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with contextlib.suppress(_ClosedError, CutError, OSError, DeviceError):
                    self._serve(tester)
            self._tester = None
            with contextlib.suppress(DeviceError):
                self._uds.disconnected()

    def _serve(self, tester: socket.socket) -> None:
        source: int | None = None
        for kind, body in _messages(tester):
            if kind == _ACTIVATION and len(body) >= 7:
                source = int.from_bytes(body[:2], "big")
                answer = struct.pack("!HHBL", source, ECU, 0x10, 0)
                tester.sendall(_message(_ACTIVATED, answer))
            elif kind == _ALIVE:
                tester.sendall(_message(_ALIVE_ANSWER, struct.pack("!H", ECU)))
            elif kind == _DIAGNOSTIC and len(body) > 4:
                self._diagnose(tester, source, body)
            elif kind != _ALIVE_ANSWER:
                tester.sendall(_message(_NEGATIVE, b"\x01"))

    def _diagnose(self, tester: socket.socket, active: int | None, body: bytes) -> None:
        source, target = struct.unpack("!HH", body[:4])
        code = 0x02 if source != active else 0x03 if target != ECU else 0
        if code:
            tester.sendall(_message(_NOT_ACKNOWLEDGED, struct.pack("!HHB", target, source, code)))
            return
        tester.sendall(_message(_ACKNOWLEDGED, struct.pack("!HHB", ECU, source, 0)))
        for response in self._uds.handle(body[4:]):
            tester.sendall(_message(_DIAGNOSTIC, struct.pack("!HH", ECU, source) + response))


def _message(kind: int, body: bytes) -> bytes:
    return _HEADER.pack(_VERSION, 0xFF ^ _VERSION, kind, len(body)) + body


def _messages(tester: socket.socket) -> Iterator[tuple[int, bytes]]:
    while True:
        version, inverse, kind, size = _HEADER.unpack(_exactly(tester, _HEADER.size))
        if version ^ inverse != 0xFF or size > _LARGEST:
            tester.sendall(_message(_NEGATIVE, b"\x02" if size > _LARGEST else b"\x00"))
            raise _ClosedError
        yield kind, _exactly(tester, size)


def _exactly(tester: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = tester.recv(size - len(data))
        if not chunk:
            raise _ClosedError
        data += chunk
    return bytes(data)
