"""Images for the native engine: what is in them, and how much arena they ask for."""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecu_bundle.artifacts import ModelImage, OnnxModel
from ecu_bundle.errors import BundleError, UnsupportedModelError
from ecu_bundle.image import compile_image, interface_hash, read_image
from ecu_bundle.image.layout import arena_size, native_arena_size
from ecu_bundle.interface import Rows
from ecu_bundle.lowering import encode_program, lower
from lowering.interpreter import run_program
from runtime.models import ROW, ROW_SCORE, mixed_model, mixed_rows, seal

from .test_image import example_model

SPECIFICATION = Path(__file__).parents[2] / "docs" / "model_image.md"


def _image() -> ModelImage:
    return compile_image(mixed_model(), engine="native", version="1.4.0")


def test_an_image_holds_the_program_and_names_the_onnx_file() -> None:
    model = mixed_model()
    contents = read_image(_image().data)
    assert (contents.image.engine, contents.image.name, contents.version) == ("native", "mixed", "1.4.0")
    assert contents.program == lower(model)
    assert contents.payload == encode_program(lower(model))
    assert contents.model_digest.hex() == model.digest
    assert contents.interface_hash == interface_hash(model.interface)


def test_an_image_for_onnxruntime_holds_no_program() -> None:
    assert read_image(compile_image(mixed_model(), engine="ort").data).program is None


def test_both_engines_have_one_interface_and_one_model() -> None:
    native, ort = read_image(_image().data), read_image(compile_image(mixed_model(), engine="ort").data)
    assert native.interface_hash == ort.interface_hash
    assert native.model_digest == ort.model_digest


def test_the_program_computes_the_model() -> None:
    contents = read_image(_image().data)
    assert contents.program is not None
    outputs = run_program(contents.program, mixed_model().interface, mixed_rows(ROW[0], [2]))
    np.testing.assert_array_equal(outputs["score"], ROW_SCORE)
    np.testing.assert_array_equal(outputs["label"], [[1]])


def test_the_same_bytes_every_time() -> None:
    assert _image().data == _image().data


def test_the_arena_is_state_tables_and_workspace() -> None:
    interface = mixed_model().interface
    program = lower(mixed_model())
    assert native_arena_size(interface, 0) == 512 + 96 + 48 + 64
    assert native_arena_size(interface, 20) == native_arena_size(interface, 0) + 32
    assert read_image(_image().data).arena_size == native_arena_size(interface, program.workspace)
    assert arena_size(interface) == 512 + 96 + 48 + 128 + 64 + 16 + 16 + 16 + 16


def test_a_model_that_cannot_run_is_refused() -> None:
    model = mixed_model()
    proto = type(model.proto)()
    proto.CopyFrom(model.proto)
    proto.graph.node[1].op_type = "BitShift"
    with pytest.raises(UnsupportedModelError, match="native engine") as caught:
        compile_image(replace(model, proto=proto), engine="native")
    assert "BitShift" in caught.value.place


def test_a_malformed_program_is_refused() -> None:
    data = _image().data
    payload = int.from_bytes(data[32:36], "little")
    for offset in (0, 4, 6, 32):
        changed = bytearray(data[:-32])
        changed[payload + offset] ^= 0xFF
        with pytest.raises(UnsupportedModelError, match="native program is malformed") as caught:
            read_image(seal(bytes(changed)))
        assert "payload" in caught.value.place


def test_every_flipped_byte_is_refused() -> None:
    data = _image().data
    for at in range(len(data)):
        with pytest.raises(BundleError):
            read_image(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])


def _example_of_the_specification() -> bytes:
    blocks = re.findall(r"```hex\n(.*?)```", SPECIFICATION.read_text("utf-8"), re.DOTALL)
    lines = [line.split("|")[0].split() for line in blocks[1].splitlines()]
    data = bytes.fromhex("".join("".join(words[1:]) for words in lines))
    assert [int(words[0], 16) for words in lines] == list(range(0, len(data), 16))
    return data


def test_the_example_of_the_specification() -> None:
    data = _example_of_the_specification()
    model: OnnxModel = example_model()
    assert compile_image(model, engine="native", version="1.0").data == data
    contents = read_image(data)
    assert contents.arena_size == 0x290
    assert contents.program is not None
    outputs = run_program(contents.program, model.interface, Rows({"x": np.array([[2.5]], np.float32)}))
    assert outputs["y"].tolist() == [[-2.5]]
    kernel, out, source, count = struct.unpack_from("<IIII", data, 0xD0)
    assert (kernel, out, source, count) == (4 << 16 | 44, 3 << 30, 2 << 30, 1)
    assert hashlib.sha256(data[:-32]).digest() == data[-32:]
