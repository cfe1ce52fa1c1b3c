"""An ECU that is hostile or broken takes neither the memory nor the time of the client."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from examples.update.doip_server import ECU

from ecu_bundle.errors import EcuUnavailableError
from ecu_bundle.flashing.delivery import Delivery, deliver
from ecu_bundle.flashing.link import Endpoint
from packages.examples import model_package

from .bench import Bench
from .faults import OPEN, Faults

TESTER = 0x0E00
PACKAGE = Delivery(model_package(), "neg", 7, "00")
Manner = Callable[[socket.socket], None]


def message(kind: int, body: bytes, size: int | None = None) -> bytes:
    return struct.pack("!BBHL", 2, 0xFD, kind, len(body) if size is None else size) + body


def answer(uds: bytes, source: int = ECU) -> bytes:
    return message(0x8001, struct.pack("!HH", source, TESTER) + uds)


ACKNOWLEDGED = message(0x8002, struct.pack("!HHB", ECU, TESTER, 0))


def _flood(link: socket.socket, data: bytes) -> None:
    while True:
        link.sendall(data)


def _long_answer(link: socket.socket) -> None:
    link.sendall(ACKNOWLEDGED + message(0x8001, b"", 50_000_000))
    for _ in range(50):
        link.sendall(bytes(1_000_000))


def _endless_message(link: socket.socket) -> None:
    link.sendall(ACKNOWLEDGED + message(0x8001, b"", 0xFFFFFFFF))
    _flood(link, bytes(1 << 16))


def _unasked(link: socket.socket) -> None:
    _flood(link, message(0x8003, bytes(1000)))


def _strangers(link: socket.socket) -> None:
    link.sendall(ACKNOWLEDGED)
    while True:
        link.sendall(answer(b"\x62\xf1\xf3\x01\x00", source=0x0AAA))
        time.sleep(0.02)


def _noise(link: socket.socket) -> None:
    _flood(link, b"\x55" * 4096)


def _drops(link: socket.socket) -> None:
    link.sendall(ACKNOWLEDGED)
    for byte in answer(b"\x62\xf1\xf3\x01\x00"):
        link.sendall(bytes([byte]))
        time.sleep(0.3)


MANNERS: dict[str, Manner] = {
    "an answer of 50 MB": _long_answer,
    "a message of 4 GiB": _endless_message,
    "messages that nobody asked for": _unasked,
    "answers of other ECUs without end": _strangers,
    "noise": _noise,
    "one byte now and then": _drops,
}


@contextmanager
def hostile(manner: Manner) -> Iterator[Endpoint]:
    """Activates routing, then does this at the first request of each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    link, _ = server.accept()
                    with link, contextlib.suppress(OSError):
                        link.recv(4096)
                        link.sendall(message(0x0006, struct.pack("!HHBL", TESTER, ECU, 0x10, 0)))
                        link.recv(4096)
                        manner(link)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield Endpoint("127.0.0.1", server.getsockname()[1], ECU, seconds=0.5)
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("case", MANNERS)
def test_a_hostile_ecu(case: str) -> None:
    with hostile(MANNERS[case]) as endpoint:
        tracemalloc.start()
        start = time.monotonic()
        with pytest.raises(EcuUnavailableError, match="no usable connection"):
            deliver(PACKAGE, endpoint, OPEN, attempts=1)
        seconds, peak = time.monotonic() - start, tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert seconds < 8
    assert peak < 8_000_000  # most of it is what the test sends


def test_more_time_is_granted_within_the_limit_for_all(bench: Bench) -> None:
    """Each answer of 0x78 comes in time, and they never end."""

    def forever(_: Iterator[bytes]) -> Iterator[bytes]:
        for _times in range(200):
            time.sleep(0.05)
            yield b"\x7f\x31\x78"

    with bench.ecu(Faults(on={0x31: forever}), seconds=0.5) as (_, endpoint):
        start = time.monotonic()
        with pytest.raises(EcuUnavailableError, match="the time for all of it is over"):
            deliver(bench.good(1), endpoint, OPEN, limit_seconds=1.5)
        assert time.monotonic() - start < 4
