"""Which outputs are exact: every step from the inputs is exact, or one IEEE operation in float64.

Such an output has the same bits on every processor, and differs from scikit-learn's by the order in which
float64 numbers are added, at most: one unit in the last place of float32. A label decided this way is
not forgiven a difference. All other outputs are smooth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

_MOVES = frozenset(
    {
        "ArrayFeatureExtractor",
        "Cast",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "Expand",
        "Flatten",
        "Gather",
        "GatherElements",
        "GatherND",
        "Identity",
        "Imputer",
        "LabelEncoder",
        "OneHot",
        "OneHotEncoder",
        "Reshape",
        "ScatterElements",
        "Shape",
        "Slice",
        "Split",
        "Squeeze",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "Where",
    }
)
_DECISIONS = frozenset(
    {
        "Abs",
        "And",
        "ArgMax",
        "ArgMin",
        "Clip",
        "Equal",
        "Greater",
        "GreaterOrEqual",
        "IsInf",
        "IsNaN",
        "Less",
        "LessOrEqual",
        "Max",
        "Min",
        "Neg",
        "Not",
        "Or",
        "ReduceMax",
        "ReduceMin",
        "Relu",
        "Sign",
        "TopK",
        "Xor",
    }
)
_ARITHMETIC = frozenset({"Add", "CumSum", "Div", "Mul", "Sqrt", "Sub", "Sum"})
"""One correctly rounded operation for each element, or, for CumSum and Sum, additions in a fixed order."""

_WIDE = (TensorProto.DOUBLE, TensorProto.INT64, TensorProto.INT32)
_MANTISSA = 2**24


def exact_outputs(proto: onnx.ModelProto) -> frozenset[str]:
    """Names of the graph's outputs whose ancestors are tree walks, exact sums, decisions and moves of data.

    Additions, products and roots count when they are done in float64 or in whole numbers; in float32
    they round once more for each operation.
    """
    types = _types(proto)
    smooth: set[str] = set()
    for node in proto.graph.node:
        if not _is_exact(node, types) or any(name in smooth for name in node.input):
            smooth |= set(node.output)
    return frozenset(value.name for value in proto.graph.output) - smooth


def _types(proto: onnx.ModelProto) -> dict[str, int]:
    """Element type of each tensor, where it can be inferred."""
    graph = onnx.shape_inference.infer_shapes(_with_types(proto)).graph
    types = {v.name: v.type.tensor_type.elem_type for v in (*graph.input, *graph.value_info, *graph.output)}
    return types | {i.name: i.data_type for i in graph.initializer}


_KEYS = {
    "keys_floats": TensorProto.FLOAT,
    "keys_int64s": TensorProto.INT64,
    "keys_strings": TensorProto.STRING,
}


def _with_types(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Declares what each LabelEncoder reads: onnx ends the process where it cannot infer that.

    It infers no type behind several operators of ``ai.onnx.ml``. The keys have the type of the input.
    """
    known = {value.name for value in (*proto.graph.value_info, *proto.graph.output, *proto.graph.input)}
    read = {
        node.input[0]: _KEYS[attribute.name]
        for node in proto.graph.node
        if node.op_type == "LabelEncoder"
        for attribute in node.attribute
        if attribute.name in _KEYS and node.input[0] not in known
    }
    if not read:
        return proto
    declared = onnx.ModelProto()
    declared.CopyFrom(proto)
    declared.graph.value_info.extend(
        helper.make_tensor_value_info(name, kind, None) for name, kind in sorted(read.items())
    )
    return declared


def _is_exact(node: onnx.NodeProto, types: Mapping[str, int]) -> bool:
    if node.op_type in _ARITHMETIC:
        return types.get(node.output[0]) in _WIDE
    if node.op_type in ("TreeEnsembleRegressor", "TreeEnsembleClassifier"):
        return sums_exactly(node)
    return node.op_type in _MOVES or node.op_type in _DECISIONS


def sums_exactly(node: onnx.NodeProto) -> bool:
    """Whether every sum over trees is exact in float32, whatever the order of additions.

    It is when all leaves of a target are multiples of a power of two q and the largest leaves of all
    trees add up to no more than 2**24 q: every partial sum is then a float32 number. One tree adds
    nothing.
    """
    a: dict[str, Any] = {x.name: helper.get_attribute_value(x) for x in node.attribute}
    kind = "target" if node.op_type == "TreeEnsembleRegressor" else "class"
    plain = a.get("post_transform", b"NONE") == b"NONE" and a.get("aggregate_function", b"SUM") == b"SUM"
    if not plain or any(a.get("base_values", ())):
        return False
    targets = np.array(a[f"{kind}_ids"], dtype=np.int64)
    trees = np.array(a[f"{kind}_treeids"], dtype=np.int64)
    weights = np.array(a[f"{kind}_weights"], dtype=np.float64)
    if kind == "class" and len(np.unique(targets)) < 2:
        return False  # the other class is one minus the sum, rounded
    if not np.isfinite(weights).all():
        return False
    return all(_fits(trees[targets == target], weights[targets == target]) for target in np.unique(targets))


def _fits(trees: np.ndarray[Any, Any], weights: np.ndarray[Any, Any]) -> bool:
    used = weights != 0.0
    trees, weights = trees[used], weights[used]
    if len(np.unique(trees)) < 2:
        return True
    mantissa, exponent = np.frexp(weights)
    whole = np.abs(mantissa * _MANTISSA).astype(np.int64)
    lowest = np.log2((whole & -whole).astype(np.float64)).astype(np.int64) + exponent
    _, position = np.unique(trees, return_inverse=True)
    largest = np.zeros(int(position.max()) + 1)
    np.maximum.at(largest, position, np.abs(weights))
    grid = math.ldexp(1.0, int(lowest.min()) - 24)
    return math.fsum(largest) <= _MANTISSA * grid
