"""The payload of a model package: the model image, then the golden vectors that the device tests it with."""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import dataclass

import numpy as np

from ecu_bundle.artifacts import GoldenVectors
from ecu_bundle.errors import UsageError
from ecu_bundle.image.layout import aligned
from ecu_bundle.interface import Array, Interface, Rows
from ecu_bundle.packaging.layout import DIGEST_SIZE
from ecu_bundle.packaging.refusals import PackageError, Status

VERSION = 1
MAX_ROWS = 65535
_MAGIC = b"ECUG"
_HEADER = struct.Struct("<4sHHIIIHH")
"""Magic, version, rows, size with digest, bytes of an input row and of an output row, float outputs,
reserved."""
_TOLERANCE = struct.Struct("<ff")
_WORD = 4

LEAST_GOLDEN = _HEADER.size + 2 * _WORD + DIGEST_SIZE
"""Bytes of the smallest golden vectors: one row of one int32 input and output."""


@dataclass(frozen=True, slots=True)
class ModelPayload:
    """A payload in its two parts.

    Attributes:
        image: the model image alone.
        golden: the golden vectors, which start at a multiple of 16.
    """

    image: bytes
    golden: bytes

    def encode(self) -> bytes:
        """The two with zeros between them."""
        return self.image.ljust(aligned(len(self.image)), b"\0") + self.golden


def split_payload(payload: bytes, image_size: int) -> ModelPayload:
    """Takes a payload apart.

    Raises:
        PackageError: the bytes between the parts are not zero, or there is no second part.
    """
    start = aligned(image_size)
    if any(payload[image_size:start]) or len(payload) < start + LEAST_GOLDEN:
        raise _refusal("there are no golden vectors behind the image")
    return ModelPayload(payload[:image_size], payload[start:])


def encode_golden(golden: GoldenVectors, interface: Interface) -> bytes:
    """Golden vectors as bytes, in interface order.

    Raises:
        UsageError: more rows than the format counts, or none.
    """
    rows = len(golden.rows)
    if not 1 <= rows <= MAX_ROWS:
        raise UsageError("pack", f"{rows} golden rows; a package has 1 to {MAX_ROWS}")
    inputs = [golden.rows.tensors[tensor.name] for tensor in interface.inputs]
    outputs = [golden.outputs[tensor.name] for tensor in interface.outputs]
    floats = [tensor.name for tensor in interface.outputs if tensor.dtype == "float32"]
    input_bytes, output_bytes = (_WORD * sum(a.shape[1] for a in arrays) for arrays in (inputs, outputs))
    size = _HEADER.size + _TOLERANCE.size * len(floats) + rows * (input_bytes + output_bytes) + DIGEST_SIZE
    body = _HEADER.pack(_MAGIC, VERSION, rows, size, input_bytes, output_bytes, len(floats), 0)
    for name in floats:
        body += _TOLERANCE.pack(golden.abs_tolerance.get(name, 0.0), golden.rel_tolerance.get(name, 0.0))
    words = np.concatenate([_words(array) for array in (*inputs, *outputs)], axis=1)
    body += words.tobytes()
    return body + hashlib.sha256(body).digest()


def _words(array: Array) -> Array:
    """The bits of each value, little-endian."""
    return np.ascontiguousarray(array).view(np.uint32).astype("<u4")


def decode_golden(data: bytes, interface: Interface) -> GoldenVectors:
    """Reads golden vectors for an interface.

    Raises:
        PackageError: malformed, damaged, or of another interface.
    """
    if len(data) < LEAST_GOLDEN or hashlib.sha256(data[:-DIGEST_SIZE]).digest() != data[-DIGEST_SIZE:]:
        raise _refusal("the golden vectors are damaged")
    floats = [tensor.name for tensor in interface.outputs if tensor.dtype == "float32"]
    widths = [tensor.elements for tensor in interface.inputs + interface.outputs]
    features = interface.features
    magic, version, rows, size, *shape, reserved = _HEADER.unpack_from(data)
    wanted = [_WORD * features, _WORD * (sum(widths) - features), len(floats)]
    start = _HEADER.size + _TOLERANCE.size * len(floats)
    expected = start + rows * _WORD * sum(widths) + DIGEST_SIZE
    if (magic, version, reserved) != (_MAGIC, VERSION, 0) or not rows:
        raise _refusal("the golden vectors have a wrong header")
    if shape != wanted or size != len(data) or size != expected:
        raise _refusal("the golden vectors are those of another interface")
    limits = list(_TOLERANCE.iter_unpack(data[_HEADER.size : start]))
    if not all(math.isfinite(one) and math.copysign(1.0, one) > 0.0 for limit in limits for one in limit):
        raise _refusal("a tolerance is not finite, or is negative")
    words = np.frombuffer(data, "<u4", rows * sum(widths), start).reshape(rows, -1).astype(np.uint32)
    pieces = np.split(words, np.cumsum(widths)[:-1], axis=1)
    arrays = {
        (index < len(interface.inputs), tensor.name): np.ascontiguousarray(piece).view(tensor.numpy_dtype)
        for index, (tensor, piece) in enumerate(
            zip(interface.inputs + interface.outputs, pieces, strict=True)
        )
    }
    return GoldenVectors(
        rows=Rows(
            {name: array for (is_input, name), array in arrays.items() if is_input}, ("golden",) * rows
        ),
        outputs={name: array for (is_input, name), array in arrays.items() if not is_input},
        abs_tolerance={name: limit[0] for name, limit in zip(floats, limits, strict=True)},
        rel_tolerance={name: limit[1] for name, limit in zip(floats, limits, strict=True)},
    )


def _refusal(cause: str) -> PackageError:
    return PackageError(Status.ECU_PACKAGE_BAD_VECTORS, f"the payload is malformed: {cause}")
