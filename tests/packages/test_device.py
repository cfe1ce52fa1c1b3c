"""Which device takes which package: the checks of the page and their order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecu_bundle.packaging.device import Device, Engine, check_device
from ecu_bundle.packaging.facts import encode_facts
from ecu_bundle.packaging.keys import KeyKind
from ecu_bundle.packaging.layout import class_id, vendor_id
from ecu_bundle.packaging.reader import read_package
from ecu_bundle.packaging.refusals import PackageError, Status
from ecu_bundle.packaging.signing import sign_envelope
from ecu_bundle.packaging.suit import make_envelope
from ecu_bundle.packaging.template import read_header
from packages.device import Reader, facts_device, key_record
from packages.examples import CLASS, ED25519, VENDOR, key_package, model_package

MODEL, KEYS = read_header(model_package()), read_header(key_package())
ENGINE = Engine(
    kind=2,
    image_format=1,
    program_format=1,
    interface_hash=MODEL.device.interface_hash if MODEL.device else b"",
    kernels=(1, 44),
    arena=656,
    stack=480,
)
KINDS: tuple[KeyKind, ...] = ("ed25519",)
DEVICE = Device(VENDOR, CLASS, hardware=0x1001, counter=7, slot_size=336 + 1024, engine=ENGINE)

REFUSALS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "WRONG_VENDOR": ({"vendor": "other.example"}, {}),
    "WRONG_CLASS": ({"device_class": "steering"}, {}),
    "WRONG_HARDWARE": ({"hardware": 0x1002}, {}),
    "ROLLBACK": ({"counter": 8}, {}),
    "WRONG_FORMAT": ({}, {"kind": 1}),
    "WRONG_INTERFACE": ({}, {"interface_hash": bytes(32)}),
    "KERNEL_MISSING": ({}, {"kernels": (1, 43)}),
    "ARENA_TOO_SMALL": ({}, {"arena": 655}),
    "STACK_TOO_SMALL": ({}, {"stack": 479}),
    "TOO_LARGE": ({"slot_size": 336 + 1023}, {}),
}
"""Changes of device and engine, in the order of the checks."""


def changed(names: list[str]) -> Device:
    device: dict[str, Any] = {}
    engine: dict[str, Any] = {}
    for name in names:
        device |= REFUSALS[name][0]
        engine |= REFUSALS[name][1]
    return replace(DEVICE, **device, engine=replace(ENGINE, **engine))


def test_the_device_that_a_package_is_for() -> None:
    check_device(MODEL, DEVICE)
    known = replace(DEVICE, counter=6, engine=replace(ENGINE, signatures=KINDS))
    assert known.unknown_for(MODEL) == ()


@pytest.mark.parametrize("position", range(len(REFUSALS)))
def test_the_first_thing_that_does_not_fit_is_named(position: int) -> None:
    """Everything after it is wrong too."""
    names = list(REFUSALS)[position:]
    for wrong in (names, names[:1]):
        with pytest.raises(PackageError) as caught:
            check_device(MODEL, changed(wrong))
        assert caught.value.status == Status[f"ECU_PACKAGE_{names[0]}"]


DEVICE_CHANGES: dict[str, dict[str, Any]] = {
    "WRONG_VENDOR": {"vendor": bytes(16)},
    "WRONG_CLASS": {"device_class": bytes(16)},
    "WRONG_HARDWARE": {"hardware_id": 0x1002},
    "WRONG_FORMAT": {"engine": 1},
    "WRONG_INTERFACE": {"interface_hash": bytes(31) + b"\1"},
    "KERNEL_MISSING": {"kernels": b"\2\0\0\0\0\x08", "kernels_size": 6},
    "ARENA_TOO_SMALL": {"arena_size": 655},
    "STACK_TOO_SMALL": {"stack_size": 479},
}
"""The same for the device's own code, but for counter and slot, which its installer knows."""


@pytest.mark.parametrize("position", range(len(DEVICE_CHANGES)))
def test_the_device_has_the_same_order(reader: Reader, position: int) -> None:
    assert MODEL.device is not None
    names = list(DEVICE_CHANGES)[position:]
    assert names == [name for name in list(REFUSALS) if name in names]
    for wrong in (names, names[:1], []):
        changes: dict[str, Any] = {
            "vendor": MODEL.manifest.vendor,
            "device_class": MODEL.manifest.device_class,
        }
        for name in wrong:
            changes |= DEVICE_CHANGES[name]
        device = facts_device(MODEL.device, **changes)
        found = reader.check(model_package(), [key_record(ED25519.public)], device)
        assert found == (Status[f"ECU_PACKAGE_{names[0]}"] if wrong else 0)


def test_kernels_are_named() -> None:
    with pytest.raises(PackageError, match="neg_f32"):
        check_device(MODEL, changed(["KERNEL_MISSING"]))


def test_nothing_known_is_nothing_checked() -> None:
    check_device(MODEL, Device())
    assert len(Device().unknown_for(MODEL)) == 7
    assert Device().unknown_for(KEYS) == (
        "kinds of keys that the device can check",
        "vendor",
        "class",
        "counter",
    )
    assert "class" in Device(device_class=CLASS).unknown_for(MODEL)  # its id is made of the vendor's too
    check_device(MODEL, replace(DEVICE, engine=replace(ENGINE, kernels=None, arena=None, stack=None)))


@pytest.mark.parametrize(("runs", "said"), [(b"", ""), (bytes([1] * 32), ""), (bytes(32), "OTHER_CONTENT")])
def test_the_sequence_that_the_device_is_at(runs: bytes, said: str) -> None:
    """It is taken only with what runs there; whether it is that is told unless the image is another one."""
    read = read_package(model_package())
    facts = encode_facts(MODEL.device, replace(read.information, image_digest=bytes([1] * 32)))
    ids = {"vendor": vendor_id(VENDOR), "device_class": class_id(VENDOR, CLASS)}
    envelope = make_envelope("model", sequence=7, facts=facts, payload=read.payload, **ids)
    header = read_header(sign_envelope(envelope, ED25519).encode())
    engine = replace(ENGINE, image_digest=runs)
    device = replace(DEVICE, engine=engine)
    assert "sequence 7 too" in " ".join(device.unknown_for(header))
    if not said:
        check_device(header, device)
        return
    for wrong in (device, replace(device, engine=replace(engine, interface_hash=bytes(32)))):
        with pytest.raises(PackageError) as caught:
            check_device(header, wrong)
        assert caught.value.status == Status[f"ECU_PACKAGE_{said}"]
    check_device(header, replace(device, counter=6))


def test_keys_need_no_engine() -> None:
    other = changed(["WRONG_FORMAT", "WRONG_INTERFACE", "TOO_LARGE", "WRONG_HARDWARE"])
    check_device(KEYS, replace(other, counter=300))
    with pytest.raises(PackageError) as caught:
        check_device(KEYS, replace(other, counter=301))
    assert caught.value.status == Status.ECU_PACKAGE_ROLLBACK
