"""The device API through ctypes, with every argument in the hands of the test."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

OK = 0


class TensorInfo(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("unit", ctypes.c_char_p),
        ("dtype", ctypes.c_int),
        ("elements", ctypes.c_uint32),
    )


class ModelInfo(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("version", ctypes.c_char_p),
        ("engine", ctypes.c_int),
        ("input_count", ctypes.c_uint32),
        ("output_count", ctypes.c_uint32),
        ("inputs", ctypes.POINTER(TensorInfo)),
        ("outputs", ctypes.POINTER(TensorInfo)),
        ("interface_hash", ctypes.POINTER(ctypes.c_uint8)),
        ("model_digest", ctypes.POINTER(ctypes.c_uint8)),
        ("image_digest", ctypes.POINTER(ctypes.c_uint8)),
        ("image_size", ctypes.c_size_t),
        ("arena_size", ctypes.c_size_t),
    )


class Handle(ctypes.Structure):
    _fields_ = (("engine", ctypes.c_void_p), ("state", ctypes.c_void_p), ("info", ModelInfo))


class Memory:
    """Bytes at an address that is `shift` beyond a multiple of 16."""

    def __init__(self, data: bytes, shift: int = 0) -> None:
        self._buffer = ctypes.create_string_buffer(len(data) + 32)
        start = ctypes.addressof(self._buffer)
        self.address = (start + 15) // 16 * 16 + shift
        self.size = len(data)
        ctypes.memmove(self.address, data, len(data))

    def content(self) -> bytes:
        return ctypes.string_at(self.address, self.size)


@dataclass(frozen=True, slots=True)
class Device:
    """Calls of a library that holds the runtime; every status is a number."""

    library: ctypes.CDLL

    def open(
        self, handle: Handle | None, image: Memory | None, arena: Memory | None, arena_size: int | None = None
    ) -> int:
        return int(
            self.library.ecu_model_open(
                None if handle is None else ctypes.byref(handle),
                ctypes.c_void_p(image.address if image else None),
                ctypes.c_size_t(image.size if image else 0),
                ctypes.c_void_p(arena.address if arena else None),
                ctypes.c_size_t(arena_size if arena_size is not None else arena.size if arena else 0),
            )
        )

    def run(
        self, handle: Handle | None, inputs: list[Memory | None] | None, outputs: list[Memory | None] | None
    ) -> int:
        return int(
            self.library.ecu_model_run(
                None if handle is None else ctypes.byref(handle), _pointers(inputs), _pointers(outputs)
            )
        )

    def close(self, handle: Handle | None) -> None:
        self.library.ecu_model_close(None if handle is None else ctypes.byref(handle))

    def info(self, handle: Handle | None) -> ModelInfo | None:
        function = self.library.ecu_model_info_of
        function.restype = ctypes.POINTER(ModelInfo)
        found = function(None if handle is None else ctypes.byref(handle))
        return ModelInfo.from_address(ctypes.addressof(found.contents)) if found else None

    def error(self, handle: Handle | None) -> str:
        function = self.library.ecu_model_error
        function.restype = ctypes.c_char_p
        text: bytes = function(None if handle is None else ctypes.byref(handle))
        return text.decode()

    def status_text(self, status: int) -> str:
        function = self.library.ecu_status_text
        function.restype = ctypes.c_char_p
        text: bytes = function(status)
        return text.decode()

    def sha256(self, data: bytes, piece: int) -> bytes:
        digest = ctypes.create_string_buffer(32)
        self.library.test_sha256(data, ctypes.c_size_t(len(data)), ctypes.c_size_t(piece), digest)
        return digest.raw


def _pointers(blocks: list[Memory | None] | None) -> ctypes.Array[ctypes.c_void_p] | None:
    if blocks is None:
        return None
    return (ctypes.c_void_p * len(blocks))(*[block.address if block else None for block in blocks])
