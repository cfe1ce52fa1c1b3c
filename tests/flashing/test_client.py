"""The client against a simulated ECU whose link breaks, loses, repeats and refuses."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from examples.update.program import HOST, fill_flash

from ecu_bundle.console import Console
from ecu_bundle.errors import BundleError, EcuUnavailableError, ExitCode, UsageError, VerificationError
from ecu_bundle.flashing.delivery import deliver
from ecu_bundle.flashing.link import Endpoint
from ecu_bundle.flashing.security import SecurityHook
from ecu_bundle.flashing.sequence import Options

from .bench import Bench
from .faults import (
    BLOCK,
    EVERY,
    KEY,
    OPEN,
    Fault,
    Faults,
    cut_after,
    cut_before,
    mute,
    refuses,
    says,
    silent,
    slow,
)

SESSION, RESET, READ, UNLOCK, ROUTINE, DOWNLOAD, TRANSFER, EXIT = (
    *(0x10, 0x11, 0x22, 0x27, 0x31, 0x34, 0x36, 0x37),
)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecu_bundle.flashing.delivery._RECONNECT_SECONDS", 0.01)
    monkeypatch.setattr("ecu_bundle.flashing.patience._SECONDS", 0.01)


def test_a_package_is_flashed_and_runs(bench: Bench) -> None:
    faults = Faults()
    with bench.ecu(faults) as (device, endpoint):
        flashed = deliver(bench.good(3), endpoint, OPEN)
        assert (flashed.before.sequence, flashed.after.sequence) == (0, 3)
        assert flashed.after.digest == bench.factory.digest
        assert flashed.after.state == "confirmed"
        assert (flashed.present, flashed.transfers) == (False, 1)
        assert faults.requests.count(TRANSFER) == flashed.blocks == -(-len(bench.good(3).data) // (BLOCK - 2))
        assert bench.sequence(device) == 3


def test_a_package_that_is_there_is_not_sent_again(bench: Bench) -> None:
    with bench.ecu() as (_, endpoint):
        deliver(bench.good(3), endpoint, OPEN)
        assert deliver(bench.good(3), endpoint, OPEN).present


class Terminal(io.StringIO):
    """What people look at."""

    def isatty(self) -> bool:
        return True


def test_many_blocks_are_counted_and_shown(bench: Bench) -> None:
    """Their counter wraps, and a terminal has a bar that grows."""
    terminal = Terminal()
    options = Options(OPEN.security, block=8)
    with bench.ecu() as (_, endpoint):
        flashed = deliver(bench.good(3), endpoint, options, watcher=Console(terminal))
    assert flashed.blocks > 256
    shown = [int(part) for part in re.findall(r"transfer .*?\(#*\.* (\d+) %\)", terminal.getvalue())]
    assert len(set(shown)) > 1
    assert shown == sorted(shown)
    assert f"({flashed.blocks} blocks)" in terminal.getvalue()


@EVERY
def test_a_cut_at_a_request_heals(stride: int, bench: Bench) -> None:
    """Before the request arrives and after it was carried out: the client comes to the same end."""
    counted = Faults()
    with bench.ecu(counted) as (_, endpoint):
        deliver(bench.good(1), endpoint, OPEN)
    faults = Faults()
    with bench.ecu(faults) as (device, endpoint):
        sequence = 1
        for fault in (cut_before, cut_after):
            for position in range(0, len(counted.requests), stride):
                sequence += 1
                faults.requests.clear()
                faults.at = {position: fault}
                flashed = deliver(bench.good(sequence), endpoint, OPEN)
                assert flashed.after.sequence == sequence, (fault.__name__, position)
                assert len(faults.requests) > position, "the fault happened"
        assert bench.sequence(device) == sequence


@pytest.mark.parametrize("fault", [cut_before, cut_after])
@pytest.mark.parametrize("service", [SESSION, ROUTINE, DOWNLOAD, TRANSFER])
def test_a_link_that_always_breaks_leaves_the_model_before(fault: Fault, service: int, bench: Bench) -> None:
    faults = Faults()
    with bench.ecu(faults) as (device, endpoint):
        deliver(bench.good(1), endpoint, OPEN)
        faults.on = {service: fault}
        with pytest.raises(
            EcuUnavailableError, match="no usable connection to the ECU in 2 attempts"
        ) as caught:
            deliver(bench.good(2), endpoint, OPEN, attempts=2)
        assert caught.value.hint.endswith("; the ECU keeps a valid model, whatever was sent")
        assert bench.sequence(device) == 1


def test_an_ecu_without_a_model_is_not_said_to_keep_one(bench: Bench) -> None:
    fill_flash(HOST, b"", bench.folder)
    with bench.ecu(Faults(on={TRANSFER: cut_before})) as (_, endpoint):
        with pytest.raises(EcuUnavailableError, match="no usable connection") as caught:
            deliver(bench.good(1), endpoint, OPEN, attempts=1)
        assert caught.value.hint == "check cable and power, and try again; it had no model before"


@pytest.mark.parametrize("fault", [silent, mute])
@pytest.mark.parametrize("service", [READ, UNLOCK, TRANSFER])
def test_a_lost_request_or_answer_heals(fault: Fault, service: int, bench: Bench) -> None:
    counted = Faults()
    with bench.ecu(counted) as (_, endpoint):
        deliver(bench.good(1), endpoint, OPEN)
    at = {counted.requests.index(service, 5 if service != READ else 0): fault}
    with bench.ecu(Faults(at), seconds=0.4) as (device, endpoint):
        assert deliver(bench.good(2), endpoint, OPEN).after.sequence == 2
        assert bench.sequence(device) == 2


def test_a_lost_reset_is_asked_for_again(bench: Bench) -> None:
    counted = Faults()
    with bench.ecu(counted) as (_, endpoint):
        deliver(bench.good(1), endpoint, OPEN)
    faults = Faults({counted.requests.index(RESET): cut_before})
    with bench.ecu(faults) as (_, endpoint):
        assert deliver(bench.good(2), endpoint, OPEN).after.sequence == 2
    assert faults.requests.count(RESET) == 2


def test_more_time_is_granted(bench: Bench) -> None:
    """0x78 any number of times, each within the time for one answer, together beyond it."""
    faults = Faults(on={ROUTINE: slow(ROUTINE, 4, 0.2)})
    with bench.ecu(faults, seconds=0.5) as (_, endpoint):
        assert deliver(bench.good(1), endpoint, OPEN).after.sequence == 1


def test_a_busy_ecu_is_asked_again(bench: Bench) -> None:
    """Whatever it was asked for, the key too."""
    counted = Faults()
    with bench.ecu(counted) as (_, endpoint):
        deliver(bench.good(1), endpoint, OPEN)
    last = counted.requests.index(RESET)
    for position, service in enumerate(counted.requests):
        if position in (0, 3, 5, 7, 8, 9, 10, 11, 13, last - 2, last - 1, last, last + 1):
            faults = Faults({position + again: refuses(service, 0x21) for again in range(2)})
            with bench.ecu(faults) as (_, endpoint):
                flashed = deliver(bench.good(position + 2), endpoint, OPEN)
            assert (flashed.transfers, flashed.after.sequence) == (1, position + 2)
            assert faults.requests[position : position + 3] == [service] * 3


def test_an_ecu_that_stays_busy_after_its_restart_is_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package was accepted: that it does not answer yet is no failure."""
    monkeypatch.setattr("ecu_bundle.flashing.patience._TRIES", 2)
    counted = Faults()
    with bench.ecu(counted) as (_, endpoint):
        deliver(bench.good(1), endpoint, OPEN)
    after = counted.requests.index(RESET) + 1
    faults = Faults({position: refuses(READ, 0x21) for position in range(after, after + 8)})
    with bench.ecu(faults) as (_, endpoint):
        assert deliver(bench.good(2), endpoint, OPEN).after.sequence == 2


def test_an_ecu_that_is_busy_for_good(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecu_bundle.flashing.patience._TRIES", 2)
    with (
        bench.ecu(Faults(on={READ: refuses(READ, 0x21)})) as (_, endpoint),
        pytest.raises(EcuUnavailableError, match="the ECU stays busy"),
    ):
        deliver(bench.good(1), endpoint, OPEN)


REFUSALS: dict[str, tuple[int, int, type[BundleError], str]] = {
    "locked": (ROUTINE, 0x33, UsageError, "demands that it is unlocked first"),
    "wrong key": (UNLOCK, 0x35, UsageError, "refuses the key"),
    "too many keys": (UNLOCK, 0x36, UsageError, "too many wrong ones"),
    "delay": (UNLOCK, 0x37, UsageError, "takes no key yet"),
    "authentication": (SESSION, 0x34, UsageError, "authentication (0x29)"),
    "moving": (SESSION, 0x22, EcuUnavailableError, "conditions are not correct"),
    "other session": (ROUTINE, 0x7F, EcuUnavailableError, "not available in the ECU's present session"),
    "no such service": (DOWNLOAD, 0x11, EcuUnavailableError, "does not have this service"),
    "length": (DOWNLOAD, 0x13, EcuUnavailableError, "another length"),
    "low voltage": (ROUTINE, 0x93, EcuUnavailableError, "the voltage is too low"),
    "unknown code": (ROUTINE, 0xF5, EcuUnavailableError, "a code of its manufacturer"),
    "address": (DOWNLOAD, 0x31, VerificationError, "does not take this address or size"),
    "not accepted": (DOWNLOAD, 0x70, VerificationError, "does not accept the package"),
    "flash": (TRANSFER, 0x72, VerificationError, "could not program the package"),
    "suspended": (TRANSFER, 0x71, VerificationError, "stopped the transfer"),
    "wrong block": (TRANSFER, 0x73, EcuUnavailableError, "negative response 0x73"),
    "wrong order": (TRANSFER, 0x24, EcuUnavailableError, "negative response 0x24"),
    "reset refused": (RESET, 0x22, EcuUnavailableError, "conditions are not correct"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_negative_response_is_explained(case: str, bench: Bench) -> None:
    service, code, kind, said = REFUSALS[case]
    faults = Faults()
    with bench.ecu(faults) as (device, endpoint):
        deliver(bench.good(1), endpoint, OPEN)
        faults.on = {service: refuses(service, code)}
        with pytest.raises(kind) as caught:
            deliver(bench.good(2), endpoint, OPEN, attempts=2)
        assert said in caught.value.cause
        assert f"0x{code:02X}" in caught.value.place + caught.value.cause
        assert caught.value.hint
        assert caught.value.exit_code in (1, 2, 4)
        assert bench.sequence(device) == (2 if service == RESET else 1)


@pytest.mark.parametrize(
    "answer",
    {
        "empty": b"",
        "unknown service": b"\xc0\x01",
        "another service": b"\x50\x01\x00\x32\x01\xf4",
        "cut short": b"\x7f",
        "negative for another service": b"\x7f\x10\x22",
        "another block": b"\x76\x99",
        "long": b"\x76" * 5000,
    }.values(),
)
def test_garbage_is_no_success(answer: bytes, bench: Bench) -> None:
    faults = Faults()
    with bench.ecu(faults, seconds=0.4) as (device, endpoint):
        deliver(bench.good(1), endpoint, OPEN)
        faults.on = {TRANSFER: says(answer)}
        with pytest.raises(EcuUnavailableError):
            deliver(bench.good(2), endpoint, OPEN, attempts=1)
        assert bench.sequence(device) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    {
        "short digest": (b"\x62\xf1\xf0\x01", "1 bytes, expected 0 or 32"),
        "another identifier": (b"\x62\xf1\x80\x01", "another identifier"),
        "no such identifier": (b"\x7f\x22\x31", "does not tell its"),
    }.values(),
)
def test_a_wrong_identification_is_named(answer: bytes, said: str, bench: Bench) -> None:
    with bench.ecu(Faults({2: says(answer)})) as (_, endpoint):
        with pytest.raises(EcuUnavailableError, match=said) as caught:
            deliver(bench.good(1), endpoint, OPEN)
        assert "data identifier 0xF1F0" in caught.value.place


@pytest.mark.parametrize("size", [0, 2, 9])
def test_blocks_that_are_too_small_are_refused(size: int, bench: Bench) -> None:
    faults = Faults(on={DOWNLOAD: says(b"\x74\x20" + size.to_bytes(2, "big"))})
    with (
        bench.ecu(faults) as (_, endpoint),
        pytest.raises(EcuUnavailableError, match=f"blocks of {size - 2} bytes only"),
    ):
        deliver(bench.good(1), endpoint, OPEN)


KEYS: dict[str, tuple[str, ExitCode, str]] = {
    "none": ("", ExitCode.USAGE, "the ECU asks for a key"),
    "wrong": ("echo 1234", ExitCode.USAGE, "the ECU refuses the key"),
    "fails": ("false", ExitCode.USAGE, "the security command failed, exit code 1"),
    "prints nothing": ("true", ExitCode.USAGE, "printed 0 bytes in place of a key"),
    "missing": ("no-such-program", ExitCode.USAGE, "cannot be started"),
    "malformed": ("'", ExitCode.USAGE, "the command is malformed"),
    "blank": (" ", ExitCode.USAGE, "the command is empty"),
}


@pytest.mark.parametrize("case", KEYS)
def test_a_security_command_that_does_not_do(case: str, bench: Bench) -> None:
    command, code, said = KEYS[case]
    with bench.ecu() as (device, endpoint):
        with pytest.raises(BundleError, match=said) as caught:
            deliver(bench.good(1), endpoint, Options(SecurityHook(command)))
        assert caught.value.exit_code == code
        assert bench.sequence(device) == 0


def test_keys_are_locked_after_three_wrong_ones(bench: Bench) -> None:
    with bench.ecu() as (_, endpoint):
        for said in ("refuses the key", "refuses the key", "too many wrong ones", "takes no key yet"):
            with pytest.raises(UsageError, match=said):
                deliver(bench.good(1), endpoint, Options(SecurityHook("echo 1234")))


def test_nobody_is_there(bench: Bench) -> None:
    with pytest.raises(EcuUnavailableError, match="in 2 attempts"):
        deliver(bench.good(1), Endpoint("127.0.0.1", 9, 1), Options(SecurityHook(KEY)), attempts=2)


def test_the_address_of_the_ecu_is_found(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with bench.ecu() as (_, endpoint):
        monkeypatch.setattr("ecu_bundle.flashing.doip.UDP_DISCOVERY", endpoint.port)
        assert deliver(bench.good(1), replace(endpoint, ecu=None), OPEN).after.sequence == 1


def test_a_host_that_does_not_announce_itself(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecu_bundle.flashing.doip.UDP_DISCOVERY", 9)
    with bench.ecu() as (_, endpoint), pytest.raises(EcuUnavailableError, match="--ecu-address"):
        deliver(bench.good(1), replace(endpoint, ecu=None, seconds=0.2), OPEN)


def test_an_ecu_with_another_address_is_silent(bench: Bench) -> None:
    with bench.ecu() as (_, endpoint), pytest.raises(EcuUnavailableError) as caught:
        deliver(bench.good(1), replace(endpoint, ecu=0x0B00), OPEN)
    assert "no ECU there has the logical address 0x0b00, see --ecu-address" in caught.value.cause
    assert "valid model" not in str(caught.value)
