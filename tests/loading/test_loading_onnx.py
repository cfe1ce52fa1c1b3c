"""ONNX files: valid, whole, and complete in themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.loading import load

from .onnx_models import add_one, nested


def _save(folder: Path, data: bytes) -> Path:
    path = folder / "net.onnx"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("make", [add_one, nested])
def test_a_valid_file_is_passed_on_unchanged(tmp_path: Path, make: Callable[[], onnx.ModelProto]) -> None:
    data = make().SerializeToString()
    model = load(_save(tmp_path, data))
    assert (model.name, model.format, model.estimator, model.onnx_bytes) == ("net", "onnx", None, data)
    assert model.source_digest == hashlib.sha256(data).hexdigest()


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    data = add_one().SerializeToString()
    for length in range(1, len(data)):
        with pytest.raises(UnsupportedModelError):
            load(_save(tmp_path, data[:length]))


def _external(model: onnx.ModelProto, tensor: onnx.TensorProto) -> bytes:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    return bytes(model.SerializeToString())


def _external_initializer() -> bytes:
    model = add_one()
    return _external(model, model.graph.initializer[0])


def _external_constant() -> bytes:
    model = nested()
    return _external(model, model.graph.node[0].attribute[1].g.node[0].attribute[0].t)


def _external_function() -> bytes:
    model = add_one()
    constant = helper.make_tensor("value", TensorProto.FLOAT, [1], [1.0])
    node = helper.make_node("Constant", [], ["r"], value=constant)
    function = helper.make_function("local", "one", [], ["r"], [node], [helper.make_opsetid("", 17)])
    model.functions.append(function)
    model.opset_import.append(helper.make_opsetid("local", 1))
    return _external(model, model.functions[0].node[0].attribute[0].t)


def _external_sparse() -> bytes:
    model = add_one()
    values = helper.make_tensor("s", TensorProto.FLOAT, [1], [1.0])
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [0])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [4]))
    return _external(model, model.graph.sparse_initializer[0].values)


@pytest.mark.parametrize(
    "make", [_external_initializer, _external_constant, _external_function, _external_sparse]
)
def test_tensors_in_other_files_are_refused(tmp_path: Path, make: Callable[[], bytes]) -> None:
    with pytest.raises(UnsupportedModelError, match="keeps tensors in other files") as caught:
        load(_save(tmp_path, make()))
    assert "tensor '" in caught.value.place


def _edited(edit: Callable[[onnx.ModelProto], object]) -> bytes:
    model = add_one()
    edit(model)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    "edit",
    [
        lambda model: model.graph.node[0].input.append("absent"),
        lambda model: setattr(model.graph.node[0], "op_type", "NoSuchOperator"),
        lambda model: model.ClearField("opset_import"),
        lambda model: model.ClearField("graph"),
        lambda model: setattr(model.graph.initializer[0], "raw_data", b"123"),
        lambda model: setattr(model, "ir_version", 63),
    ],
)
def test_an_invalid_model_is_refused(tmp_path: Path, edit: Callable[[onnx.ModelProto], object]) -> None:
    with pytest.raises(UnsupportedModelError, match="not a valid ONNX model"):
        load(_save(tmp_path, _edited(edit)))
