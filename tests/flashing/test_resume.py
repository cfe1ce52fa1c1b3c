"""A transfer goes on after a cut link where it ended, or starts again where that would not be right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ecu_bundle.errors import EcuUnavailableError, VerificationError
from ecu_bundle.flashing.delivery import deliver
from ecu_bundle.packaging.template import read_header

from .bench import Bench
from .faults import BLOCK, EVERY, OPEN, Fault, Faults, cut_after, cut_before, refuses, says

READ, ROUTINE, DOWNLOAD, TRANSFER, EXIT, RESET = 0x22, 0x31, 0x34, 0x36, 0x37, 0x11


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecu_bundle.flashing.delivery._RECONNECT_SECONDS", 0.01)


def order(bench: Bench) -> list[int]:
    """The requests of a delivery without faults."""
    counted = Faults()
    with bench.ecu(counted) as (_, endpoint):
        deliver(bench.good(1), endpoint, OPEN)
    return counted.requests


def held_request(requests: list[int]) -> int:
    """Position of the request that asks what the ECU holds."""
    return len(requests[: requests.index(DOWNLOAD)]) - 2


@EVERY
@pytest.mark.parametrize("fault", [cut_before, cut_after])
def test_no_block_is_sent_twice(fault: Fault, stride: int, bench: Bench) -> None:
    """The link is cut at one block after the other; the device is the one that ships."""
    requests = order(bench)
    first, count = requests.index(TRANSFER), requests.count(TRANSFER)
    header = read_header(bench.good(9).data).size
    for number in range(0, count, stride):
        faults = Faults({first + number: fault})
        taken = number + (fault is cut_after)
        with bench.ecu(faults) as (device, endpoint):
            flashed = deliver(bench.good(10 + number), endpoint, OPEN)
            assert flashed.transfers == 2
            assert bench.sequence(device) == 10 + number
        expected = taken * (BLOCK - 2) if taken * (BLOCK - 2) >= header else 0
        assert flashed.resumed == min(expected, len(bench.good(10).data))
        assert faults.requests.count(ROUTINE) == (2 if expected else 3)
        sent = faults.requests.count(TRANSFER)
        assert sent == count + (fault is cut_before) if expected else sent > count


@pytest.mark.parametrize(("fault", "blocks"), [(cut_before, 0), (cut_after, 0)])
@pytest.mark.parametrize("service", [EXIT, ROUTINE])
def test_a_cut_behind_the_last_block_sends_nothing_again(
    fault: Fault, blocks: int, service: int, bench: Bench
) -> None:
    requests = order(bench)
    position = len(requests) - 1 - requests[::-1].index(service)
    faults = Faults({position: fault})
    with bench.ecu(faults) as (_, endpoint):
        flashed = deliver(bench.good(2), endpoint, OPEN)
    assert (flashed.after.sequence, flashed.transfers, flashed.blocks) == (2, 2, blocks)
    assert flashed.resumed == len(bench.good(2).data)
    assert faults.requests.count(TRANSFER) == requests.count(TRANSFER)


@pytest.mark.parametrize("fault", [cut_before, cut_after, refuses(EXIT, 0x24)])
def test_an_exit_that_never_arrives_is_not_missed(fault: Fault, bench: Bench) -> None:
    """All bytes are there, and the check looks at each of them."""
    with bench.ecu(Faults(on={EXIT: fault})) as (_, endpoint):
        assert deliver(bench.good(2), endpoint, OPEN).after.sequence == 2


def test_a_client_that_is_started_again_goes_on(bench: Bench) -> None:
    position = order(bench).index(EXIT) - 1
    faults = Faults({position: cut_before})
    with bench.ecu(faults) as (_, endpoint):
        with pytest.raises(EcuUnavailableError):
            deliver(bench.good(2), endpoint, OPEN, attempts=1)
        flashed = deliver(bench.good(2), endpoint, OPEN, attempts=1)
        assert flashed.before.state == "receiving"
        assert (flashed.after.sequence, flashed.blocks) == (2, 1)


def test_many_cuts_need_no_more_blocks(bench: Bench) -> None:
    """Each connection lives for two blocks only."""
    requests = order(bench)
    faults = Faults()
    lives = 0

    def short_lived(answers: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal lives
        lives += 1
        yield from cut_after(answers) if lives % 2 == 0 else answers

    faults.on = {TRANSFER: short_lived}
    with bench.ecu(faults) as (_, endpoint):
        flashed = deliver(bench.good(2), endpoint, OPEN, attempts=20)
    assert flashed.after.sequence == 2
    assert faults.requests.count(TRANSFER) == requests.count(TRANSFER)
    assert flashed.transfers > 2


def test_another_package_does_not_go_on(bench: Bench) -> None:
    """Not even one that differs in nothing but its sequence."""
    position = order(bench).index(EXIT) - 1
    faults = Faults({position: cut_before})
    with bench.ecu(faults) as (device, endpoint):
        with pytest.raises(EcuUnavailableError):
            deliver(bench.good(2), endpoint, OPEN, attempts=1)
        flashed = deliver(bench.good(3), endpoint, OPEN)
        assert (flashed.after.sequence, flashed.resumed) == (3, 0)
        assert bench.sequence(device) == 3


def test_a_power_cut_leaves_nothing_to_go_on_with(bench: Bench) -> None:
    position = order(bench).index(EXIT) - 1
    faults = Faults({position: cut_before})
    with bench.ecu(faults) as (device, endpoint):
        with pytest.raises(EcuUnavailableError):
            deliver(bench.good(2), endpoint, OPEN, attempts=1)
        device.power_up()
    with bench.ecu() as (_, endpoint):
        flashed = deliver(bench.good(2), endpoint, OPEN)
        assert (flashed.after.sequence, flashed.resumed) == (2, 0)


def test_what_a_stranger_began_wrong_is_sent_again(bench: Bench) -> None:
    """The ECU holds the right header and a wrong block behind it: it refuses that, and takes the next."""
    good = bench.good(2)
    wrong = bytearray(good.data)
    wrong[2 * (BLOCK - 2) + 1] ^= 1
    position = order(bench).index(EXIT) - 1
    faults = Faults({position: cut_before})
    with bench.ecu(faults) as (device, endpoint):
        with pytest.raises(EcuUnavailableError):
            deliver(replace(good, data=bytes(wrong)), endpoint, OPEN, attempts=1)
        flashed = deliver(good, endpoint, OPEN, attempts=1)
        assert (flashed.after.sequence, flashed.resumed) == (2, 0)
        with pytest.raises(VerificationError, match="BAD_PAYLOAD"):
            deliver(replace(bench.good(3), data=_changed(bench.good(3).data)), endpoint, OPEN)
        assert bench.sequence(device) == 2


def _changed(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


HELD: dict[str, tuple[bytes, type[Exception] | None]] = {
    "unknown": (b"\x7f\x22\x31", None),
    "nothing": (b"\x62\xf1\xf4", None),
    "another digest": (b"\x62\xf1\xf4" + bytes(32) + b"\0\0\4\0\0\0\x10\0", None),
    "short": (b"\x62\xf1\xf4" + bytes(39), EcuUnavailableError),
}
LIES = {"of the header": 40, "all of it": 0, "beyond the end": 1 << 20, "some of it": 2048}


@pytest.mark.parametrize("case", HELD)
def test_an_ecu_that_tells_nothing_useful(case: str, bench: Bench) -> None:
    answer, error = HELD[case]
    position = held_request(order(bench))
    with bench.ecu(Faults({position: says(answer)})) as (_, endpoint):
        if error is None:
            flashed = deliver(bench.good(2), endpoint, OPEN)
            assert (flashed.after.sequence, flashed.transfers, flashed.resumed) == (2, 1, 0)
        else:
            with pytest.raises(error, match="expected 0 or 40"):
                deliver(bench.good(2), endpoint, OPEN)


@pytest.mark.parametrize("case", LIES)
def test_an_ecu_that_claims_what_it_does_not_hold(case: str, bench: Bench) -> None:
    """It comes to the same end: the ECU itself refuses to go on, and gets all."""
    good = bench.good(2)
    received = LIES[case] or len(good.data)
    digest = read_header(good.data).authentication.digest
    answer = b"\x62\xf1\xf4" + digest + received.to_bytes(4, "big") + len(good.data).to_bytes(4, "big")
    position = held_request(order(bench))
    with bench.ecu(Faults({position: says(answer)})) as (_, endpoint):
        flashed = deliver(good, endpoint, OPEN)
        assert (flashed.after.sequence, flashed.resumed) == (2, 0)
