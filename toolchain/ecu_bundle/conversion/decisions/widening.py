"""Values that are rounded to float32 only to be widened again stay as they were."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper


def keep_wide(proto: onnx.ModelProto) -> None:
    """Lets a Cast to float64 read what a Cast to float32 before it reads; in place.

    scikit-learn passes float64 from an estimator to the one around it. A converter ends in float32,
    since its output may be the model's; where another converter widens that output at once, the
    rounding between the two is not scikit-learn's.
    """
    sources: dict[str, str] = {}
    for node in proto.graph.node:
        if node.op_type == "Cast" and _target(node) == TensorProto.FLOAT:
            sources[node.output[0]] = node.input[0]
        elif node.op_type == "Identity" and node.input[0] in sources:
            sources[node.output[0]] = sources[node.input[0]]
        elif node.op_type == "Cast" and _target(node) == TensorProto.DOUBLE and node.input[0] in sources:
            node.input[0] = sources[node.input[0]]


def _target(node: onnx.NodeProto) -> int:
    return int(next(helper.get_attribute_value(a) for a in node.attribute if a.name == "to"))
