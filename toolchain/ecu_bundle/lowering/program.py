"""Program: what the native engine runs, and its bytes. ``docs/native_engine.md`` is normative."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.lowering.kernels import KERNELS_BY_NUMBER, Kernel

MAGIC: Final = b"ECUP"
PROGRAM_VERSION: Final = 1
ALIGNMENT: Final = 16
MISSING: Final = 0xFFFFFFFF
"""Reference of an optional operand that is not there."""

_HEADER: Final = struct.Struct("<4sHHIIIIII")
_MAX_PLACE = 2**30 - 1
_MAX_WORDS = 2**16 - 1
_MAX_OPERATIONS = 2**16 - 1


class Space(IntEnum):
    """Where an operand lives: the two highest bits of a reference."""

    WORKSPACE = 0
    CONSTANTS = 1
    INPUT = 2
    OUTPUT = 3


@dataclass(frozen=True, slots=True)
class Reference:
    """Start of an operand.

    Attributes:
        space: where it is.
        place: byte offset in the workspace or the constants; number of an input or output.
    """

    space: Space
    place: int

    @property
    def word(self) -> int:
        return self.space << 30 | self.place

    @classmethod
    def of(cls, word: int) -> Reference:
        return cls(Space(word >> 30), word & _MAX_PLACE)


@dataclass(frozen=True, slots=True)
class Operation:
    """One record: a kernel and its words, references as numbers."""

    kernel: Kernel
    words: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """What is computed for one row.

    Attributes:
        operations: in order; each runs once.
        constants: bytes, from a multiple of 16 of the payload.
        workspace: bytes of working memory, a multiple of 16.
        no_nan: no output ever holds a NaN.
    """

    operations: tuple[Operation, ...]
    constants: bytes
    workspace: int
    no_nan: bool = False

    @property
    def kernels(self) -> tuple[str, ...]:
        """Names of the kernels that are needed, in order of their numbers."""
        used = {operation.kernel.number for operation in self.operations}
        return tuple(KERNELS_BY_NUMBER[number].name for number in sorted(used))


def encode_program(program: Program) -> bytes:
    """The payload of a model image.

    Raises:
        UnsupportedModelError: the program is beyond a limit of the format.
    """
    _check_limits(program)
    records = b"".join(_record(operation) for operation in program.operations)
    constants = _HEADER.size + len(records) + -len(records) % ALIGNMENT
    header = _HEADER.pack(
        *(MAGIC, PROGRAM_VERSION, len(program.operations), program.workspace),
        *(_HEADER.size, len(records), constants, len(program.constants), program.no_nan),
    )
    return header + records + bytes(-len(records) % ALIGNMENT) + program.constants


def decode_program(payload: bytes) -> Program:
    """The program of a payload; sizes are checked, operands are not.

    Raises:
        UnsupportedModelError: the bytes break the format; the place is the byte offset in the payload.
    """
    if len(payload) < _HEADER.size:
        raise _malformed(f"a program of {len(payload)} bytes", 0)
    magic, version, count, workspace, start, size, constants, constants_size, flags = _HEADER.unpack_from(
        payload
    )
    end = start + size
    sound = (
        magic == MAGIC
        and version == PROGRAM_VERSION
        and count > 0
        and workspace % ALIGNMENT == 0
        and start == _HEADER.size
        and flags in (0, 1)
        and size % 4 == constants_size % 4 == 0
        and constants == end + -end % ALIGNMENT
        and constants + constants_size == len(payload)
        and not any(payload[end:constants])
    )
    if not sound:
        raise _malformed("the header of the program is wrong", 0)
    operations = tuple(_records(payload[start:end], start))
    if len(operations) != count:
        raise _malformed(f"{len(operations)} operations, {count} are announced", 6)
    return Program(operations, payload[constants:], workspace, bool(flags))


def _check_limits(program: Program) -> None:
    longest = max((len(operation.words) for operation in program.operations), default=0) + 1
    limits = (
        ("operations", len(program.operations), _MAX_OPERATIONS),
        ("words of an operation", longest, _MAX_WORDS),
        ("bytes of workspace", program.workspace, _MAX_PLACE),
        ("bytes of constants", len(program.constants), _MAX_PLACE),
    )
    for name, value, limit in limits:
        if value > limit:
            raise UnsupportedModelError(
                "lower",
                f"the program would have {value} {name}, at most {limit} are possible",
                place="native program",
                hint='use engine="ort", or a smaller model',
            )


def _record(operation: Operation) -> bytes:
    head = operation.kernel.number | (len(operation.words) + 1) << 16
    return struct.pack(f"<{len(operation.words) + 1}I", head, *operation.words)


def _records(data: bytes, offset: int) -> Iterator[Operation]:
    words = struct.unpack(f"<{len(data) // 4}I", data)
    at = 0
    while at < len(words):
        number, length = words[at] & 0xFFFF, words[at] >> 16
        if number not in KERNELS_BY_NUMBER or not 0 < length <= len(words) - at:
            raise _malformed(f"operation {number} of {length} words", offset + 4 * at)
        yield Operation(KERNELS_BY_NUMBER[number], words[at + 1 : at + length])
        at += length


def _malformed(cause: str, offset: int) -> UnsupportedModelError:
    return UnsupportedModelError(
        "image",
        f"the native program is malformed: {cause}",
        place=f"byte offset {offset} of the payload",
        hint="make the image again; format in docs/native_engine.md",
    )
