"""IsotonicRegression, and CalibratedClassifierCV by isotonic regression, sigmoid or temperature."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from ecu_bundle.conversion.decisions.inner import Inner
from ecu_bundle.conversion.decisions.interpolation import interpolate
from ecu_bundle.conversion.decisions.labels import classifier_shape, write_best, write_real
from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Family
from ecu_bundle.conversion.signatures import shape_of_values

_LOG_OFFSET = 1e-12
"""What scikit-learn adds to a probability before it takes the logarithm."""


def convert_isotonic(scope: Any, operator: Any, container: Any) -> None:
    """IsotonicRegression: straight lines between its knots, in float64."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    source = nodes.cast(operator.inputs[0].full_name, TensorProto.DOUBLE)
    write_real(nodes, operator, _isotonic(nodes, source, model))


def _isotonic(nodes: Nodes, source: str, model: Any) -> str:
    """What a fitted IsotonicRegression predicts for float64 values (rows, 1), in float64.

    A model that was fitted on float32 values rounds its input to float32 first, as scikit-learn does.
    """
    knots, heights = np.asarray(model.X_thresholds_), np.asarray(model.y_thresholds_)
    single = knots.dtype == np.float32
    if single:
        source = nodes.cast(source, TensorProto.FLOAT)
    if model.out_of_bounds == "raise":
        raise NotImplementedError("out_of_bounds='raise' has no meaning on a device; 'clip' has")
    low, high = (nodes.constant(np.array(v, dtype=knots.dtype)) for v in (model.X_min_, model.X_max_))
    if model.out_of_bounds == "clip":
        clipped = nodes.add("Min", [nodes.add("Max", [source, low]), high])
        result = interpolate(nodes, clipped, knots, heights)
    else:
        result = interpolate(nodes, source, knots, heights)
        if len(knots) > 1:  # one knot is a constant, everywhere
            outside = nodes.add(
                "Or", [nodes.add("Less", [source, low]), nodes.add("Greater", [source, high])]
            )
            nothing = nodes.constant(np.array(np.nan, dtype=knots.dtype))
            result = nodes.add("Where", [outside, nothing, result])
    return nodes.cast(result, TensorProto.DOUBLE) if single else result


def convert_calibrated(scope: Any, operator: Any, container: Any) -> None:
    """CalibratedClassifierCV: the mean of the calibrated probabilities, in float64."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    inner = Inner(scope, container, nodes)
    total = ""
    for calibrated in model.calibrated_classifiers_:
        part = _calibrated(nodes, inner, calibrated, operator.inputs[0])
        total = nodes.add("Add", [total, part]) if total else part
    count = nodes.constant(np.array([float(len(model.calibrated_classifiers_))]))
    write_best(nodes, operator, nodes.add("Div", [total, count]))


def _calibrated(nodes: Nodes, inner: Inner, calibrated: Any, variable: Any) -> str:
    """Probabilities (rows, classes) of one calibrated classifier."""
    model, classes = calibrated.estimator, len(calibrated.classes)
    if len(model.classes_) != classes:
        raise NotImplementedError("a part of its training data lacks a class")
    scored = hasattr(model, "decision_function")
    values = inner.scores(model, variable) if scored else inner.probabilities(model, variable)
    if calibrated.method == "temperature":
        return _by_temperature(nodes, calibrated.calibrators[0], values, classes, scored)
    if classes == 2:
        score = values if scored else inner.column(values, 1)
        second = _calibrate(nodes, score, calibrated.calibrators[0])
        first = nodes.add("Sub", [nodes.constant(np.array([1.0])), second])
        return nodes.add("Concat", [first, second], axis=1)
    columns = [
        _calibrate(nodes, inner.column(values, position), calibrator)
        for position, calibrator in enumerate(calibrated.calibrators)
    ]
    shares = nodes.add("Concat", columns, axis=1)
    total = nodes.add("ReduceSum", [shares, nodes.constant(np.array([1], dtype=np.int64))], keepdims=1)
    # where every calibrator says 0, the classes share equally
    nothing = nodes.add("Equal", [total, nodes.constant(np.array([0.0]))])
    equal = nodes.constant(np.full((1, classes), 1.0 / classes))
    return nodes.add("Where", [nothing, equal, nodes.add("Div", [shares, total])])


def _calibrate(nodes: Nodes, score: str, calibrator: Any) -> str:
    """One calibrator on (rows, 1): isotonic, or ``1 / (1 + exp(a * score + b))``."""
    if hasattr(calibrator, "X_thresholds_"):
        return _isotonic(nodes, score, calibrator)
    one, a, b = (nodes.constant(np.array([v])) for v in (1.0, float(calibrator.a_), float(calibrator.b_)))
    exponent = nodes.add("Add", [nodes.add("Mul", [a, score]), b])
    return nodes.add("Div", [one, nodes.add("Add", [one, nodes.add("Exp", [exponent])])])


def _by_temperature(nodes: Nodes, calibrator: Any, values: str, classes: int, scored: bool) -> str:
    """Softmax of the scaled scores, or of the scaled logarithms of probabilities."""
    logits = values
    if scored and classes == 2:
        logits = nodes.add("Concat", [nodes.add("Neg", [values]), values], axis=1)
    elif not scored:
        logits = nodes.add("Log", [nodes.add("Add", [values, nodes.constant(np.array([_LOG_OFFSET]))])])
    beta = nodes.constant(np.array([float(calibrator.beta_)]))
    return nodes.add("Softmax", [nodes.add("Mul", [beta, logits])], axis=1)


def families() -> list[Family]:
    """Isotonic regression and calibration."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.isotonic import IsotonicRegression

    return [
        Family(IsotonicRegression, convert_isotonic, shape=shape_of_values(lambda _: 1)),
        Family(
            CalibratedClassifierCV, convert_calibrated, shape=classifier_shape, options=CLASSIFIER_OPTIONS
        ),
    ]
