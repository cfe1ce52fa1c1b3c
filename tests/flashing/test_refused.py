"""Packages that the update code refuses, and what the client says; power that fails at every request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from examples.update.doip_server import ECU
from examples.update.packages import foreign, renewed, spoiled
from examples.update.uds_server import CutError
from sklearn.linear_model import LogisticRegression

from cli.program import succeed
from ecu_bundle.errors import EcuUnavailableError, VerificationError
from ecu_bundle.flashing.delivery import Delivery, deliver
from ecu_bundle.packaging.facts import DeviceFacts, encode_facts
from ecu_bundle.packaging.key_files import generate
from ecu_bundle.packaging.key_set import TrustedKey
from ecu_bundle.packaging.layout import class_id, vendor_id
from ecu_bundle.packaging.packing import pack_keys
from ecu_bundle.packaging.reader import read_package
from ecu_bundle.packaging.signing import sign_envelope
from ecu_bundle.packaging.suit import make_envelope
from packages.examples import ED25519, P256

from .bench import WORDS, Bench
from .faults import EVERY, KEY, OPEN, Faults

RUNNING = 7


def made(
    bench: Bench, sequence: int = 9, *, vendor: str = "", group: str = "", surplus: int = 0, **facts: object
) -> bytes:
    """The good package with another addressee, other facts, or bytes more in its payload; signed well."""
    read = read_package(bench.factory.package.read_bytes())
    assert read.header.device is not None
    device: DeviceFacts = replace(read.header.device, **facts)  # type: ignore[arg-type]
    vendor, group = vendor or read.information.vendor, group or read.information.device_class
    information = replace(read.information, vendor=vendor, device_class=group)
    envelope = make_envelope(
        "model",
        sequence=sequence,
        vendor=vendor_id(vendor),
        device_class=class_id(vendor, group),
        facts=encode_facts(device, information),
        payload=read.payload + bytes(surplus),
    )
    return sign_envelope(envelope, ED25519).encode()


def changed(data: bytes, offset: int) -> bytes:
    """One bit of it is another."""
    damaged = bytearray(data)
    damaged[offset] ^= 1
    return bytes(damaged)


def narrow(bench: Bench) -> bytes:
    estimator = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    return foreign(estimator, bench.factory.package, 9, ED25519)


REFUSED: dict[str, tuple[Callable[[Bench], bytes], str]] = {
    "no package": (lambda _: b"hello" * 100, "BAD_MAGIC"),
    "cut short": (lambda b: b.good(9).data[:-1], "TRUNCATED"),
    "too long": (lambda b: b.good(9).data + b"\0", "TOO_LONG"),
    "damaged manifest": (lambda b: changed(b.good(9).data, 300), "MALFORMED"),
    "damaged facts": (lambda b: changed(b.good(9).data, 450), "BAD_DIGEST"),
    "damaged image": (lambda b: changed(b.good(9).data, 1500), "BAD_PAYLOAD"),
    "damaged end": (lambda b: changed(b.good(9).data, -1), "BAD_PAYLOAD"),
    "stranger's key": (lambda b: renewed(b.factory.package, 9, generate("ed25519")), "UNKNOWN_KEY"),
    "another kind of key": (lambda b: renewed(b.factory.package, 9, P256), "UNKNOWN_KEY"),
    "forged signature": (lambda b: changed(b.good(9).data, 100), "BAD_SIGNATURE"),
    "another vendor": (lambda b: made(b, vendor="other.example"), "WRONG_VENDOR"),
    "another class": (lambda b: made(b, group="brake"), "WRONG_CLASS"),
    "other hardware": (lambda b: made(b, hardware=(5, 6)), "WRONG_HARDWARE"),
    "rollback": (lambda b: b.good(RUNNING - 1).data, "ROLLBACK"),
    "the same number again": (lambda b: made(b, RUNNING, surplus=16), "OTHER_CONTENT"),
    "another format": (lambda b: made(b, image_format=9), "WRONG_FORMAT"),
    "another engine": (lambda b: made(b, kind=1, program_format=0, kernels=()), "WRONG_FORMAT"),
    "another interface": (narrow, "WRONG_INTERFACE"),
    "a kernel too many": (lambda b: made(b, kernels=(44, 120)), "KERNEL_MISSING"),
    "a large arena": (lambda b: made(b, arena=1 << 20), "ARENA_TOO_SMALL"),
    "a large stack": (lambda b: made(b, stack=1 << 20), "STACK_TOO_SMALL"),
    "too large for a slot": (lambda b: made(b, surplus=1 << 17), "TOO_LARGE"),
    "fails its self-test": (lambda b: spoiled(b.factory.package, 9, ED25519), "SELF_TEST_FAILED"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_package_changes_nothing(case: str, bench: Bench) -> None:
    """The ECU says why by name, runs what it ran before, and takes the next good package."""
    make, status = REFUSED[case]
    with bench.ecu() as (device, endpoint):
        deliver(bench.good(RUNNING), endpoint, OPEN)
        with pytest.raises(VerificationError) as caught:
            deliver(Delivery(make(bench), "bad", 9, "00"), endpoint, OPEN)
        assert f"_{status}" in caught.value.cause
        assert bench.sequence(device) == RUNNING
        assert deliver(bench.good(10), endpoint, OPEN).after.sequence == 10


@EVERY
def test_power_fails_at_a_request(stride: int, bench: Bench) -> None:
    """After each kill of the program the ECU has the model before or the new one, and takes the next."""
    faults = Faults()
    with bench.ecu(faults) as (device, endpoint):

        def power_off(_: Iterator[bytes]) -> Iterator[bytes]:
            device.power_down()
            raise CutError
            yield b""

        def power_off_after(answers: Iterator[bytes]) -> Iterator[bytes]:
            yield next(answers)
            yield from power_off(answers)

        deliver(bench.good(1), endpoint, OPEN)
        count = faults.requests.index(0x11) + 1
        sequence = 1
        for fault in (power_off, power_off_after):
            for position in range(0, count, stride):
                faults.requests.clear()
                faults.at = {position: fault}
                with pytest.raises(EcuUnavailableError):
                    deliver(bench.good(sequence + 1), endpoint, OPEN, attempts=1, boot_seconds=0.2)
                faults.at = {}
                assert bench.sequence(device) in (sequence, sequence + 1), (fault.__name__, position)
                sequence += 1
                assert deliver(bench.good(sequence), endpoint, OPEN).after.sequence == sequence


def test_new_keys_take_the_place_of_the_old_ones(bench: Bench) -> None:
    new = generate("ed25519")
    envelope = pack_keys([TrustedKey(new.public)], replace(WORDS, sequence=8))
    keys = bench.folder / "keys.suit"
    keys.write_bytes(sign_envelope(envelope, ED25519).encode())
    with bench.ecu() as (device, endpoint):
        words = ["--doip", str(endpoint), "--ecu-address", hex(ECU), "--security-command", KEY]
        outcome = succeed("flash", keys, *words)
        assert "sequence 8: the ECU trusts its keys now" in outcome.stdout
        with pytest.raises(VerificationError, match="ECU_PACKAGE_UNKNOWN_KEY"):
            deliver(bench.good(9), endpoint, OPEN)
        renamed = replace(bench.good(9), data=renewed(bench.factory.package, 9, new))
        assert deliver(renamed, endpoint, OPEN).after.sequence == 9
        assert bench.sequence(device) == 9
