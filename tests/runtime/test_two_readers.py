"""The reader on the device and the one in Python accept and refuse the same images."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ecu_bundle.artifacts import ModelImage
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.image import compile_image, read_image
from ecu_bundle.interface import Code, Tensor

from .device import Device, Handle, Memory
from .models import mixed_image, mixed_interface, mixed_model, seal

ARENA = bytes(4096)
OK, MALFORMED = 0, 20
INTERFACE = struct.Struct("<II")
INTERFACE_FIELD, INTERFACE_HASH, PAYLOAD_FIELD = 24, 48, 32


def _forge(image: ModelImage, offset: int, data: bytes) -> bytes:
    """The image with other bytes, and an interface hash and a digest that fit them."""
    content = bytearray(image.data[:-32])
    content[offset : offset + len(data)] = data
    start, size = INTERFACE.unpack_from(image.data, INTERFACE_FIELD)
    content[INTERFACE_HASH : INTERFACE_HASH + 32] = hashlib.sha256(content[start : start + size]).digest()
    return seal(bytes(content))


def _python_accepts(data: bytes) -> bool:
    try:
        read_image(data)
    except UnsupportedModelError as error:
        return "UTF-8" in error.cause  # which a device does not check
    return True


def _device_accepts(device: Device, data: bytes) -> bool:
    status = device.open(Handle(), Memory(data), Memory(ARENA))
    assert status in {OK, MALFORMED}, status
    return status == OK


def _forged() -> Iterator[bytes]:
    """Every byte of texts, interface and gap with one bit changed, or all, or set to zero."""
    image = compile_image(replace(mixed_model(), name="mixed_model"), engine="ort", version="1.4.0")
    payload = int.from_bytes(image.data[PAYLOAD_FIELD : PAYLOAD_FIELD + 4], "little")
    start, size = INTERFACE.unpack_from(image.data, INTERFACE_FIELD)
    assert start + size < payload, "the image has no gap"
    for offset in range(112, payload):
        old = image.data[offset]
        for value in {0, old ^ 0xFF} | {old ^ (1 << bit) for bit in range(8)}:
            yield _forge(image, offset, bytes([value]))


def test_both_agree_on_every_changed_byte(device: Device) -> None:
    accepted = refused = 0
    for data in _forged():
        expected = _python_accepts(data)
        assert _device_accepts(device, data) == expected, data.hex(" ")
        accepted += expected
        refused += not expected
    assert accepted > 500
    assert refused > 500


@pytest.mark.parametrize(
    ("elements", "accepted"),
    [(0, False), (1, True), (2**24 - 4, True), (2**24 - 3, False), (2**32 - 1, False)],
)
def test_both_agree_on_the_number_of_elements(device: Device, elements: int, *, accepted: bool) -> None:
    """Of the first input; the other tensors of the row have four."""
    start, _ = INTERFACE.unpack_from(mixed_image().data, INTERFACE_FIELD)
    data = _forge(mixed_image(), start + 6 + 2, struct.pack("<I", elements))
    assert _python_accepts(data) == accepted
    assert _device_accepts(device, data) == accepted


def test_both_agree_on_the_order_of_codes(device: Device) -> None:
    interface = mixed_interface()
    codes = (Code(1, "a"), Code(2, "b"))
    x, _ = interface.inputs
    model = replace(
        mixed_model(), interface=replace(interface, inputs=(x, Tensor("origin", "int32", codes=codes)))
    )
    image = compile_image(model, engine="ort")
    at = image.data.index(struct.pack("<ii", 1, 2), 112)
    for pair, accepted in (
        ((1, 3), True),
        ((1, 1), False),
        ((2, 1), False),
        ((-1, 1), True),
        ((1, -1), False),
    ):
        data = _forge(image, at, struct.pack("<ii", *pair))
        assert _python_accepts(data) == accepted
        assert _device_accepts(device, data) == accepted


@pytest.mark.parametrize("extra", [b"\0", bytes(16)])
def test_both_refuse_bytes_left_over_in_a_section(device: Device, extra: bytes) -> None:
    """One byte more in the interface section; the payload moves by a whole step or not at all."""
    image = mixed_image()
    start, size = INTERFACE.unpack_from(image.data, INTERFACE_FIELD)
    old_payload = int.from_bytes(image.data[PAYLOAD_FIELD : PAYLOAD_FIELD + 4], "little")
    new_end = start + size + len(extra)
    new_payload = (new_end + 15) // 16 * 16
    content = bytearray(image.data[: start + size] + extra + bytes(new_payload - new_end))
    content += image.data[old_payload:-32]
    struct.pack_into("<I", content, 8, len(content) + 32)
    struct.pack_into("<I", content, INTERFACE_FIELD + 4, size + len(extra))
    struct.pack_into("<I", content, PAYLOAD_FIELD, new_payload)
    content[INTERFACE_HASH : INTERFACE_HASH + 32] = hashlib.sha256(content[start:new_end]).digest()
    data = seal(bytes(content))
    assert not _python_accepts(data)
    assert not _device_accepts(device, data)
