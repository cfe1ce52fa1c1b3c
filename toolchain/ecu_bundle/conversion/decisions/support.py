"""SVC and NuSVC: scores beside probabilities, ties broken by scores, and sums that cancel in float64."""

from __future__ import annotations

import copy
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from scipy import sparse
from sklearn.metrics.pairwise import pairwise_kernels

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.decisions.inner import Inner
from ecu_bundle.conversion.decisions.labels import two_sides, wants_scores, write_label, write_real
from ecu_bundle.conversion.decisions.votes import pairs_of, votes_and_confidences
from ecu_bundle.conversion.geometry.kernel_models import cancels, spread_rows
from ecu_bundle.conversion.geometry.kernels import kernel
from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Converter, Family


def _convert_with(other: Converter) -> Converter:
    """skl2onnx's converter with what it does not know of: it gives either votes or probabilities."""

    def convert(scope: Any, operator: Any, container: Any) -> None:
        model = operator.raw_operator
        if model.break_ties and model.decision_function_shape == "ovr" and len(model.classes_) > 2:
            _convert_broken_ties(scope, operator, container)
        elif wants_scores(operator, container) and len(model.probA_):
            operator.raw_operator = _without_probabilities(model)
            container.add_options(id(operator.raw_operator), {"raw_scores": True})
            convert(scope, operator, container)
        elif not len(model.probA_) and _cancels(model):
            _convert_in_double(scope, operator, container)
        else:
            other(scope, operator, container)

    return convert


def _without_probabilities(model: Any) -> Any:
    plain = copy.copy(model)
    plain.probability = False
    plain._probA = plain._probB = np.empty(0)
    return plain


def _convert_broken_ties(scope: Any, operator: Any, container: Any) -> None:
    """The label is the first class with the largest score, not the one with the most votes."""
    nodes, plain = Nodes(scope, container), copy.copy(operator.raw_operator)
    inner, variable = Inner(scope, container, nodes), operator.inputs[0]
    plain.break_ties = False
    scores = inner.scores(plain, variable)
    write_label(nodes, operator, nodes.add("ArgMax", [scores], axis=1, keepdims=0))
    shown = scores if wants_scores(operator, container) else inner.probabilities(plain, variable)
    write_real(nodes, operator, shown, position=1)


_LARGEST_CANCELLATION = 200.0
"""How much larger than its result a sum may be in float32: 2^-24 of each term is a share of 1e-5 then."""


def _weights(model: Any) -> NDArray[np.float64]:
    """Coefficients (support vectors, pairs) of the scores of all pairs, in libsvm's signs.

    Row j - 1 of its table holds the coefficients of a vector of class i < j against class j, row i those of
    class j against class i (C.-C. Chang and C.-J. Lin, LIBSVM, section 4).
    """
    table, counts = np.asarray(model._dual_coef_), model._n_support
    owner = np.repeat(np.arange(len(counts)), counts)
    columns = []
    for first, second in combinations(range(len(counts)), 2):
        of_first = np.where(owner == first, table[second - 1], 0.0)
        columns.append(of_first + np.where(owner == second, table[first], 0.0))
    return np.stack(columns, axis=1)


def _cancels(model: Any) -> bool:
    """Whether float32 would lose the scores: large coefficients of both signs, as of NuSVC or a large C."""
    if sparse.issparse(model._dual_coef_) or model.kernel not in ("linear", "poly", "rbf", "sigmoid"):
        return False
    rows = spread_rows(np.asarray(model.support_vectors_))
    given = {} if model.kernel == "linear" else {"gamma": model._gamma}
    if model.kernel in ("poly", "sigmoid"):
        given["coef0"] = model.coef0
    if model.kernel == "poly":
        given["degree"] = model.degree
    values = pairwise_kernels(rows, model.support_vectors_, metric=model.kernel, **given)
    return cancels(values, _weights(model), _LARGEST_CANCELLATION)


def _convert_in_double(scope: Any, operator: Any, container: Any) -> None:
    """The scores of the pairs in float64: a pair votes for its first class where its score is above 0."""
    model, real = operator.raw_operator, Arithmetic(scope, operator, container, double=True)
    classes, nodes = len(model.classes_), real.nodes
    given = {"gamma": model._gamma, "coef0": model.coef0, "degree": model.degree}
    values = kernel(real, real.input(), np.asarray(model.support_vectors_), model.kernel, given)
    scores = real.op("MatMul", values, _weights(model))
    scores = real.op("Add", scores, np.reshape(model._intercept_, (1, -1)))
    second = real.op("Neg", scores)
    no = real.real(real.op("LessOrEqual", scores, 0.0))
    if classes == 2:
        write_label(nodes, operator, nodes.cast(no, TensorProto.INT64))
        write_real(nodes, operator, two_sides(nodes, second, 2), position=1)
        return
    first, other = pairs_of(classes)
    won = real.op("MatMul", real.op("Sub", 1.0, no), first)
    votes = real.op("Add", won, real.op("MatMul", no, other))
    write_label(nodes, operator, real.op("ArgMax", votes, axis=1, keepdims=0))
    if model.decision_function_shape == "ovr":
        below = real.real(real.op("Less", scores, 0.0))
        scores = votes_and_confidences(nodes, below, second, classes)
    write_real(nodes, operator, scores, position=1)


def families() -> list[Family]:
    """The two classifiers by support vectors."""
    from skl2onnx.common._registration import get_converter
    from sklearn.svm import SVC, NuSVC

    other = _convert_with(get_converter("SklearnSVC"))
    return [Family(kind, other, options=CLASSIFIER_OPTIONS) for kind in (SVC, NuSVC)]
