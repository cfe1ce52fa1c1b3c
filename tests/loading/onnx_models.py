"""Small ONNX models for the tests of this folder."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def add_one() -> onnx.ModelProto:
    """``y = x + 1`` over four features."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "one"], ["y"])],
        "add_one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 4])],
        [numpy_helper.from_array(np.ones(4, np.float32), "one")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def nested() -> onnx.ModelProto:
    """An ``If`` whose branches each hold a constant."""
    branches = []
    for value in (1.0, 2.0):
        constant = numpy_helper.from_array(np.full(4, value, np.float32), "value")
        node = helper.make_node("Constant", [], ["r"], name="constant", value=constant)
        result = helper.make_tensor_value_info("r", TensorProto.FLOAT, [4])
        branches.append(helper.make_graph([node], "branch", [], [result]))
    choose = helper.make_node(
        "If", ["c"], ["y"], name="choose", then_branch=branches[0], else_branch=branches[1]
    )
    graph = helper.make_graph(
        [choose],
        "choice",
        [helper.make_tensor_value_info("c", TensorProto.BOOL, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
