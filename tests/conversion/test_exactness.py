"""Which outputs are exact: derived from the graph, output by output."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ecu_bundle.conversion import convert
from ecu_bundle.conversion.exactness import exact_outputs, sums_exactly

from .models import THREE, TWO, VALUE, X

CASES: dict[str, tuple[Any, Any, tuple[str, ...]]] = {
    "tree": (DecisionTreeRegressor(max_depth=4), VALUE, ("variable",)),
    "classifying tree": (DecisionTreeClassifier(max_depth=4), THREE, ("label", "probabilities")),
    "forest": (RandomForestRegressor(5), VALUE, ("variable",)),
    "classifying forest": (RandomForestClassifier(4), TWO, ("label", "probabilities")),
    "boosting": (GradientBoostingRegressor(n_estimators=4), VALUE, ("variable",)),
    "classifying boosting": (GradientBoostingClassifier(n_estimators=4), THREE, ("label",)),
    "classifying hist boosting": (HistGradientBoostingClassifier(max_iter=4), TWO, ("label",)),
    "behind a scaler": (make_pipeline(StandardScaler(), RandomForestRegressor(5)), VALUE, ("variable",)),
    "behind a rotation": (make_pipeline(PCA(), RandomForestClassifier(5)), TWO, ()),
    "linear": (LinearRegression(), VALUE, ()),
    "logistic": (LogisticRegression(), TWO, ()),
}


@pytest.mark.parametrize("case", CASES)
def test_exact_outputs(case: str) -> None:
    estimator, y, exact = CASES[case]
    model = convert(estimator.fit(X, y))
    assert model.exact_outputs == exact
    assert exact_outputs(model.proto) == set(exact)


def graph(nodes: list[onnx.NodeProto], kind: int, *constants: tuple[str, np.ndarray[Any, Any]]) -> Any:
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 2])]
    outputs = [helper.make_tensor_value_info("y", kind, None)]
    initializers = [numpy_helper.from_array(values, name) for name, values in constants]
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(
        helper.make_graph(nodes, "g", inputs, outputs, initializers), opset_imports=opsets
    )


def arithmetic(operation: str, kind: int) -> Any:
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    nodes = [
        helper.make_node("Cast", ["x"], ["wide"], to=kind),
        helper.make_node(operation, ["wide", "c"], ["z"]),
        helper.make_node("Cast", ["z"], ["y"], to=TensorProto.FLOAT),
    ]
    return graph(nodes, TensorProto.FLOAT, ("c", np.array([2.0, 3.0], dtype)))


@pytest.mark.parametrize("operation", ["Add", "Sub", "Mul", "Div"])
def test_arithmetic_is_exact_in_float64_and_whole_numbers_alone(operation: str) -> None:
    assert exact_outputs(arithmetic(operation, TensorProto.DOUBLE)) == {"y"}
    assert exact_outputs(arithmetic(operation, TensorProto.INT64)) == {"y"}
    assert exact_outputs(arithmetic(operation, TensorProto.FLOAT)) == set()


def test_an_output_is_smooth_when_one_ancestor_is() -> None:
    nodes = [
        helper.make_node("Exp", ["x"], ["e"]),
        helper.make_node("Concat", ["x", "e"], ["both"], axis=1),
        helper.make_node("ArgMax", ["both"], ["y"], axis=1),
    ]
    assert exact_outputs(graph(nodes, TensorProto.INT64)) == set()
    assert exact_outputs(graph([helper.make_node("ArgMax", ["x"], ["y"], axis=1)], TensorProto.INT64)) == {
        "y"
    }


def ensemble(weights: list[float], trees: list[int], **extra: Any) -> onnx.NodeProto:
    return helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        n_targets=1,
        target_ids=[0] * len(weights),
        target_treeids=trees,
        target_nodeids=list(range(len(weights))),
        target_weights=weights,
        **extra,
    )


def test_a_table_behind_a_tensor_of_unknown_type() -> None:
    """onnx infers no type for Scaler, and its LabelEncoder ended the process on such an input."""
    nodes = [
        helper.make_node("Scaler", ["X"], ["scaled"], domain="ai.onnx.ml", offset=[0.0], scale=[0.5]),
        helper.make_node(
            "LabelEncoder", ["scaled"], ["y"], domain="ai.onnx.ml", keys_floats=[1.0], values_int64s=[0]
        ),
    ]
    inputs = [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 1])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.INT64, [None, 1])]
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 2)]
    graph = helper.make_graph(nodes, "table", inputs, outputs)
    assert exact_outputs(helper.make_model(graph, opset_imports=opsets)) == frozenset()


SUMS: list[tuple[list[float], list[int], bool]] = [
    ([0.1, 0.7], [0, 0], True),  # one tree adds nothing
    ([0.5, 0.25, 0.75], [0, 0, 1], True),
    ([0.1, 0.7], [0, 1], False),  # as the standard converter writes them
    ([2.0**23, 2.0**23], [0, 1], True),
    ([2.0**23, 2.0**23, 1.0], [0, 1, 2], False),  # the sum needs 25 bits
    ([2.0**23, 2.0**23 - 1.0, 1.0], [0, 1, 2], True),
    ([1.0, 2.0**-24], [0, 1], False),
    ([1.0, 2.0**-23], [0, 1], True),
    ([0.0, 0.0], [0, 1], True),
    ([float("inf"), 1.0], [0, 1], False),
]


@pytest.mark.parametrize(("weights", "trees", "exact"), SUMS)
def test_sums_of_leaves(weights: list[float], trees: list[int], exact: bool) -> None:
    assert sums_exactly(ensemble(weights, trees)) == exact


@pytest.mark.parametrize(
    "extra", [{"post_transform": "LOGISTIC"}, {"aggregate_function": "AVERAGE"}, {"base_values": [0.1]}]
)
def test_what_is_done_to_a_sum_inside_the_node_is_not_exact(extra: dict[str, Any]) -> None:
    assert not sums_exactly(ensemble([0.5], [0], **extra))
