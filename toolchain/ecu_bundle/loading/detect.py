"""Tell what a file is by its content and by its name; the two must agree."""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import Literal

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.loading.content import STAGE

Kind = Literal["skops", "pickle", "sagemaker", "onnx"]

ACCEPTED = "a .skops, .joblib, .pkl, .onnx or model.tar.gz file, or an MLflow model folder"

_SUFFIXES: dict[str, Kind] = {
    ".skops": "skops",
    ".joblib": "pickle",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".onnx": "onnx",
    ".tar.gz": "sagemaker",
    ".tgz": "sagemaker",
    ".tar": "sagemaker",
}
_PACKED_PICKLE_SUFFIXES = (".gz", ".z", ".bz2", ".xz", ".lzma")

_SPOKEN: dict[Kind, str] = {
    "skops": "a skops file (ZIP)",
    "pickle": "a pickle",
    "sagemaker": "a tar archive",
    "onnx": "an ONNX file",
}

_STRANGERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89HDF\r\n", "an HDF5 file (Keras?)"),
    (4, b"TFL3", "a TensorFlow Lite model"),
    (0, b"PAR1", "a Parquet table"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b":020000", "Intel HEX, as `export` writes it"),
    (0, b"S00", "an S-record file, as `export` writes it"),
)
"""Offset, bytes and name of formats that people try."""

_TAR_BLOCK = 512
_LARGEST_IR_VERSION = 64


def name_kind(name: str) -> Kind | None:
    """The format that a file name claims; None when it claims none."""
    lowered = name.lower()
    for suffix, kind in _SUFFIXES.items():
        if lowered.endswith(suffix):
            return kind
    for packed in _PACKED_PICKLE_SUFFIXES:
        if lowered.endswith(packed) and name_kind(lowered.removesuffix(packed)) == "pickle":
            return "pickle"
    return None


def model_name(name: str) -> str:
    """The file name without the endings of a model file: ``engine.v2.tar.gz`` -> ``engine.v2``."""
    lowered = name.lower()
    for suffix in (*_PACKED_PICKLE_SUFFIXES, *_SUFFIXES):
        if lowered.endswith(suffix) and name_kind(name) is not None:
            shorter = name[: -len(suffix)]
            return model_name(shorter) if suffix in _PACKED_PICKLE_SUFFIXES else shorter
    return name


def _unpacked_head(data: bytes) -> bytes:
    """The first bytes behind a gzip, zlib, bzip2, xz or lzma header; empty when not compressed."""
    head = data[:65536]
    try:
        if head[:2] == b"\x1f\x8b":
            return zlib.decompressobj(31).decompress(head, _TAR_BLOCK)
        if head[:1] == b"\x78":
            return zlib.decompressobj().decompress(head, _TAR_BLOCK)
        if head[:3] == b"BZh":
            return bz2.BZ2Decompressor().decompress(data[: 1 << 20], _TAR_BLOCK)
        if head[:6] == b"\xfd7zXZ\x00" or head[:3] == b"\x5d\x00\x00":
            return lzma.LZMADecompressor().decompress(head, _TAR_BLOCK)
    except (zlib.error, lzma.LZMAError, OSError):
        pass
    return b""


def content_kind(data: bytes) -> Kind | None:
    """The format that the first bytes show; None when they show none that we load."""
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "skops"
    head = _unpacked_head(data) or data
    if head[257:262] == b"ustar":
        return "sagemaker"
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "pickle"
    # field 1 of ModelProto, ir_version as a varint, is the first thing in an ONNX file
    if len(data) > 2 and data[0] == 0x08 and 0 < data[1] < _LARGEST_IR_VERSION:
        return "onnx"
    return None


def _stranger(data: bytes) -> str:
    for offset, magic, spoken in _STRANGERS:
        if data[offset : offset + len(magic)] == magic:
            return f"it looks like {spoken}"
    head = data[:4096]
    if b"\0" not in head:
        try:
            head.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:
                return "its first bytes are those of no format that is known here"
        return "it looks like text"
    return "its first bytes are those of no format that is known here"


def detect(data: bytes, name: str, place: str) -> Kind:
    """The format of a model file.

    Args:
        data: the whole file.
        name: its file name; decides nothing alone, but must not contradict the content.
        place: how the error calls the file.

    Raises:
        UnsupportedModelError: an empty file, not a model, or a name that says otherwise.
    """
    claimed, found = name_kind(name), content_kind(data)
    if not data:
        raise UnsupportedModelError(STAGE, "the file is empty", place=place, hint=f"give {ACCEPTED}")
    if found is None:
        cause = f"not a model: {_stranger(data)}"
        if claimed is not None:
            cause = f"named like {_SPOKEN[claimed]} but it is none: {_stranger(data)}"
        raise UnsupportedModelError(STAGE, cause, place=place, hint=f"give {ACCEPTED}")
    if claimed not in (None, found):
        raise UnsupportedModelError(
            STAGE,
            f"named like {_SPOKEN[claimed]} but it is {_SPOKEN[found]}",
            place=place,
            hint="check where the file comes from, then give it the name of what it is",
        )
    return found
