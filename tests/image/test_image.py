"""Model images in Python: writing, reading, and every refusal."""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.engine import Engine
from ecu_bundle.errors import BundleError, ExitCode, UnsupportedModelError, VerificationError
from ecu_bundle.image import compile_image, interface_hash, layout, read_image
from ecu_bundle.image.interface_codec import decode_interface, encode_interface
from ecu_bundle.interface import Code, Interface, Rows, Tensor
from runtime.build import RUNTIME
from runtime.models import mixed_image, mixed_interface, mixed_model, onnx_model, patch, seal

SPECIFICATION = Path(__file__).parents[2] / "docs" / "model_image.md"


def _on_the_device(interface: Interface) -> Interface:
    """What an image keeps: no ranges and descriptions, codes by value."""

    def kept(tensor: Tensor) -> Tensor:
        codes = tuple(sorted(tensor.codes, key=lambda code: code.value))
        return Tensor(
            tensor.name,
            tensor.dtype,
            elements=tensor.elements,
            unit=tensor.unit,
            codes=codes,
            accepts_nan=tensor.accepts_nan,
        )

    return Interface(interface.kind, tuple(map(kept, interface.inputs)), tuple(map(kept, interface.outputs)))


def test_round_trip() -> None:
    model = mixed_model(accepts_nan=True)
    contents = read_image(compile_image(model, engine="ort", version="1.4.0").data)
    assert contents.image.interface == _on_the_device(model.interface)
    assert (contents.image.name, contents.image.engine, contents.version) == ("mixed", "ort", "1.4.0")
    assert contents.payload == model.data
    assert contents.model_digest.hex() == model.digest
    assert contents.interface_hash == interface_hash(model.interface)
    assert contents.format_version == 1


def test_the_same_bytes_every_time() -> None:
    assert mixed_image().data == mixed_image().data
    assert len(mixed_image().data) % 4 == len(mixed_model().data) % 4


def test_bytes_after_the_image_are_not_part_of_it() -> None:
    image = mixed_image()
    assert read_image(image.data + b"\xff" * 99).image.data == image.data


def test_the_interface_hash_ignores_what_is_for_people() -> None:
    interface = mixed_interface()
    x, origin = interface.inputs
    spoken = replace(x, minimum=-5.0, maximum=9.0, description="speed")
    assert interface_hash(replace(interface, inputs=(spoken, origin))) == interface_hash(interface)
    reordered = replace(origin, codes=tuple(reversed(origin.codes)))
    assert interface_hash(replace(interface, inputs=(x, reordered))) == interface_hash(interface)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "y"},
        {"unit": "m/s"},
        {"elements": 4},
        {"accepts_nan": True},
        {"dtype": "int32", "codes": (Code(1, "on"),)},
    ],
)
def test_the_interface_hash_sees_what_the_device_sees(changes: dict[str, object]) -> None:
    interface = mixed_interface()
    x, origin = interface.inputs
    changed = replace(interface, inputs=(replace(x, **changes), origin))  # type: ignore[arg-type]
    assert interface_hash(changed) != interface_hash(interface)


@pytest.mark.parametrize("name", ["x" * 1023, "Geschwindigkeit [km/h]", "速度", "a\nb\"'\\</script>", ""])
def test_any_text_without_nul_is_a_name(name: str) -> None:
    interface = Interface("other", (Tensor(name, "float32"),), (Tensor("y", "float32"),))
    assert decode_interface(encode_interface(interface)) == interface


X, Y = Tensor("x", "float32"), Tensor("y", "float32")


@pytest.mark.parametrize(
    ("interface", "words"),
    [
        (Interface("other", (), (Y,)), "0 inputs"),
        (Interface("other", (X,), ()), "0 outputs"),
        (Interface("other", tuple(Tensor(str(i), "float32") for i in range(4097)), (Y,)), "4097 inputs"),
        (Interface("other", (X, X), (Y,)), "same name"),
        (Interface("other", (replace(X, name="x" * 1024),), (Y,)), "1025 bytes"),
        (Interface("other", (replace(X, name="a\0b"),), (Y,)), "NUL"),
        (Interface("other", (replace(X, name="\ud800"),), (Y,)), "Unicode"),
        (Interface("other", (replace(X, elements=0),), (Y,)), "elements"),
        (Interface("other", (replace(X, elements=2**24),), (Y,)), "values in one row"),
        (Interface("other", (replace(X, codes=(Code(1, "a"),)),), (Y,)), "float32 tensor has codes"),
        (Interface("other", (Tensor("x", "int32"),), (Y,)), "no codes"),
        (Interface("other", (Tensor("x", "int32", codes=(Code(1, "a"), Code(1, "b"))),), (Y,)), "ascending"),
        (Interface("other", (Tensor("x", "int32", codes=(Code(2**31, "a"),)),), (Y,)), "beyond int32"),
        (
            Interface("other", (Tensor("x", "int32", codes=tuple(Code(i, "") for i in range(4097))),), (Y,)),
            "4096 codes",
        ),
        (Interface("other", (X,), (replace(Y, accepts_nan=True),)), "NaN"),
    ],
)
def test_an_interface_beyond_the_format_is_refused(interface: Interface, words: str) -> None:
    with pytest.raises(UnsupportedModelError, match=words) as caught:
        encode_interface(interface)
    assert caught.value.place


@pytest.mark.parametrize(
    ("offset", "data", "error", "place"),
    [
        (4, b"\2", UnsupportedModelError, "byte offset 4"),
        (6, b"\3", UnsupportedModelError, "byte offset 6"),
        (7, b"\1", UnsupportedModelError, "byte offset 6"),
        (8, struct.pack("<I", 99), UnsupportedModelError, "byte offset 8"),
        (8, b"\xff\xff\xff\xff", UnsupportedModelError, "byte offset"),
        (16, b"\1", UnsupportedModelError, "byte offset 16"),
        (20, b"\xff\xff\xff\xff", UnsupportedModelError, "byte offset 16"),
        (36, b"\xff\xff\xff\xff", UnsupportedModelError, "byte offset 16"),
        (40, b"\1", UnsupportedModelError, "byte offset 6"),
        (48, b"\0\0\0\0", VerificationError, "byte offset 48"),
        (80, b"\0\0\0\0", VerificationError, "byte offset 80"),
        (112, b"\0\0", UnsupportedModelError, "byte offset 114"),
        (114, b"\0", UnsupportedModelError, "byte offset"),
        (114, b"\xff", UnsupportedModelError, "byte offset"),
    ],
)
def test_a_wrong_image_names_the_byte(offset: int, data: bytes, error: type[BundleError], place: str) -> None:
    with pytest.raises(error) as caught:
        read_image(patch(mixed_image(), offset, data).data)
    assert caught.value.place.startswith(place)


def test_every_truncation_is_refused() -> None:
    data = mixed_image().data
    for length in range(len(data)):
        with pytest.raises(UnsupportedModelError, match="truncated"):
            read_image(data[:length])


def test_every_flipped_byte_is_refused() -> None:
    data = mixed_image().data
    for at in range(len(data)):
        with pytest.raises(BundleError) as caught:
            read_image(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        assert caught.value.exit_code in {ExitCode.VERIFICATION_FAILED, ExitCode.UNSUPPORTED_MODEL}


def test_forged_interfaces_never_raise_anything_else() -> None:
    """Every byte of the interface section, changed in four ways."""
    section = encode_interface(mixed_interface())
    refused = 0
    for at in range(len(section)):
        for mask in (0x01, 0x10, 0x80, 0xFF):
            try:
                decode_interface(section[:at] + bytes([section[at] ^ mask]) + section[at + 1 :])
            except UnsupportedModelError as error:
                assert "byte offset" in error.place
                refused += 1
    assert refused > len(section)


def test_a_gap_that_is_not_zero_is_refused() -> None:
    for name in ("m", "mo", "mod"):  # some length leaves a gap
        data = compile_image(replace(mixed_model(), name=name), engine="ort").data
        payload = int.from_bytes(data[32:36], "little")
        end = sum(struct.unpack_from("<II", data, 24))
        if end < payload:
            content = data[:-32]
            with pytest.raises(UnsupportedModelError, match="gap"):
                read_image(seal(content[:end] + b"\1" + content[end + 1 :]))
            return
    pytest.fail("no image with a gap")


def example_model() -> OnnxModel:
    """The model of the example in the specification."""
    node = helper.make_node("Neg", ["x"], ["y"])
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])],
    )
    interface = Interface("regressor", (Tensor("x", "float32", unit="V"),), (Tensor("y", "float32"),))
    return onnx_model(graph, interface, "neg")


def test_the_example_of_the_specification() -> None:
    block = re.search(r"```hex\n(.*?)```", SPECIFICATION.read_text("utf-8"), re.DOTALL)
    assert block
    lines = [line.split("|")[0].split() for line in block[1].splitlines()]
    data = bytes.fromhex("".join("".join(words[1:]) for words in lines))
    assert [int(words[0], 16) for words in lines] == list(range(0, len(data), 16))
    contents = read_image(data)
    assert contents.image.interface == example_model().interface
    assert compile_image(example_model(), engine="ort", version="1.0").data == data
    with Engine.open(contents.image) as engine:
        assert engine.run_rows(Rows({"x": np.array([[2.5]], np.float32)}))["y"].tolist() == [[-2.5]]


def test_the_specification_names_the_limits_of_both_readers() -> None:
    text = SPECIFICATION.read_text("utf-8")
    reader = (RUNTIME / "src/image/reader.cpp").read_text()
    for name, python in (
        ("kMaxTensors", layout.MAX_TENSORS),
        ("kMaxElements", layout.MAX_ELEMENTS),
        ("kMaxCodes", layout.MAX_CODES),
        ("kMaxText", layout.MAX_TEXT),
        ("kHeaderSize", layout.HEADER.size),
    ):
        found = re.search(rf"{name} = ([^;]*);", reader)
        assert found
        factors = [int(number) for number in re.findall(r"\d+", found[1])]
        assert int(np.prod(factors)) == python, name
        assert re.search(rf"\b{python}\b", text), name


def test_the_digest_is_of_all_bytes_before_it() -> None:
    data = mixed_image().data
    assert hashlib.sha256(data[:-32]).digest() == data[-32:]
