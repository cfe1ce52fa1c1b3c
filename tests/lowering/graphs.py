"""Small graphs by hand, and both ways to run them: ONNX Runtime and the program in numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.interface import Array, Interface, Rows, Tensor
from ecu_bundle.lowering import decode_program, encode_program, lower
from ecu_bundle.parity.session import open_session
from lowering.interpreter import run_program

ROWS = np.array(
    [
        [0.5, -1.25, 3.0, 0.0, 2.0, -4.5],
        [1e-3, 7.0, -2.5, 1.0, 1.0, 1.0],
        [-0.75, 0.25, 0.125, 9.0, -3.0, 2.0],
        [4.0, 4.0, -4.0, -4.0, 0.5, 0.5],
    ],
    dtype=np.float32,
)
"""Six features; ties, zeros and both signs."""

_ML = ("ArrayFeatureExtractor", "Binarizer", "Imputer", "LabelEncoder", "LinearClassifier", "LinearRegressor")
_ML_TOO = ("Normalizer", "OneHotEncoder", "SVMClassifier", "SVMRegressor", "Scaler", "TreeEnsembleRegressor")


def i64(*values: int) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def f32(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def node(operator: str, inputs: Sequence[str], *outputs: str, **attributes: Any) -> onnx.NodeProto:
    """A node named after its first output, in the domain that it belongs to."""
    domain = "ai.onnx.ml" if operator in (*_ML, *_ML_TOO) else ""
    return helper.make_node(operator, inputs, outputs, name=f"node_{outputs[0]}", domain=domain, **attributes)


def model_of(
    nodes: Sequence[onnx.NodeProto],
    constants: Mapping[str, NDArray[Any]],
    outputs: Sequence[Tensor],
    *,
    inputs: Sequence[Tensor] = (Tensor("X", "float32", 6),),
    opset: int = 21,
    ml: int = 3,
) -> OnnxModel:
    """A model of one graph."""
    kinds = {"float32": TensorProto.FLOAT, "int32": TensorProto.INT64}
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info(t.name, kinds[t.dtype], ["rows", t.elements]) for t in inputs],
        [helper.make_tensor_value_info(t.name, kinds[t.dtype], None) for t in outputs],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    versions = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", ml)]
    proto = helper.make_model(graph, opset_imports=versions, ir_version=10)
    return OnnxModel("small", proto, Interface("other", tuple(inputs), tuple(outputs)))


def interpreted(model: OnnxModel, rows: Rows) -> dict[str, Array]:
    """The outputs of the program, through its bytes."""
    return run_program(decode_program(encode_program(lower(model))), model.interface, rows)


def by_onnxruntime(model: OnnxModel, rows: Rows) -> dict[str, Array]:
    """The outputs of ONNX Runtime, row by row."""
    session = open_session(model.proto)
    names = [t.name for t in model.interface.outputs]
    kinds = {"float32": np.float32, "int32": np.int64}
    results: dict[str, list[Array]] = {name: [] for name in names}
    for row in range(len(rows)):
        feeds = {t.name: rows.tensors[t.name][[row]].astype(kinds[t.dtype]) for t in model.interface.inputs}
        for name, result in zip(names, session.run(names, feeds), strict=True):
            results[name].append(np.asarray(result).ravel())
    return {t.name: np.array(results[t.name]).astype(t.numpy_dtype) for t in model.interface.outputs}


def assert_same(model: OnnxModel, rows: Rows, *, rtol: float = 2e-6) -> None:
    """Labels are equal, numbers within `rtol` of the largest of the output."""
    found, expected = interpreted(model, rows), by_onnxruntime(model, rows)
    for tensor in model.interface.outputs:
        want = expected[tensor.name]
        if tensor.dtype == "int32":
            np.testing.assert_array_equal(found[tensor.name], want, tensor.name)
        else:
            finite = np.abs(want[np.isfinite(want)])
            size = float(finite.max()) if finite.size else 0.0
            np.testing.assert_allclose(found[tensor.name], want, rtol, rtol * size, err_msg=tensor.name)
