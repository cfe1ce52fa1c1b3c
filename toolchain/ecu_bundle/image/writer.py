"""OnnxModel -> ModelImage."""

from __future__ import annotations

import hashlib

from ecu_bundle.artifacts import Engine, ModelImage, OnnxModel
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.image.interface_codec import encode_interface, encode_text
from ecu_bundle.image.layout import (
    DIGEST_SIZE,
    FORMAT_VERSION,
    HEADER,
    MAGIC,
    PAYLOAD_KINDS,
    aligned,
    arena_size,
    native_arena_size,
)
from ecu_bundle.lowering import encode_program, lower

_MAX_IMAGE = 2**32 - 1


def compile_image(onnx_model: OnnxModel, *, engine: Engine = "native", version: str = "") -> ModelImage:
    """Makes the blob that is flashed.

    Args:
        onnx_model: the model.
        engine: what will run the image: ``"native"`` carries the program that the ONNX file is lowered to,
            ``"ort"`` the ONNX file itself.
        version: model version as the supplier calls it, for instance ``"1.4.0"``.

    Returns:
        The image; the same bytes every time.

    Raises:
        UnsupportedModelError: the native engine cannot run the model (names estimator, ONNX node and the way
            out), or the model breaks a limit of the format.
    """
    onnx_file = onnx_model.data
    payload, arena = _payload(onnx_model, onnx_file, engine)
    texts = encode_text(onnx_model.name, "model name") + encode_text(version, "model version")
    interface = encode_interface(onnx_model.interface)
    interface_offset = HEADER.size + len(texts)
    interface_end = interface_offset + len(interface)
    payload_offset = aligned(interface_end)
    size = payload_offset + len(payload) + DIGEST_SIZE
    if size > _MAX_IMAGE:
        raise UnsupportedModelError(
            "image", f"the image would have {size} bytes, at most {_MAX_IMAGE} are possible"
        )
    header = HEADER.pack(
        *(MAGIC, FORMAT_VERSION, PAYLOAD_KINDS[engine], 0, size, arena),
        *(HEADER.size, len(texts), interface_offset, len(interface), payload_offset, len(payload), 0, 0),
        *(hashlib.sha256(interface).digest(), hashlib.sha256(onnx_file).digest()),
    )
    content = header + texts + interface + bytes(payload_offset - interface_end) + payload
    data = content + hashlib.sha256(content).digest()
    return ModelImage(onnx_model.name, engine, onnx_model.interface, data)


def _payload(onnx_model: OnnxModel, onnx_file: bytes, engine: Engine) -> tuple[bytes, int]:
    """What the engine runs, and the bytes of arena that it needs."""
    if engine == "ort":
        return onnx_file, arena_size(onnx_model.interface)
    try:
        program = lower(onnx_model)
    except UnsupportedModelError as error:
        place = ", ".join(filter(None, (onnx_model.estimator, error.place)))
        raise UnsupportedModelError(error.stage, error.cause, place=place, hint=error.hint) from error
    return encode_program(program), native_arena_size(onnx_model.interface, program.workspace)
