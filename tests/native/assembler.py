"""Writes small native programs by hand, apart from the lowering; the contract is docs/native_engine.md."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.image.interface_codec import encode_interface, encode_text
from ecu_bundle.image.layout import FORMAT_VERSION, HEADER, MAGIC, aligned
from ecu_bundle.interface import Interface, Tensor
from runtime.build import RUNTIME

CONSTANTS, INPUT, OUTPUT = 1 << 30, 2 << 30, 3 << 30
MISSING = 0xFFFFFFFF
PROGRAM_HEADER = struct.Struct("<4sHHIIIIII")
_TABLE = (RUNTIME / "src/native/kernel_table.cpp").read_text()
TREES = range(108, 132)
"""Numbers of the kernels of trees, which have tests of their own."""
KERNELS = {name: int(number) for number, name in re.findall(r"KERNEL\((\d+), (\w+)\)", _TABLE)}


def views(*strides: Sequence[int]) -> list[int]:
    """The words of views, one after the other."""
    return [stride for view in strides for stride in view]


class Assembler:
    """Collects operations, constants and workspace of one program.

    Args:
        inputs, outputs: tensors of the interface.
    """

    def __init__(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        self.interface = Interface("other", tuple(inputs), tuple(outputs))
        self.workspace = 0
        self._records: list[bytes] = []
        self._constants = b""

    def constant(self, array: NDArray[Any]) -> int:
        """Appends an array of 4 or 8-byte elements; returns its reference."""
        offset = len(self._constants) + (-len(self._constants) % 8)
        self._constants = self._constants.ljust(offset, b"\0")
        self._constants += array.astype(array.dtype.newbyteorder("<")).tobytes()
        return CONSTANTS | offset

    @property
    def constants_size(self) -> int:
        """Bytes of all constants so far."""
        return len(self._constants)

    def buffer(self, size: int) -> int:
        """Reserves bytes of workspace; returns their reference."""
        self.workspace += aligned(size)
        return self.workspace - aligned(size)

    def add(self, kernel: str | int, *words: int, length: int | None = None) -> None:
        """Appends a record; `length` in words, when it shall be wrong."""
        number = KERNELS[kernel] if isinstance(kernel, str) else kernel
        head = number | ((len(words) + 1 if length is None else length) << 16)
        self._records.append(struct.pack(f"<{len(words) + 1}I", head, *words))

    def payload(self) -> bytes:
        """The program."""
        operations = b"".join(self._records)
        start = aligned(PROGRAM_HEADER.size + len(operations))
        header = PROGRAM_HEADER.pack(
            *(b"ECUP", 1, len(self._records), self.workspace, PROGRAM_HEADER.size, len(operations), start),
            *(len(self._constants), 0),
        )
        return (header + operations).ljust(start, b"\0") + self._constants

    def image(self) -> bytes:
        """The model image of the program."""
        return image_of(self.payload(), self.interface, self.workspace)


def image_of(payload: bytes, interface: Interface, workspace: int) -> bytes:
    """A native model image that states the arena of this workspace."""
    texts = encode_text("program", "name") + encode_text("", "version")
    section = encode_interface(interface)
    end = HEADER.size + len(texts) + len(section)
    tensors = len(interface.inputs) + len(interface.outputs)
    arena = 512 + aligned(24 * tensors) + aligned(24 * len(interface.inputs)) + 64 + workspace
    header = HEADER.pack(
        *(MAGIC, FORMAT_VERSION, 2, 0, aligned(end) + len(payload) + 32, arena),
        *(HEADER.size, len(texts), HEADER.size + len(texts), len(section), aligned(end), len(payload), 0, 0),
        *(hashlib.sha256(section).digest(), bytes(32)),
    )
    content = (header + texts + section).ljust(aligned(end), b"\0") + payload
    return content + hashlib.sha256(content).digest()


def float_input(name: str, elements: int) -> Tensor:
    return Tensor(name, "float32", elements=elements, accepts_nan=True)


def float_output(name: str, elements: int) -> Tensor:
    return Tensor(name, "float32", elements=elements)


def output_tensor(name: str, dtype: np.dtype[Any], elements: int) -> Tensor:
    """An output that holds the elements; 8-byte ones as pairs of int32, so that no NaN is rewritten."""
    if dtype.itemsize == 8:
        return Tensor(name, "int32", elements=2 * elements)
    return Tensor(name, "float32" if dtype == np.float32 else "int32", elements=elements)
