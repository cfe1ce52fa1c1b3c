"""Small models with fixed bytes, and golden vectors made by ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ecu_bundle.artifacts import GoldenVectors, OnnxModel
from ecu_bundle.interface import Array, Code, Interface, Rows, Tensor

HOSTILE = 'a*/ b/* "c" \\ ??/ ??=\n#error\r%s $x `d` | <b> \u202e\u0000'.replace("\0", "")
"""Text that would end comments, continue lines, form trigraphs or hide what follows."""


def regressor(name: str = "fuel") -> OnnxModel:
    """``mpg = 40 - 0.1 * horsepower - 0.002 * weight + 2 * origin``."""
    interface = Interface(
        "regressor",
        (
            Tensor(
                "Horse Power", "float32", unit="hp", minimum=46.0, maximum=230.0, description="Rated power"
            ),
            Tensor("weight", "float32", unit="lb", minimum=1613.0),
            Tensor(
                "origin",
                "int32",
                codes=(Code(-1, "unknown"), Code(0, "Europe"), Code(1, "Japan"), Code(2, "North America")),
            ),
        ),
        (Tensor("mpg", "float32", unit="mi/gal"),),
    )
    return _linear(name, interface, np.array([[-0.1], [-0.002], [2.0]]), np.array([40.0]))


def classifier(name: str = "gear_fault") -> OnnxModel:
    """Three classes from two signals of four samples each; the label is the largest score."""
    interface = Interface(
        "classifier",
        (
            Tensor("vibration", "float32", 4, "m/s²", description="Four samples, 1 ms apart"),
            Tensor("temperature", "float32", 1, "°C", -40.0, 150.0),
        ),
        (
            Tensor("label", "int32", codes=(Code(0, "ok"), Code(1, "worn"), Code(2, "broken"))),
            Tensor("score", "float32", 3, element_names=("ok", "worn", "broken")),
        ),
    )
    weights = np.linspace(-1.0, 1.0, 15).reshape(5, 3)
    return _linear(name, interface, weights, np.array([0.5, -0.25, 0.125]))


def hostile(name: str = "class") -> OnnxModel:
    """Every text is an attack on the generated sources, or clashes with another one."""
    names = [HOSTILE, "int", "3.5", "3 5", "  ", "日本", "Ümlaut ß", "Model", "INT", "count", "linux", "a__b"]
    codes = tuple(
        Code(value, text)
        for value, text in enumerate(
            [HOSTILE, "Unknown", "unknown", "-1", "1", "", "日本", "<=50K", ">50K", "a", "A"]
        )
    )
    inputs = [Tensor(text, "float32", 1, text, -1e-40, 1e300, text) for text in names]
    inputs.append(Tensor("range only below", "float32", maximum=3.4028235677973366e38, accepts_nan=True))
    inputs.append(Tensor("class", "int32", codes=codes, description=HOSTILE, unit=HOSTILE))
    inputs.append(
        Tensor("classes", "int32", 3, codes=(Code(-2147483648, "lowest"), Code(2147483647, "highest")))
    )
    inputs.append(Tensor("x" * 300, "float32", 2, "u" * 300, description="long words " * 100))
    outputs = (
        Tensor("CLASS", "int32", codes=(Code(-1, "outlier"), Code(1, "inlier"))),
        Tensor("Class", "float32", 2, HOSTILE, description=HOSTILE, element_names=(HOSTILE, "class")),
    )
    interface = Interface("outlier_detector", tuple(inputs), outputs)
    rng = np.random.default_rng(1)
    return _linear(name, interface, rng.normal(size=(interface.features, 2)), np.zeros(2), labels=(-1, 1))


def _linear(
    name: str,
    interface: Interface,
    weights: NDArray[np.float64],
    bias: NDArray[np.float64],
    labels: tuple[int, ...] | None = None,
) -> OnnxModel:
    """All inputs side by side times the weights; with two outputs the first is the best class."""
    nodes = []
    parts = []
    for index, tensor in enumerate(interface.inputs):
        parts.append(f"part{index}")
        nodes.append(helper.make_node("Cast", [tensor.name], [parts[-1]], to=TensorProto.FLOAT))
    nodes.append(helper.make_node("Concat", parts, ["all"], axis=1))
    value = interface.outputs[-1].name
    nodes.append(helper.make_node("Gemm", ["all", "W", "b"], [value]))
    constants = [
        numpy_helper.from_array(weights.astype(np.float32), "W"),
        numpy_helper.from_array(bias.astype(np.float32), "b"),
    ]
    if len(interface.outputs) == 2:
        table = np.array(labels or range(len(bias)), dtype=np.int64)
        constants.append(numpy_helper.from_array(table, "labels"))
        nodes.append(helper.make_node("ArgMax", [value], ["best"], axis=1, keepdims=1))
        nodes.append(helper.make_node("Gather", ["labels", "best"], [interface.outputs[0].name]))
    graph = helper.make_graph(nodes, name, _infos(interface.inputs), _infos(interface.outputs), constants)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(proto)
    return OnnxModel(name, proto, interface)


def _infos(tensors: Iterable[Tensor]) -> list[onnx.ValueInfoProto]:
    kinds = {"float32": TensorProto.FLOAT, "int32": TensorProto.INT64}
    return [helper.make_tensor_value_info(t.name, kinds[t.dtype], [None, t.elements]) for t in tensors]


def rows(interface: Interface, count: int, seed: int = 0) -> Rows:
    """Random rows: float32 in the declared range or near zero, codes from the interface."""
    rng = np.random.default_rng(seed)
    tensors: dict[str, Array] = {}
    for tensor in interface.inputs:
        shape = (count, tensor.elements)
        if tensor.codes:
            tensors[tensor.name] = rng.choice([c.value for c in tensor.codes], shape).astype(np.int32)
        elif np.isfinite([tensor.minimum, tensor.maximum]).all() and tensor.maximum < 1e30:
            tensors[tensor.name] = rng.uniform(tensor.minimum, tensor.maximum, shape).astype(np.float32)
        else:
            tensors[tensor.name] = rng.normal(size=shape).astype(np.float32)
    return Rows(tensors, ("range",) * count)


def expected(model: OnnxModel, inputs: Rows) -> dict[str, Array]:
    """What ONNX Runtime in Python computes, row by row with one thread."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.data, options, providers=["CPUExecutionProvider"])
    results: list[list[NDArray[np.generic]]] = []
    for index in range(len(inputs)):
        feed = {
            tensor.name: inputs.tensors[tensor.name][index : index + 1].astype(
                np.float32 if tensor.dtype == "float32" else np.int64
            )
            for tensor in model.interface.inputs
        }
        results.append(session.run(None, feed))
    outputs: dict[str, Array] = {}
    for index, tensor in enumerate(model.interface.outputs):
        values = np.concatenate([row[index] for row in results])
        is_float = tensor.dtype == "float32"
        outputs[tensor.name] = values.astype(np.float32) if is_float else values.astype(np.int32)
    return outputs


def golden(model: OnnxModel, count: int = 5, tolerance: float = 0.0) -> GoldenVectors:
    """Golden vectors of random rows; the tolerance is both absolute and relative."""
    inputs = rows(model.interface, count)
    names = [tensor.name for tensor in model.interface.outputs if tensor.dtype == "float32"]
    tolerances = dict.fromkeys(names, tolerance)
    return GoldenVectors(inputs, expected(model, inputs), tolerances, tolerances)
