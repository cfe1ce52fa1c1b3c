"""Opening and running images through the device API."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from runtime.device import OK, Device, Handle, Memory

from .cases import Array, Case

ARENA_SIZE = struct.Struct("<12xI")


def open_image(device: Device, image: bytes) -> tuple[int, Handle, Memory, Memory]:
    """Status, handle, and the memory that must outlive it."""
    block = Memory(image)
    arena = Memory(bytes(ARENA_SIZE.unpack_from(image)[0]))
    handle = Handle()
    return device.open(handle, block, arena), handle, block, arena


def run_row(device: Device, handle: Handle, inputs: Sequence[Array]) -> list[bytes]:
    """The bytes of each output for one row."""
    info = device.info(handle)
    assert info is not None
    outputs = [Memory(bytes(4 * info.outputs[index].elements)) for index in range(info.output_count)]
    assert device.run(handle, [Memory(array.tobytes()) for array in inputs], list(outputs)) == OK
    return [output.content() for output in outputs]


def run_case(device: Device, case: Case) -> list[Array]:
    """The outputs of a case in the dtype of what is expected."""
    status, handle, *memory = open_image(device, case.image)
    assert status == OK, f"{case.name}: {device.status_text(status)}"
    results = run_row(device, handle, case.inputs)
    del memory
    return [
        np.frombuffer(data, expected.dtype) for data, expected in zip(results, case.expected, strict=True)
    ]
