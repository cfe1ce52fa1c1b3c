"""OneClassSVM and SGDOneClassSVM: a score of exactly 0 is one of the two labels, not a third."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecu_bundle.conversion.nodes import Nodes, real_type
from ecu_bundle.conversion.registry import Converter, Family
from ecu_bundle.conversion.signatures import shape_of_label


def _convert_with(other: Converter, test: str) -> Converter:
    """skl2onnx's converter, with a comparison in place of the sign, which is 0 for a score of 0.

    Args:
        other: writes score and sign.
        test: the operator by which scikit-learn compares a score with 0: true is an inlier.
    """

    def convert(scope: Any, operator: Any, container: Any) -> None:
        written = len(container.nodes)
        other(scope, operator, container)
        (sign,) = (node for node in container.nodes[written:] if node.op_type == "Sign")
        container.nodes.remove(sign)
        nodes = Nodes(scope, container)
        zero = nodes.constant(np.array([0.0], dtype=real_type(operator)))
        inlier, outlier = (nodes.constant(np.array([label])) for label in (1, -1))
        label = nodes.add("Where", [nodes.add(test, [sign.input[0], zero]), inlier, outlier])
        (reader,) = (node for node in container.nodes[written:] if sign.output[0] in node.input)
        reader.input[0] = label

    return convert


def families() -> list[Family]:
    """The two estimators; libsvm has no inlier at 0, the one fitted by gradients has."""
    from skl2onnx.common._registration import get_converter
    from sklearn.linear_model import SGDOneClassSVM
    from sklearn.svm import OneClassSVM

    shape = shape_of_label(lambda _: 1)
    return [
        Family(OneClassSVM, _convert_with(get_converter("SklearnOneClassSVM"), "Greater"), shape),
        Family(
            SGDOneClassSVM, _convert_with(get_converter("SklearnSGDOneClassSVM"), "GreaterOrEqual"), shape
        ),
    ]
