"""The UDS services of the simulated ECU, which an integrator copies: order, counters, locks, nonsense."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from examples.update.demo_key import key_for
from examples.update.uds_server import UdsServer

from ecu_bundle.flashing.statuses import status_text

from .double import Double
from .packages import package

PACKAGE = package(4)
HALF = len(PACKAGE) // 2
ERASE = b"\x31\x01\xff\x00\x44" + bytes(4) + len(PACKAGE).to_bytes(4, "big")
DOWNLOAD = b"\x34\x00\x44" + bytes(4) + len(PACKAGE).to_bytes(4, "big")
FIRST, SECOND = b"\x36\x01" + PACKAGE[:HALF], b"\x36\x02" + PACKAGE[HALF:]
EXIT, CHECK = b"\x37", b"\x31\x01\xff\x01"


class Plain:
    """Speaks to the server without a network."""

    def __init__(self, folder: Path) -> None:
        self.device = Double(folder)
        self.device.power_up()
        self.server = UdsServer(self.device, session_seconds=0.3, delay_seconds=0.3)

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

    def run(self, requests: Sequence[bytes]) -> list[str]:
        """For each request ``ok`` or its negative response code."""
        answers = [self.ask(request) for request in requests]
        return [f"{answer[2]:02x}" if answer[0] == 0x7F else "ok" for answer in answers]

    def staged(self) -> int:
        """Sequence of the model after a restart."""
        return int(self.restarted()["sequence"])

    def restarted(self) -> dict[str, str]:
        self.device.power_up()
        return self.device.ask("model").values


@pytest.fixture
def tester(tmp_path: Path) -> Plain:
    return Plain(tmp_path)


ORDERS: dict[str, tuple[list[bytes], list[str], int]] = {
    "as it should be": (
        [ERASE, DOWNLOAD, FIRST, SECOND, EXIT, CHECK],
        ["ok", "ok", "ok", "ok", "ok", "ok"],
        4,
    ),
    "a block twice": ([ERASE, DOWNLOAD, FIRST, FIRST, SECOND, EXIT, CHECK], ["ok"] * 7, 4),
    "the last block twice": ([ERASE, DOWNLOAD, FIRST, SECOND, SECOND, EXIT, CHECK], ["ok"] * 7, 4),
    "a block is missing": ([ERASE, DOWNLOAD, SECOND, EXIT, CHECK], ["ok", "ok", "73", "24", "24"], 0),
    "the wrong way round": (
        [ERASE, DOWNLOAD, SECOND, FIRST, SECOND, EXIT, CHECK],
        ["ok", "ok", "73", "ok", "ok", "ok", "ok"],
        4,
    ),
    "the end is missing": ([ERASE, DOWNLOAD, FIRST, EXIT, CHECK], ["ok", "ok", "ok", "24", "24"], 0),
    "too much": (
        [ERASE, DOWNLOAD, FIRST, SECOND, b"\x36\x03more", EXIT, CHECK],
        ["ok", "ok", "ok", "ok", "31", "ok", "ok"],
        4,
    ),
    "counter from zero": ([ERASE, DOWNLOAD, b"\x36\x00" + PACKAGE[:HALF]], ["ok", "ok", "73"], 0),
    "no erase": ([DOWNLOAD, FIRST, EXIT, CHECK], ["22", "24", "24", "24"], 0),
    "no download": ([ERASE, FIRST, EXIT, CHECK], ["ok", "24", "24", "24"], 0),
    "no exit": ([ERASE, DOWNLOAD, FIRST, SECOND, CHECK], ["ok", "ok", "ok", "ok", "24"], 0),
    "two downloads": ([ERASE, DOWNLOAD, DOWNLOAD], ["ok", "ok", "22"], 0),
    "check twice": (
        [ERASE, DOWNLOAD, FIRST, SECOND, EXIT, CHECK, CHECK],
        ["ok", "ok", "ok", "ok", "ok", "ok", "24"],
        4,
    ),
    "begun again in the middle": (
        [ERASE, DOWNLOAD, FIRST, ERASE, DOWNLOAD, FIRST, SECOND, EXIT, CHECK],
        ["ok"] * 9,
        4,
    ),
    "staged, then begun again": (
        [ERASE, DOWNLOAD, FIRST, SECOND, EXIT, CHECK, ERASE],
        ["ok"] * 7,
        0,
    ),
}


@pytest.mark.parametrize("case", ORDERS)
def test_the_order_of_requests(case: str, tester: Plain) -> None:
    requests, expected, sequence = ORDERS[case]
    tester.unlock()
    assert tester.run(requests) == expected
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
    "check with a surplus": (CHECK + b"\x00", "13"),
    "compressed": (b"\x34\x10\x44" + bytes(8), "31"),
    "another address": (b"\x34\x00\x44\x00\x00\x00\x01\x00\x00\x00\x10", "31"),
    "short download": (b"\x34\x00\x44\x00", "13"),
    "transfer out of the blue": (FIRST, "24"),
    "block without data": (b"\x36\x01", "24"),
    "exit out of the blue": (EXIT, "24"),
    "long exit": (b"\x37\x00", "13"),
    "tester present of another kind": (b"\x3e\x01", "12"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_gets_its_code(case: str, tester: Plain) -> None:
    request, code = NONSENSE[case]
    tester.unlock()
    assert tester.run([request]) == [code]


@pytest.mark.parametrize("request_", [ERASE, DOWNLOAD, FIRST, EXIT, CHECK])
def test_nothing_goes_without_the_key(request_: bytes, tester: Plain) -> None:
    assert tester.run([request_, b"\x27\x01", b"\x10\x02"]) == ["7f", "7f", "7e"]
    assert tester.run([b"\x10\x03", b"\x10\x02", request_]) == ["ok", "ok", "33"]


def test_a_key_opens_once(tester: Plain) -> None:
    """A recorded key is of no use: each seed is new, and gone after one try."""
    tester.run([b"\x10\x03", b"\x10\x02"])
    seed = tester.ask(b"\x27\x01")[2:]
    assert tester.ask(b"\x27\x02" + bytes(4)) == b"\x7f\x27\x35"
    assert tester.ask(b"\x27\x02" + key_for(seed)) == b"\x7f\x27\x24"
    assert tester.ask(b"\x27\x01")[2:] != seed


def test_the_lock_after_wrong_keys_opens_in_time(tester: Plain) -> None:
    tester.run([b"\x10\x03", b"\x10\x02"])
    codes = [tester.run([b"\x27\x01", b"\x27\x02" + bytes(4)])[1] for _ in range(3)]
    assert codes == ["35", "35", "36"]
    assert tester.run([b"\x27\x01"]) == ["37"]
    time.sleep(0.31)
    tester.unlock()


def test_a_session_ends_by_itself(tester: Plain) -> None:
    """With it the key and the transfer."""
    tester.unlock()
    tester.run([ERASE, DOWNLOAD, FIRST])
    time.sleep(0.31)
    assert tester.run([SECOND, EXIT]) == ["7f", "7f"]
    tester.unlock()
    assert tester.run([SECOND, EXIT]) == ["24", "24"]
    assert tester.staged() == 0


def test_tester_present_keeps_a_session(tester: Plain) -> None:
    tester.unlock()
    for _ in range(4):
        time.sleep(0.1)
        assert tester.ask(b"\x3e\x80") == b""
    assert tester.run([ERASE]) == ["ok"]


@pytest.mark.parametrize("requests", [[b"\x10\x01"], [b"\x10\x03"]])
def test_another_session_drops_the_key(requests: list[bytes], tester: Plain) -> None:
    tester.unlock()
    tester.run([*requests, b"\x10\x03", b"\x10\x02"])
    assert tester.run([ERASE]) == ["33"]


def test_a_refusal_ends_the_transfer_and_is_told(tester: Plain) -> None:
    tester.unlock()
    forged = bytearray(FIRST)
    forged[100] ^= 1
    codes = tester.run([ERASE, DOWNLOAD, bytes(forged), SECOND, SECOND, EXIT])
    assert codes == ["ok", "ok", "ok", "70", "24", "24"]
    assert tester.ask(b"\x22\xf1\xf3")[:3] == b"\x62\xf1\xf3"
    assert "ECU_PACKAGE_" in status_text(tester.ask(b"\x22\xf1\xf3")[4])
    assert tester.staged() == 0
