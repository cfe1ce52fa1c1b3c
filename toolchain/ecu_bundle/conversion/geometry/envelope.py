"""EllipticEnvelope: the squared Mahalanobis distance against a limit."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import outputs, shape_of_label


def convert(scope: Any, operator: Any, container: Any) -> None:
    """Label 1 or -1, and the score: minus the squared distance, less the offset.

    In float64: with correlated inputs the entries of the precision matrix are large and cancel.
    """
    real, model = Arithmetic(scope, operator, container, double=True), operator.raw_operator
    difference = real.offset(real.input(), model.location_[None, :])
    turned = real.op("MatMul", difference, model.get_precision())
    distance = real.sum(real.op("Mul", turned, difference), 1, keep=True)
    score = real.op("Sub", -float(model.offset_), distance)
    flat = real.op("Reshape", score, real.integers([-1]))
    inside = real.nodes.cast(real.op("GreaterOrEqual", flat, 0.0), TensorProto.INT64)
    real.write_label(inside, np.array([-1, 1]))
    real.write(score, 1)


def families() -> list[Family]:
    """EllipticEnvelope alone."""
    from sklearn.covariance import EllipticEnvelope

    one_score = shape_of_label(lambda _: 1)
    return [Family(EllipticEnvelope, convert, one_score, outputs("label", "scores"), wide=True)]
