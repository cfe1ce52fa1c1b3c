"""What the native engine cannot run is refused with the node and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import Tensor
from ecu_bundle.lowering import lower
from lowering.graphs import model_of, node

NONE: Mapping[str, NDArray[Any]] = {}
LINEAR = {"coefficients": [1.0] * 6, "intercepts": [0.0]}


@pytest.mark.parametrize(
    ("proto", "constants", "words"),
    [
        (node("Selu", ["X"], "y"), NONE, "the operator"),
        (node("Cast", ["X"], "y", to=TensorProto.FLOAT16), NONE, "FLOAT16"),
        (node("Gather", ["X", "i"], "y", axis=1), {"i": np.empty(0, np.int64)}, "without elements"),
        (node("CumSum", ["X", "a"], "y", reverse=1), {"a": np.array(1)}, "backward"),
        (node("ArgMax", ["X"], "y", axis=1, select_last_index=1), NONE, "last of equal"),
        (node("Pad", ["X", "p"], "y", mode="edge"), {"p": np.array([0, 1, 0, 1])}, "repeats"),
        (node("LinearClassifier", ["X"], "y", "z", classlabels_ints=[0, 1], **LINEAR), NONE, "1 scores"),
        (node("LinearClassifier", ["X"], "y", "z", classlabels_strings=["a"], **LINEAR), NONE, "text"),
        (node("LinearRegressor", ["X"], "y", post_transform="PROBIT", **LINEAR), NONE, "PROBIT"),
        (node("OneHotEncoder", ["X"], "y", cats_strings=["a"]), NONE, "text as categories"),
        (node("Add", ["X", "c"], "y"), {"c": np.ones(6, np.float16)}, "float16"),
    ],
)
def test_a_refusal_names_node_and_way_out(
    proto: onnx.NodeProto, constants: Mapping[str, NDArray[Any]], words: str
) -> None:
    nodes = [proto, node("Neg", ["y"], "w")]
    with pytest.raises(UnsupportedModelError, match=words) as caught:
        lower(model_of(nodes, constants, [Tensor("w", "float32", 6)]))
    assert caught.value.place == f"small, ONNX node 'node_y', operator {proto.op_type}"
    assert caught.value.stage == "lower"
    assert caught.value.hint


def test_a_tensor_beyond_the_format_is_refused() -> None:
    nodes = [node("Expand", ["X", "s"], "x"), node("Neg", ["x"], "y")]
    with pytest.raises(UnsupportedModelError, match="a tensor of 25165824 elements"):
        lower(model_of(nodes, {"s": np.array([2**22, 6])}, [Tensor("y", "float32", 6)]))


def test_whole_numbers_beyond_32_bits_are_refused() -> None:
    nodes = [node("Cast", ["X"], "i", to=TensorProto.INT64), node("Add", ["i", "c"], "y")]
    with pytest.raises(UnsupportedModelError, match="beyond 32 bits"):
        lower(model_of(nodes, {"c": np.array([2**31])}, [Tensor("y", "int32", 6)]))


def test_a_setting_that_is_computed_is_refused() -> None:
    nodes = [
        node("ArgMax", ["X"], "k", axis=1),
        node("TopK", ["X", "k"], "y", "p"),
    ]
    with pytest.raises(UnsupportedModelError, match="depends on the input"):
        lower(model_of(nodes, {}, [Tensor("y", "float32", 6)]))


def test_an_output_of_another_size_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="6 f32, the interface says 5 f32"):
        lower(model_of([node("Neg", ["X"], "y")], {}, [Tensor("y", "float32", 5)]))
