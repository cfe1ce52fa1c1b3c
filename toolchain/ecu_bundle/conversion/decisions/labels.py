"""Write the outputs that every converter of ours ends in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.signatures import shape_of_label
from ecu_bundle.parity.outputs import class_codes


def class_values(classes: Any) -> NDArray[np.int64]:
    """The label that the device returns for each class, int64 (classes)."""
    return np.array(class_codes(classes), dtype=np.int64)


def write_label(nodes: Nodes, operator: Any, index: str) -> None:
    """Writes the label output from positions of classes, int64 (rows) or (rows, 1)."""
    flat = nodes.add("Reshape", [index, nodes.constant(np.array([-1], dtype=np.int64))])
    classes = nodes.constant(class_values(operator.raw_operator.classes_))
    nodes.add("Gather", [classes, flat], operator.outputs[0].full_name, axis=0)


def write_best(nodes: Nodes, operator: Any, scores: str) -> None:
    """Label: the first class with the largest score of (rows, classes); the scores are the second output."""
    write_label(nodes, operator, nodes.add("ArgMax", [scores], axis=1, keepdims=0))
    write_real(nodes, operator, scores, position=1)


def wants_scores(operator: Any, container: Any) -> bool:
    """Whether the second output of a classifier is its decision function; else its probabilities."""
    model = operator.raw_operator
    asked = container.get_options(model, {"raw_scores": False}).get("raw_scores", False)
    return bool(asked) or not hasattr(model, "predict_proba")


def two_sides(nodes: Nodes, scores: str, classes: int) -> str:
    """Scores of all classes: [-d, d] for one score d of two classes; others are as they are."""
    return nodes.add("Concat", [nodes.add("Neg", [scores]), scores], axis=1) if classes == 2 else scores


def write_real(nodes: Nodes, operator: Any, source: str, *, position: int = 0) -> None:
    """Writes an output as the numbers that its shape calculator declares."""
    from skl2onnx.common.data_types import DoubleTensorType

    output = operator.outputs[position]
    kind = TensorProto.DOUBLE if isinstance(output.type, DoubleTensorType) else TensorProto.FLOAT
    nodes.cast(source, kind, output.full_name)


classifier_shape = shape_of_label(lambda model: len(model.classes_))
"""The outputs of a classifier: whole-number labels (rows), and numbers (rows, classes)."""
