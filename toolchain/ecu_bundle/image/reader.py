"""Bytes -> what a model image says; used by everything that inspects one.

The device has its own reader (``runtime/src/image/reader.cpp``); tests compare the two.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ecu_bundle.artifacts import ModelImage
from ecu_bundle.errors import UnsupportedModelError, VerificationError
from ecu_bundle.image.cursor import Cursor
from ecu_bundle.image.interface_codec import decode_interface
from ecu_bundle.image.layout import DIGEST_SIZE, FORMAT_VERSION, HEADER, MAGIC, PAYLOAD_KINDS, aligned
from ecu_bundle.lowering import Program, decode_program

_VERSION_OFFSET = 4
_SIZE_OFFSET = 8
_INTERFACE_HASH_OFFSET = 48
_MODEL_DIGEST_OFFSET = 80


@dataclass(frozen=True, slots=True)
class ImageContents:
    """A checked model image.

    Attributes:
        image: the image alone, without bytes that followed it; its interface has open ranges and
            no descriptions, because the image does not hold them.
        version: model version as the supplier gave it.
        format_version: of the image format.
        arena_size: bytes of working memory that the device needs.
        interface_hash: SHA-256 of the interface section, 32 bytes.
        model_digest: SHA-256 of the ONNX file that the payload was made from, 32 bytes.
        payload: the ONNX file, or the native program.
        program: the native program; None in an image for ONNX Runtime.
    """

    image: ModelImage
    version: str
    format_version: int
    arena_size: int
    interface_hash: bytes
    model_digest: bytes
    payload: bytes
    program: Program | None = None

    @property
    def kernels(self) -> tuple[str, ...]:
        """Kernels of the native engine that the image needs; none for ONNX Runtime."""
        return () if self.program is None else self.program.kernels


def read_image(data: bytes) -> ImageContents:
    """Checks and takes apart a model image.

    Args:
        data: starts with the image; more bytes may follow.

    Raises:
        VerificationError: a digest does not match.
        UnsupportedModelError: not an image, of another version, truncated or malformed; the place is
            the byte offset.
    """
    content = _check_frame(data)
    fields = HEADER.unpack_from(content)
    _, format_version, kind_number, reserved, size, arena = fields[:6]
    texts, interface, payload = _sections(content, fields[6:12])
    interface_hash, model_digest = fields[14], fields[15]
    engines = [engine for engine, number in PAYLOAD_KINDS.items() if number == kind_number]
    if not engines or reserved or any(fields[12:14]):
        raise Cursor(content, 6).malformed("unknown payload kind, or a reserved field is not zero")
    if hashlib.sha256(interface).digest() != interface_hash:
        raise _damaged("the interface hash", _INTERFACE_HASH_OFFSET)
    if engines[0] == "ort" and hashlib.sha256(payload).digest() != model_digest:
        raise _damaged("the model digest", _MODEL_DIGEST_OFFSET)
    cursor = Cursor(texts, fields[6])
    name, version = cursor.text(), cursor.text()
    cursor.expect_end()
    image = ModelImage(name, engines[0], decode_interface(interface, fields[8]), data[:size])
    program = decode_program(payload) if engines[0] == "native" else None
    return ImageContents(
        image, version, format_version, arena, interface_hash, model_digest, payload, program
    )


def _check_frame(data: bytes) -> bytes:
    """All bytes before the digest."""
    if data[: len(MAGIC)] != MAGIC[: len(data)]:
        raise UnsupportedModelError("image", "not a model image", place="byte offset 0")
    if len(data) < HEADER.size + DIGEST_SIZE:
        raise _truncated(len(data), HEADER.size + DIGEST_SIZE)
    version = int.from_bytes(data[_VERSION_OFFSET : _VERSION_OFFSET + 2], "little")
    if version != FORMAT_VERSION:
        raise UnsupportedModelError(
            "image",
            f"format version {version}, this tool reads version {FORMAT_VERSION}",
            place=f"byte offset {_VERSION_OFFSET}",
            hint="use the ecu-bundle version that made the image, or make the image again",
        )
    size = int.from_bytes(data[_SIZE_OFFSET : _SIZE_OFFSET + 4], "little")
    if size < HEADER.size + DIGEST_SIZE:
        raise Cursor(data, _SIZE_OFFSET).malformed(f"an image of {size} bytes")
    if size > len(data):
        raise _truncated(len(data), size)
    content, digest = data[: size - DIGEST_SIZE], data[size - DIGEST_SIZE : size]
    if hashlib.sha256(content).digest() != digest:
        raise _damaged("the image digest", size - DIGEST_SIZE)
    return content


def _sections(content: bytes, fields: tuple[int, ...]) -> tuple[bytes, bytes, bytes]:
    """Texts, interface and payload; they follow each other, with zeros before the payload only."""
    texts, texts_size, interface, interface_size, payload, payload_size = fields
    interface_end = HEADER.size + texts_size + interface_size
    expected = (HEADER.size, HEADER.size + texts_size, aligned(interface_end))
    if (texts, interface, payload) != expected or payload + payload_size != len(content):
        raise Cursor(content, 16).malformed("the sections do not follow each other")
    if any(content[interface_end:payload]):
        raise Cursor(content, interface_end).malformed("the gap before the payload is not zero")
    return content[texts:interface], content[interface:interface_end], content[payload:]


def _truncated(size: int, wanted: int) -> UnsupportedModelError:
    return UnsupportedModelError(
        "image", f"the model image is truncated: {size} bytes of {wanted}", place=f"byte offset {size}"
    )


def _damaged(what: str, offset: int) -> VerificationError:
    return VerificationError(
        "image",
        f"the model image is damaged: {what} does not match the content",
        place=f"byte offset {offset}",
        hint="copy the image again from its bundle",
    )
