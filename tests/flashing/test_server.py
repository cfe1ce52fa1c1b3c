"""The UDS services of the simulated ECU, which an integrator copies: order, counters, locks, nonsense."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest
from examples.update.demo_key import key_for
from examples.update.uds_server import CutError, UdsServer

from ecu_bundle.flashing.statuses import status_text

from .bench import Bench


class Plain:
    """Speaks to the server without a network."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.device = bench.device()
        self.server = UdsServer(self.device, block=4096, session_seconds=0.5, delay_seconds=0.3)
        package = bench.good(4).data
        place = b"\x44" + bytes(4) + len(package).to_bytes(4, "big")
        half = len(package) // 2
        self.requests = {
            "erase": b"\x31\x01\xff\x00" + place,
            "download": b"\x34\x00" + place,
            "first": b"\x36\x01" + package[:half],
            "second": b"\x36\x02" + package[half:],
            "rest": b"\x34\x00\x44" + half.to_bytes(4, "big") + (len(package) - half).to_bytes(4, "big"),
            "last": b"\x36\x01" + package[half:],
            "third": b"\x36\x03more",
            "from-zero": b"\x36\x00" + package[:half],
            "exit": b"\x37",
            "check": b"\x31\x01\xff\x01",
        }

    def ask(self, request: bytes) -> bytes:
        """The last answer; 0x78 before it are left out."""
        answers = list(self.server.handle(request))
        assert all(answer[0] == 0x7F and answer[2] == 0x78 for answer in answers[:-1])
        return answers[-1] if answers else b""

    def unlock(self) -> None:
        for request in (b"\x10\x03", b"\x10\x02"):
            assert self.ask(request)[0] == 0x50
        seed = self.ask(b"\x27\x01")[2:]
        assert self.ask(b"\x27\x02" + key_for(seed)) == b"\x67\x02"

    def run(self, *requests: str | bytes) -> list[str]:
        """For each request, by name or as it is, ``ok`` or its negative response code."""
        answers = [self.ask(self.requests[r] if isinstance(r, str) else r) for r in requests]
        return [f"{answer[2]:02x}" if answer[0] == 0x7F else "ok" for answer in answers]

    def staged(self) -> int:
        """Sequence of the model after a restart."""
        return self.bench.sequence(self.device)


@pytest.fixture
def tester(bench: Bench) -> Iterator[Plain]:
    plain = Plain(bench)
    yield plain
    plain.device.power_down()


ORDERS: dict[str, tuple[str, str, int]] = {
    "as it should be": ("erase download first second exit check", "ok ok ok ok ok ok", 4),
    "a block twice": ("erase download first first second exit check", "ok ok ok ok ok ok ok", 4),
    "the last twice": ("erase download first second second exit check", "ok ok ok ok ok ok ok", 4),
    "a block is missing": ("erase download second exit check", "ok ok 73 24 24", 0),
    "the wrong way round": ("erase download second first second exit check", "ok ok 73 ok ok ok ok", 4),
    "the end is missing": ("erase download first exit check", "ok ok ok 24 24", 0),
    "too much": ("erase download first second third exit check", "ok ok ok ok 31 ok ok", 4),
    "counter from zero": ("erase download from-zero", "ok ok 73", 0),
    "no erase": ("download first exit check", "22 24 24 24", 0),
    "no download": ("erase first exit check", "ok 24 24 24", 0),
    "no exit": ("erase download first second check", "ok ok ok ok 24", 0),
    "two downloads": ("erase download download", "ok ok 22", 0),
    "check twice": ("erase download first second exit check check", "ok ok ok ok ok ok 24", 4),
    "begun again": ("erase download first erase download first second exit check", "ok " * 8 + "ok", 4),
    "goes on without a cut": ("erase download first rest last exit check", "ok ok ok 22 ok 24 24", 0),
    "goes on without a beginning": ("erase rest last exit check", "ok 31 24 24 24", 0),
    "goes on when all is there": ("erase download first second exit rest check", "ok ok ok ok ok 31 ok", 4),
    "begun again when staged": ("erase download first second exit check erase", "ok ok ok ok ok ok ok", 4),
}


@pytest.mark.parametrize("case", ORDERS)
def test_the_order_of_requests(case: str, tester: Plain) -> None:
    requests, expected, sequence = ORDERS[case]
    tester.unlock()
    assert tester.run(*requests.split()) == expected.split()
    assert tester.staged() == sequence


NONSENSE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "11"),
    "unknown service": (b"\x99\x01", "11"),
    "answer in place of a request": (b"\x76\x01", "11"),
    "session cut short": (b"\x10", "13"),
    "unknown session": (b"\x10\x7f", "12"),
    "soft reset": (b"\x11\x03", "12"),
    "long reset": (b"\x11\x01\x00", "13"),
    "half an identifier": (b"\x22\xf1", "13"),
    "two identifiers": (b"\x22\xf1\xf0\xf1\xf1", "13"),
    "unknown identifier": (b"\x22\x12\x34", "31"),
    "other security level": (b"\x27\x03", "12"),
    "key without a seed": (b"\x27\x02\x00\x00\x00\x00", "24"),
    "stop of a routine": (b"\x31\x02\xff\x00", "12"),
    "unknown routine": (b"\x31\x01\x12\x34", "31"),
    "erase without a place": (b"\x31\x01\xff\x00", "31"),
    "erase of another format": (b"\x31\x01\xff\x00\x11\x00\x10", "31"),
    "check with a surplus": (b"\x31\x01\xff\x01\x00", "13"),
    "compressed": (b"\x34\x10\x44" + bytes(8), "31"),
    "another address": (b"\x34\x00\x44\x00\x00\x00\x01\x00\x00\x00\x10", "31"),
    "short download": (b"\x34\x00\x44\x00", "13"),
    "transfer out of the blue": (b"\x36\x01data", "24"),
    "block without data": (b"\x36\x01", "24"),
    "exit out of the blue": (b"\x37", "24"),
    "long exit": (b"\x37\x00", "13"),
    "tester present of another kind": (b"\x3e\x01", "12"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_gets_its_code(case: str, tester: Plain) -> None:
    request, code = NONSENSE[case]
    tester.unlock()
    assert tester.run(request) == [code]


@pytest.mark.parametrize("name", ["erase", "download", "first", "exit", "check"])
def test_nothing_goes_without_the_key(name: str, tester: Plain) -> None:
    assert tester.run(name, b"\x27\x01", b"\x10\x02") == ["7f", "7f", "7e"]
    assert tester.run(b"\x10\x03", b"\x10\x02", name) == ["ok", "ok", "33"]


def test_a_key_opens_once(tester: Plain) -> None:
    """A recorded key is of no use: each seed is new, and gone after one try."""
    tester.run(b"\x10\x03", b"\x10\x02")
    seed = tester.ask(b"\x27\x01")[2:]
    assert tester.ask(b"\x27\x02" + bytes(4)) == b"\x7f\x27\x35"
    assert tester.ask(b"\x27\x02" + key_for(seed)) == b"\x7f\x27\x24"
    assert tester.ask(b"\x27\x01")[2:] != seed


def test_the_lock_after_wrong_keys_opens_in_time(tester: Plain) -> None:
    tester.run(b"\x10\x03", b"\x10\x02")
    codes = [tester.run(b"\x27\x01", b"\x27\x02" + bytes(4))[1] for _ in range(3)]
    assert codes == ["35", "35", "36"]
    assert tester.run(b"\x27\x01") == ["37"]
    time.sleep(0.31)
    tester.unlock()


def test_a_session_ends_by_itself(tester: Plain) -> None:
    """With it the key and the transfer."""
    tester.unlock()
    tester.run("erase", "download", "first")
    time.sleep(0.51)
    assert tester.run("second", "exit") == ["7f", "7f"]
    tester.unlock()
    assert tester.run("second", "exit") == ["24", "24"]
    assert tester.run("rest", "last", "exit", "check") == ["ok"] * 4
    assert tester.staged() == 4


@pytest.mark.parametrize(
    ("end", "codes", "sequence"),
    {
        "cut": ("", "ok ok ok ok", 4),
        "another session": ("10 03", "ok ok ok ok", 4),
        "end of the session": ("10 01", "31 24 24 24", 0),
        "restart": ("11 01", "31 24 24 24", 0),
    }.values(),
)
def test_what_ends_an_install(end: str, codes: str, sequence: int, tester: Plain) -> None:
    tester.unlock()
    tester.run("erase", "download", "first")
    tester.server.disconnected()
    if end:
        with contextlib.suppress(CutError):
            tester.ask(bytes.fromhex(end))
    tester.unlock()
    assert tester.run("rest", "last", "exit", "check") == codes.split()
    assert tester.staged() == sequence


def test_tester_present_keeps_a_session(tester: Plain) -> None:
    tester.unlock()
    for _ in range(4):
        time.sleep(0.2)
        assert tester.ask(b"\x3e\x80") == b""
    assert tester.run("erase") == ["ok"]


@pytest.mark.parametrize("requests", [[b"\x10\x01"], [b"\x10\x03"]])
def test_another_session_drops_the_key(requests: list[bytes], tester: Plain) -> None:
    tester.unlock()
    tester.run(*requests, b"\x10\x03", b"\x10\x02")
    assert tester.run("erase") == ["33"]


def test_a_refusal_ends_the_transfer_and_is_told(tester: Plain) -> None:
    tester.unlock()
    forged = bytearray(tester.requests["first"])
    forged[102] ^= 1
    codes = tester.run("erase", "download", bytes(forged), "second", "exit")
    assert codes == ["ok", "ok", "70", "24", "24"]
    answer = tester.ask(b"\x22\xf1\xf3")
    assert answer[:3] == b"\x62\xf1\xf3"
    assert status_text(answer[4]).startswith("ECU_PACKAGE_BAD_SIGNATURE")
    assert tester.staged() == 0
