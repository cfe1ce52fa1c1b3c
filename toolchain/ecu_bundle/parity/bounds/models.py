"""Rules for the operators of ``ai.onnx.ml`` that hold a whole model or a preprocessing step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ecu_bundle.parity.bounds import elementary
from ecu_bundle.parity.bounds.arithmetic import (
    absolute,
    divide,
    multiply,
    plus,
    product,
    subtract,
    whole_power,
)
from ecu_bundle.parity.bounds.bounded import (
    Attributes,
    Bounded,
    NoBoundError,
    constant,
    exact,
    gamma,
    rounded,
)
from ecu_bundle.parity.bounds.discrete import leads
from ecu_bundle.parity.bounds.reductions import reduce_l1, reduce_l2, reduce_max, reduce_sum

Inputs = Sequence[Bounded]


def _floats(values: Any) -> Bounded:
    return constant(np.asarray(values, dtype=np.float32))


def scaler(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """``(x - offset) * scale``."""
    moved = subtract({}, [inputs[0], _floats(attributes.get("offset", [0.0]))])[0]
    return multiply({}, [moved, _floats(attributes.get("scale", [1.0]))])


def normalizer(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """Each row divided by its norm; shares of 1 stay what they are."""
    norm = attributes.get("norm", b"MAX").decode()
    if norm == "L1" and inputs[0].shares:
        return [_shares(inputs[0])]
    over = {"axes": [-1], "keepdims": 1}
    if norm == "L1":
        size = reduce_l1(over, inputs)
    elif norm == "L2":
        size = reduce_l2(over, inputs)
    else:
        size = reduce_max(over, absolute({}, inputs))
    return divide({}, [inputs[0], size[0]])


def lp_normalization(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """As `normalizer`, along an axis."""
    axis = int(attributes.get("axis", -1))
    over = {"axes": [axis], "keepdims": 1}
    first = int(attributes.get("p", 2)) == 1
    if first and inputs[0].shares and axis in (-1, inputs[0].value.ndim - 1):
        return [_shares(inputs[0])]
    size = reduce_l1(over, inputs) if first else reduce_l2(over, inputs)
    return divide({}, [inputs[0], size[0]])


def _shares(a: Bounded) -> Bounded:
    """``|x' / sum x' - x| <= (|dx| + x |dS|) / S'`` with the exact sum 1 and ``|dS| <= sum |dx|``."""
    off = a.error.sum(axis=-1, keepdims=True)
    off = off + gamma(a.value.shape[-1], a.unit) * (1.0 + off)
    with np.errstate(all="ignore"):
        error = np.where(off < 1.0, (a.error + np.minimum(a.size, 1.0) * off) / (1.0 - off), np.inf)
        return rounded(a.value, a.radius, error, a.kind, roundings=2.0, floor=0.0)


def imputer(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """NaN, or one number, replaced."""
    a = inputs[0]
    filled = _floats(attributes["imputed_value_floats"])
    replaced = float(attributes.get("replaced_value_float", 0.0))
    if np.isnan(replaced):
        hole = np.isnan(a.value)
    elif a.known:
        hole = a.value == replaced
    else:
        raise NoBoundError("no bound for Imputer of a number")
    return [
        Bounded(
            np.where(hole, filled.value, a.value),
            np.where(hole, filled.radius, a.radius),
            np.where(hole, filled.error, a.error),
            a.kind,
        )
    ]


def _post(transform: str, scores: Bounded) -> Bounded:
    if transform == "NONE":
        return scores
    if transform == "SOFTMAX":
        return elementary.softmax({"axis": -1}, [scores])[0]
    if transform == "LOGISTIC":
        return elementary.sigmoid({}, [scores])[0]
    raise NoBoundError(f"no bound for post_transform {transform}")


def linear_regressor(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """``X C' + intercepts``."""
    return [_post(attributes.get("post_transform", b"NONE").decode(), _linear(attributes, inputs[0]))]


def _linear(attributes: Attributes, a: Bounded) -> Bounded:
    coefficients = np.asarray(attributes["coefficients"], dtype=np.float32)
    table = coefficients.reshape(-1, a.value.shape[1])
    result = product(a, _floats(table.T.copy()), 1)
    intercepts = attributes.get("intercepts")
    return plus(result, _floats(intercepts), 1.0) if intercepts else result


def linear_classifier(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """Scores as in `linear_regressor`; the label of the first largest score."""
    scores = _linear(attributes, inputs[0])
    labels = attributes.get("classlabels_ints")
    if not labels or len(labels) != scores.value.shape[1]:
        raise NoBoundError("no bound for LinearClassifier with one score for two classes")
    label = _label(scores, labels)
    return [label, _post(attributes.get("post_transform", b"NONE").decode(), scores)]


def _label(scores: Bounded, labels: Sequence[int]) -> Bounded:
    winner = np.argmax(scores.value, axis=1)[:, None]
    known, sure = leads(scores, scores.value, winner, 1)
    classes = np.asarray(labels, dtype=np.float64)
    spread = float(classes.max() - classes.min())
    return Bounded(
        classes[winner[:, 0]],
        np.where(known[:, 0], 0.0, spread),
        np.where(sure[:, 0], 0.0, np.inf),
        "int64",
    )


def svm_regressor(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """``sum_i a_i K(x, s_i) + rho``; of a one-class SVM the sign."""
    a = inputs[0]
    weights = np.asarray(attributes["coefficients"], dtype=np.float32)
    if int(attributes.get("n_supports", 0)) > 0:
        vectors = np.asarray(attributes["support_vectors"], np.float32).reshape(len(weights), -1)
        kernel = svm_kernel(attributes, a, vectors)
        result = product(kernel, _floats(weights[:, None]), 1)
    else:
        result = product(a, _floats(weights[:, None]), 1)
    result = plus(result, _floats(attributes.get("rho", [0.0])[:1]), 1.0)
    if attributes.get("one_class"):
        reach = result.radius + result.error
        sure = np.abs(result.value) > reach
        sign = np.where(result.value > 0.0, 1.0, -1.0)
        result = Bounded(sign, np.where(sure, 0.0, 2.0), np.where(sure, 0.0, np.inf), a.kind)
    return [result]


def svm_kernel(attributes: Attributes, a: Bounded, vectors: Any) -> Bounded:
    """(rows, vectors): the kernel between each row and each support vector."""
    kind = attributes.get("kernel_type", b"LINEAR").decode()
    rate, offset, degree = attributes["kernel_params"] if kind != "LINEAR" else (1.0, 0.0, 3.0)
    if kind == "RBF":
        return _radial(a, vectors, rate)
    inner = product(a, _floats(vectors.T.copy()))
    if kind == "LINEAR":
        return inner
    inner = multiply({}, [inner, _floats([rate])])[0]
    inner = plus(inner, _floats([offset]), 1.0)
    if kind == "SIGMOID":
        return elementary.hyperbolic_tangent({}, [inner])[0]
    if kind == "POLY" and degree == round(degree) and degree >= 1:
        return whole_power(inner, int(degree))
    raise NoBoundError(f"no bound for the kernel {kind}")


def _radial(a: Bounded, vectors: Any, gain: float) -> Bounded:
    """``exp(-g |x - s|^2)``, one support vector after another to save memory."""
    columns = []
    rate = exact(np.array([-gain]), a.kind)
    rate = Bounded(rate.value, np.abs(rate.value) * 2.0**-23, np.abs(rate.value) * 2.0**-23, a.kind)
    for vector in vectors:
        difference = subtract({}, [a, _floats(vector)])[0]
        total = reduce_sum({"axes": [-1], "keepdims": 1}, [whole_power(difference, 2)])[0]
        columns.append(elementary.exponential({}, multiply({}, [total, rate]))[0])
    return Bounded(
        np.concatenate([c.value for c in columns], axis=1),
        np.concatenate([c.radius for c in columns], axis=1),
        np.concatenate([c.error for c in columns], axis=1),
        a.kind,
        0.0,
    )


def svm_classifier(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """A score for each pair of classes, and the label that most pairs vote for.

    The label is certain when no vote can change. Two classes have the scores ``-d`` and ``d``.
    """
    labels = attributes.get("classlabels_ints")
    supports = attributes.get("vectors_per_class")
    if attributes.get("prob_a") or not labels or not supports:
        raise NoBoundError("no bound for SVMClassifier with probabilities or without support vectors")
    count = sum(supports)
    vectors = np.asarray(attributes["support_vectors"], np.float32).reshape(count, -1)
    weights = np.asarray(attributes["coefficients"], np.float32).reshape(len(supports) - 1, count)
    kernel = svm_kernel(attributes, inputs[0], vectors)
    ends = np.cumsum([0, *supports])
    pairs = [(i, j) for i in range(len(supports)) for j in range(i + 1, len(supports))]
    table = np.zeros((count, len(pairs)), dtype=np.float32)
    for column, (i, j) in enumerate(pairs):
        table[ends[i] : ends[i + 1], column] = weights[j - 1, ends[i] : ends[i + 1]]
        table[ends[j] : ends[j + 1], column] = weights[i, ends[j] : ends[j + 1]]
    scores = plus(product(kernel, _floats(table), 1), _floats(attributes["rho"]), 1.0)
    votes = np.zeros((len(scores.value), len(supports)))
    for column, (i, j) in enumerate(pairs):
        first = scores.value[:, column] > 0.0
        votes[:, i] += first
        votes[:, j] += ~first
    classes = np.asarray(labels, dtype=np.float64)
    gap, spread = np.abs(scores.value), float(classes.max() - classes.min())
    known = (gap > scores.radius).all(axis=1)
    sure = (gap > scores.radius + scores.error).all(axis=1)
    chosen = classes[np.argmax(votes, axis=1)]
    label = Bounded(chosen, np.where(known, 0.0, spread), np.where(sure, 0.0, np.inf), "int64")
    if len(pairs) == 1:
        scores = Bounded(
            np.concatenate([-scores.value, scores.value], axis=1),
            np.tile(scores.radius, 2),
            np.tile(scores.error, 2),
            scores.kind,
        )
    return [label, scores]


def tree_ensemble(attributes: Attributes, inputs: Inputs) -> list[Bounded]:
    """The sum of leaves, exact: the limbs are made so, and `parity.witnesses` checks it.

    A row whose way at a split is unsure is unbounded. For ranges of inputs any leaf may be reached.
    """
    from ecu_bundle.parity.bounds.trees import walk

    return [walk(attributes, inputs[0])]
