"""The device API with wrong arguments and refused values; engines that compute nothing stand behind."""

from __future__ import annotations

import hashlib
import itertools
import re
import struct
from collections.abc import Iterator

import numpy as np
import pytest

from ecu_bundle.image import interface_hash, read_image

from .build import RUNTIME
from .device import Device, Handle, Memory
from .models import mixed_image, mixed_interface, mixed_model, patch

STATUS = {
    name: int(number)
    for name, number in re.findall(r"(ECU_\w+) = (\d+)", (RUNTIME / "include/ecu/status.h").read_text())
}
ARENA = bytes(4096)
X = struct.pack("<3f", 1.5, -2.0, 0.25)
ORIGIN = struct.pack("<i", 2)


@pytest.fixture
def handle(device: Device) -> Iterator[Handle]:
    opened = Handle()
    memory = (Memory(mixed_image().data), Memory(ARENA))
    assert device.open(opened, *memory) == 0
    yield opened
    device.close(opened)


def _outputs() -> list[Memory | None]:
    return [Memory(bytes(4)), Memory(bytes(8))]


def test_open_refuses_wrong_arguments(device: Device) -> None:
    image, arena = Memory(mixed_image().data), Memory(ARENA)
    needed = read_image(mixed_image().data).arena_size
    table = [
        (None, image, arena, None, "ECU_NULL_ARGUMENT"),
        (Handle(), None, arena, None, "ECU_NULL_ARGUMENT"),
        (Handle(), image, None, None, "ECU_NULL_ARGUMENT"),
        (Handle(), image, arena, 0, "ECU_ARENA_TOO_SMALL"),
        (Handle(), image, arena, needed - 1, "ECU_ARENA_TOO_SMALL"),
        (Handle(), image, Memory(ARENA, shift=8), None, "ECU_ARENA_MISALIGNED"),
        (Handle(), Memory(mixed_image().data, shift=4), arena, None, "ECU_IMAGE_MISALIGNED"),
        (Handle(), Memory(b""), arena, None, "ECU_IMAGE_TRUNCATED"),
        (Handle(), Memory(b"PK\3\4" + bytes(400)), arena, None, "ECU_IMAGE_BAD_MAGIC"),
        (Handle(), image, arena, needed, "ECU_OK"),
    ]
    for opened, image_, arena_, size, status in table:
        assert device.open(opened, image_, arena_, size) == STATUS[status], status


@pytest.mark.parametrize(
    ("offset", "data", "status"),
    [
        pytest.param(4, b"\2", "ECU_IMAGE_BAD_VERSION", id="version"),
        pytest.param(6, b"\0", "ECU_IMAGE_MALFORMED", id="payload kind"),
        pytest.param(7, b"\1", "ECU_IMAGE_MALFORMED", id="reserved byte"),
        pytest.param(8, struct.pack("<I", 143), "ECU_IMAGE_MALFORMED", id="size below header"),
        pytest.param(8, b"\xff\xff\xff\xff", "ECU_IMAGE_TRUNCATED", id="size beyond the bytes"),
        pytest.param(12, bytes(4), "ECU_IMAGE_MALFORMED", id="arena size that is too small"),
        pytest.param(12, b"\xff\xff\xff\xff", "ECU_ARENA_TOO_SMALL", id="arena size that is too large"),
        pytest.param(16, b"\xff\xff\xff\xff", "ECU_IMAGE_MALFORMED", id="text offset that wraps"),
        pytest.param(20, b"\xff\xff\xff\xff", "ECU_IMAGE_MALFORMED", id="text size that wraps"),
        pytest.param(28, b"\xff\xff\xff\xff", "ECU_IMAGE_MALFORMED", id="interface size that wraps"),
        pytest.param(36, b"\xff\xff\xff\xff", "ECU_IMAGE_MALFORMED", id="payload size that wraps"),
        pytest.param(40, b"\1", "ECU_IMAGE_MALFORMED", id="reserved word"),
        pytest.param(48, b"\0\0\0\0", "ECU_IMAGE_BAD_DIGEST", id="interface hash"),
        pytest.param(112, b"\0\0", "ECU_IMAGE_MALFORMED", id="text without length"),
        pytest.param(114, b"\0", "ECU_IMAGE_MALFORMED", id="NUL inside a text"),
    ],
)
def test_open_refuses_a_wrong_image(device: Device, offset: int, data: bytes, status: str) -> None:
    image = Memory(patch(mixed_image(), offset, data).data)
    handle = Handle()
    assert device.open(handle, image, Memory(ARENA)) == STATUS[status]
    assert device.run(handle, [], []) == STATUS["ECU_NOT_OPEN"]
    assert device.info(handle) is None
    device.close(handle)


def test_open_needs_exactly_the_arena_of_the_image(device: Device) -> None:
    """Walks the arena size of the header down: at some point the tables do not fit."""
    statuses = set()
    for size in range(read_image(mixed_image().data).arena_size, 0, -16):
        image = Memory(patch(mixed_image(), 12, struct.pack("<I", size)).data)
        guarded = Memory(bytes(size) + b"\xa5" * 64)
        statuses.add(device.open(Handle(), image, guarded, size))
        assert guarded.content()[size:] == b"\xa5" * 64
    assert statuses == {STATUS["ECU_OK"], STATUS["ECU_IMAGE_MALFORMED"]}


def test_bytes_after_the_image_do_not_matter(device: Device) -> None:
    image = Memory(mixed_image().data + b"\xff" * 1000)
    assert device.open(Handle(), image, Memory(ARENA)) == 0


def test_info_says_what_the_image_says(device: Device, handle: Handle) -> None:
    info = device.info(handle)
    assert info is not None
    model = mixed_model()
    assert (info.name, info.version, info.engine) == (b"mixed", b"1.4.0", 1)
    described = [
        (t.name.decode(), t.unit.decode(), t.dtype, t.elements)
        for t in info.inputs[: info.input_count] + info.outputs[: info.output_count]
    ]
    assert described == [
        (t.name, t.unit, 1 if t.dtype == "float32" else 2, t.elements)
        for t in model.interface.inputs + model.interface.outputs
    ]
    assert bytes(info.interface_hash[:32]) == interface_hash(model.interface)
    assert bytes(info.model_digest[:32]) == hashlib.sha256(model.data).digest()
    assert bytes(info.image_digest[:32]) == mixed_image().data[-32:]
    assert info.image_size == len(mixed_image().data)
    assert info.arena_size == read_image(mixed_image().data).arena_size


def test_run_refuses_null(device: Device, handle: Handle) -> None:
    null = STATUS["ECU_NULL_ARGUMENT"]
    assert device.run(None, [Memory(X), Memory(ORIGIN)], _outputs()) == null
    assert device.run(handle, None, _outputs()) == null
    assert device.run(handle, [Memory(X), Memory(ORIGIN)], None) == null
    assert device.run(handle, [Memory(X), None], _outputs()) == null
    assert device.run(handle, [None, Memory(ORIGIN)], _outputs()) == null
    assert device.run(handle, [Memory(X), Memory(ORIGIN)], [None, Memory(bytes(8))]) == null
    assert device.run(handle, [Memory(X), Memory(ORIGIN)], [Memory(bytes(4)), None]) == null
    assert device.run(handle, [Memory(X), Memory(ORIGIN)], _outputs()) == 0


@pytest.mark.parametrize("shift", range(1, 9))
@pytest.mark.parametrize("place", range(4))
def test_run_refuses_misaligned_buffers(device: Device, handle: Handle, place: int, shift: int) -> None:
    """Kernels read and write in place, by instructions that fault on such an address."""
    content = (X, ORIGIN, bytes(4), bytes(8))
    buffers = [Memory(data, shift=shift if i == place else 0) for i, data in enumerate(content)]
    status = device.run(handle, [*buffers[:2]], [*buffers[2:]])
    assert status == STATUS["ECU_OK" if shift % 4 == 0 else "ECU_BUFFER_MISALIGNED"]
    if status:
        assert [buffer.content() for buffer in buffers] == [*content]


@pytest.mark.parametrize("code", [-(2**31), -2, -1, 0, 1, 2, 3, 6, 7, 8, 2**31 - 1])
def test_run_accepts_exactly_the_listed_categories(device: Device, handle: Handle, code: int) -> None:
    expected = "ECU_OK" if code in {-1, 2, 7} else "ECU_BAD_CATEGORY"
    assert device.run(handle, [Memory(X), Memory(struct.pack("<i", code))], _outputs()) == STATUS[expected]


@pytest.mark.parametrize("accepts_nan", [False, True])
@pytest.mark.parametrize(
    ("bits", "is_nan"),
    [
        (0x7F800000, False),
        (0xFF800000, False),
        (0x00000001, False),
        (0x80000000, False),
        (0x7F800001, True),
        (0x7FC00000, True),
        (0xFF800001, True),
        (0xFFFFFFFF, True),
    ],
)
def test_run_refuses_nan_where_there_is_no_rule(
    device: Device, bits: int, *, is_nan: bool, accepts_nan: bool
) -> None:
    opened = Handle()
    memory = (Memory(mixed_image(accepts_nan=accepts_nan).data), Memory(ARENA))
    assert device.open(opened, *memory) == 0
    expected = STATUS["ECU_NAN_REFUSED" if is_nan and not accepts_nan else "ECU_OK"]
    for position in range(3):
        words = [0, 0, 0]
        words[position] = bits
        row = Memory(np.array(words, dtype="<u4").tobytes())
        assert device.run(opened, [row, Memory(ORIGIN)], _outputs()) == expected


def test_a_closed_handle_is_safe(device: Device, handle: Handle) -> None:
    for _ in range(2):
        device.close(handle)
        assert device.run(handle, [Memory(X), Memory(ORIGIN)], _outputs()) == STATUS["ECU_NOT_OPEN"]
        assert device.info(handle) is None
        assert device.error(handle) == ""
    device.close(None)
    assert device.info(None) is None
    assert device.error(None) == ""


def test_handles_share_an_image(device: Device) -> None:
    image = Memory(mixed_image().data)
    handles, arenas = [Handle(), Handle()], [Memory(ARENA), Memory(ARENA)]
    for opened, arena in zip(handles, arenas, strict=True):
        assert device.open(opened, image, arena) == 0
    device.close(handles[0])
    assert device.run(handles[1], [Memory(X), Memory(ORIGIN)], _outputs()) == 0
    assert image.content() == mixed_image().data


def test_every_status_has_its_own_text(device: Device) -> None:
    texts = {name: device.status_text(number) for name, number in STATUS.items()}
    assert all(text.startswith(f"{name}: ") for name, text in texts.items())
    assert len(set(STATUS.values())) == len(STATUS)
    assert {device.status_text(number) for number in (-1, 9, 15, 255)} == {"unknown status"}


@pytest.mark.parametrize("piece", [1, 7, 55, 64, 65, 10_000])
def test_sha256_equals_hashlib(device: Device, piece: int) -> None:
    data = bytes(itertools.islice(itertools.cycle(range(251)), 1000))
    for size in (*range(260), 1000):
        assert device.sha256(data[:size], piece) == hashlib.sha256(data[:size]).digest()


def test_the_interface_of_the_tests_has_every_kind_of_tensor() -> None:
    """Guards the tables above against a model that lacks what they test."""
    interface = mixed_interface()
    assert {(t.dtype, bool(t.codes)) for t in interface.inputs} == {("float32", False), ("int32", True)}
    assert {t.dtype for t in interface.outputs} == {"float32", "int32"}
