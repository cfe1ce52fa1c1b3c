"""The interface section of a model image: what goes in and out, in bytes.

Ranges and descriptions are for people and stay out, so that correcting a comment does not change the
interface hash that ties a flashed image to the code that calls it.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from itertools import pairwise

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.image.cursor import Cursor
from ecu_bundle.image.layout import (
    ACCEPTS_NAN,
    DTYPES,
    MAX_CODES,
    MAX_ELEMENTS,
    MAX_TENSORS,
    MAX_TEXT,
    MODEL_KINDS,
)
from ecu_bundle.interface import Code, Interface, Tensor

_HEAD = struct.Struct("<BBHH")
_RECORD = struct.Struct("<BBIH")
_CODE = struct.Struct("<i")


def encode_text(text: str, place: str) -> bytes:
    """Length with the final NUL as u16, then UTF-8 and the NUL.

    Raises:
        UnsupportedModelError: the text holds NUL, is not encodable or is too long.
    """
    try:
        data = text.encode("utf-8") + b"\0"
    except UnicodeEncodeError as error:
        raise _refuse("a text is not valid Unicode", place) from error
    if b"\0" in data[:-1]:
        raise _refuse("a text holds a NUL character", place)
    if len(data) > MAX_TEXT:
        raise _refuse(f"a text has {len(data)} bytes, at most {MAX_TEXT} are possible", place)
    return struct.pack("<H", len(data)) + data


def encode_interface(interface: Interface) -> bytes:
    """The interface section; codes in ascending order of their values.

    Raises:
        UnsupportedModelError: the interface breaks a limit of the format.
    """
    _check_limits(interface)
    head = _HEAD.pack(MODEL_KINDS[interface.kind], 0, len(interface.inputs), len(interface.outputs))
    inputs = [
        _encode_tensor(t, f"input {i} {t.name!r}", is_input=True) for i, t in enumerate(interface.inputs)
    ]
    outputs = [
        _encode_tensor(t, f"output {i} {t.name!r}", is_input=False) for i, t in enumerate(interface.outputs)
    ]
    return head + b"".join(inputs + outputs)


def interface_hash(interface: Interface) -> bytes:
    """SHA-256 of the interface section, 32 bytes."""
    return hashlib.sha256(encode_interface(interface)).digest()


def decode_interface(data: bytes, offset: int = 0) -> Interface:
    """The interface of a section; ranges are open and descriptions empty.

    Args:
        data: the section, exactly.
        offset: where the section starts in its image, for error texts.

    Raises:
        UnsupportedModelError: the bytes break the format; the place is the byte offset.
    """
    cursor = Cursor(data, offset)
    kind_number, reserved, input_count, output_count = cursor.unpack(_HEAD)
    kinds = [kind for kind, number in MODEL_KINDS.items() if number == kind_number]
    counts_fit = 0 < input_count <= MAX_TENSORS and 0 < output_count <= MAX_TENSORS
    if not kinds or reserved != 0 or not counts_fit:
        raise cursor.malformed("the head of the interface is wrong")
    tensors = [_decode_tensor(cursor, is_input=i < input_count) for i in range(input_count + output_count)]
    if sum(tensor.elements for tensor in tensors) > MAX_ELEMENTS:
        raise cursor.malformed("the tensors have too many elements")
    cursor.expect_end()
    return Interface(kinds[0], tuple(tensors[:input_count]), tuple(tensors[input_count:]))


def _refuse(cause: str, place: str) -> UnsupportedModelError:
    return UnsupportedModelError("image", cause, place=place, hint="limits: docs/model_image.md")


def _check_limits(interface: Interface) -> None:
    for tensors, word in ((interface.inputs, "inputs"), (interface.outputs, "outputs")):
        if not 0 < len(tensors) <= MAX_TENSORS:
            raise _refuse(f"{len(tensors)} {word}, an image has 1 to {MAX_TENSORS}", "interface")
        names = [tensor.name for tensor in tensors]
        if len(set(names)) != len(names):
            raise _refuse(f"two {word} have the same name", "interface")
    if sum(tensor.elements for tensor in interface.inputs + interface.outputs) > MAX_ELEMENTS:
        raise _refuse(f"more than {MAX_ELEMENTS} values in one row", "interface")


def _encode_tensor(tensor: Tensor, place: str, *, is_input: bool) -> bytes:
    codes = sorted(tensor.codes, key=lambda code: code.value)
    error = _tensor_error(tensor, codes, is_input=is_input)
    if error:
        raise _refuse(error, place)
    flags = ACCEPTS_NAN if tensor.accepts_nan else 0
    return b"".join(
        (
            _RECORD.pack(DTYPES[tensor.dtype], flags, tensor.elements, len(codes)),
            encode_text(tensor.name, place),
            encode_text(tensor.unit, place),
            *(_CODE.pack(code.value) for code in codes),
            *(encode_text(code.name, place) for code in codes),
        )
    )


def _decode_tensor(cursor: Cursor, *, is_input: bool) -> Tensor:
    dtype_number, flags, elements, code_count = cursor.unpack(_RECORD)
    dtypes = [dtype for dtype, number in DTYPES.items() if number == dtype_number]
    if not dtypes or flags & ~ACCEPTS_NAN:
        raise cursor.malformed("an unknown element type or flag")
    name, unit = cursor.text(), cursor.text()
    values = [int(cursor.unpack(_CODE)[0]) for _ in range(code_count)]
    codes = tuple(Code(value, cursor.text()) for value in values)
    tensor = Tensor(
        name, dtypes[0], elements=elements, unit=unit, codes=codes, accepts_nan=bool(flags & ACCEPTS_NAN)
    )
    error = _tensor_error(tensor, codes, is_input=is_input)
    if error:
        raise cursor.malformed(error)
    return tensor


def _tensor_error(tensor: Tensor, codes: Sequence[Code], *, is_input: bool) -> str:
    """What the format does not allow about a tensor; empty when all is right."""
    values = [code.value for code in codes]
    is_float = tensor.dtype == "float32"
    rules = {
        "a tensor needs 1 to 2**24 elements": not 0 < tensor.elements <= MAX_ELEMENTS,
        f"more than {MAX_CODES} codes": len(codes) > MAX_CODES,
        "code values are not ascending and different": any(a >= b for a, b in pairwise(values)),
        "a code value is beyond int32": any(not -(2**31) <= value < 2**31 for value in values),
        "a float32 tensor has codes": is_float and bool(codes),
        "an int32 input has no codes": is_input and not is_float and not codes,
        "only a float32 input can accept NaN": tensor.accepts_nan and not (is_input and is_float),
    }
    return next((text for text, broken in rules.items() if broken), "")
