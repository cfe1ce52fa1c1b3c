"""Numbers of the model image format; ``docs/model_image.md`` is normative."""

from __future__ import annotations

import struct
from typing import Final

from ecu_bundle.artifacts import Engine
from ecu_bundle.interface import DType, Interface, ModelKind, Tensor

MAGIC: Final = b"ECUI"
FORMAT_VERSION: Final = 1
ALIGNMENT: Final = 16
DIGEST_SIZE: Final = 32

HEADER: Final = struct.Struct("<4sHBBIIIIIIIIII32s32s")
"""Magic, version, payload kind, reserved, image size, arena size, then offset and size of texts,
interface and payload, two reserved words, interface hash, model digest."""

PAYLOAD_KINDS: Final[dict[Engine, int]] = {"ort": 1, "native": 2}
MODEL_KINDS: Final[dict[ModelKind, int]] = {
    "classifier": 1,
    "regressor": 2,
    "clusterer": 3,
    "outlier_detector": 4,
    "transformer": 5,
    "other": 6,
}
DTYPES: Final[dict[DType, int]] = {"float32": 1, "int32": 2}
ACCEPTS_NAN: Final = 0x01

MAX_TENSORS: Final = 4096
"""Inputs, and outputs."""
MAX_ELEMENTS: Final = 16 * 1024 * 1024
"""Values of one row over all inputs and outputs."""
MAX_CODES: Final = 4096
"""Codes of one tensor."""
MAX_TEXT: Final = 1024
"""Bytes of a text with its final NUL."""

_MODEL_STATE = 512
_TENSOR_INFO = 24
_INPUT_RULE = 24
_ORT_STATE = 128
_ORT_TENSOR = 16
_NATIVE_STATE = 64


def aligned(size: int) -> int:
    """`size` rounded up to the alignment of image and arena."""
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


def arena_size(interface: Interface) -> int:
    """Bytes of arena that an image for ONNX Runtime needs, an upper bound for 32 and 64-bit targets."""
    tensors = interface.inputs + interface.outputs
    return (
        _shared_arena(interface)
        + aligned(_ORT_STATE)
        + aligned(_ORT_TENSOR * len(tensors))
        + sum(aligned(_ort_buffer(tensor)) for tensor in tensors)
    )


def native_arena_size(interface: Interface, workspace: int) -> int:
    """Bytes of arena that an image for the native engine needs, an upper bound as `arena_size`.

    Args:
        interface: of the image.
        workspace: bytes that the program works in.
    """
    return _shared_arena(interface) + aligned(_NATIVE_STATE) + aligned(workspace)


def _shared_arena(interface: Interface) -> int:
    """What every engine needs."""
    tensors = len(interface.inputs) + len(interface.outputs)
    return (
        aligned(_MODEL_STATE) + aligned(_TENSOR_INFO * tensors) + aligned(_INPUT_RULE * len(interface.inputs))
    )


def _ort_buffer(tensor: Tensor) -> int:
    """ONNX Runtime computes with int64 where the device API has int32."""
    return tensor.elements * (4 if tensor.dtype == "float32" else 8)
