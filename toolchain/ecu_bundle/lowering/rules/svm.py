"""Support vector machines, as ONNX Runtime computes them, out of distances and products."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.builder import Builder
from ecu_bundle.lowering.graph import Node, Value
from ecu_bundle.lowering.rules.linear import class_labels, post_transform, single
from ecu_bundle.lowering.views import View


def _kernel(node: Node, build: Builder, points: NDArray[np.float32]) -> View:
    """The kernel function of the row and each of points (n, features): (1, n)."""
    x, known = single(build, node), node.constant(points)
    name = node.attributes.get("kernel_type", "LINEAR")
    gamma, offset, degree = (*node.floats("kernel_params"), 0.0, 0.0, 0.0)[:3]
    if name == "RBF":
        squares = build.squares(build.reshape(x, (x.elements,)), known)
        scaled = build.binary("mul", squares, build.scalar(-gamma, "f32"))
        return build.reshape(build.unary("exp", scaled), (1, len(points)))
    product = build.matmul(x, known.transposed((1, 0)))
    if name == "LINEAR":
        return product
    scaled = build.binary("mul", product, build.scalar(gamma, "f32"))
    shifted = build.binary("add", scaled, build.scalar(offset, "f32"))
    if name == "SIGMOID":
        return build.unary("tanh", shifted)
    if name != "POLY":
        raise node.refused(f"the kernel function {name}")
    if float(degree) in (2.0, 3.0):
        square = build.binary("mul", shifted, shifted)
        return square if degree == 2 else build.binary("mul", square, shifted)
    return build.binary("pow", shifted, build.scalar(degree, "f32"))


def _regressor(node: Node, build: Builder) -> Sequence[Value]:
    coefficients, rho = node.floats("coefficients"), node.floats("rho")
    supports = int(node.attributes.get("n_supports", 0))
    bias = node.constant(rho[:1])
    if supports:
        values = _kernel(node, build, node.floats("support_vectors").reshape(supports, -1))
        result = build.matmul(values, node.constant(coefficients.reshape(-1, 1)), bias)
    else:
        result = build.binary("add", _kernel(node, build, coefficients.reshape(1, -1)), bias)
    if node.attributes.get("one_class", 0):
        inside = build.binary("less", build.scalar(0, "f32"), result)
        result = build.where(inside, build.scalar(1, "f32"), build.scalar(-1, "f32"))
    return [post_transform(build, node, result)]


def _classifier(node: Node, build: Builder) -> Sequence[Value]:
    """The value of each pair of classes, and the class with most pairs won, the first of equals."""
    labels = class_labels(node)
    counts = node.attributes.get("vectors_per_class", ())
    if not counts:
        raise node.refused("a linear SVM without support vectors")
    if len(node.floats("prob_a")):
        raise node.refused(
            "probabilities fitted inside SVC",
            hint="wrap SVC in CalibratedClassifierCV",
        )
    vectors = node.floats("support_vectors").reshape(sum(counts), -1)
    weights = _pair_weights(node.floats("coefficients").reshape(-1, sum(counts)), counts)
    values = build.matmul(
        _kernel(node, build, vectors), node.constant(weights.T), node.constant(node.floats("rho"))
    )
    positive = build.binary("less", build.scalar(0, "f32"), values)
    if len(counts) == 2:
        return _binary(node, build, labels, values, positive)
    won = build.cast(positive, "f32")
    lost = build.binary("sub", build.scalar(1, "f32"), won)
    votes = build.matmul(build.concat([won, lost], 1), node.constant(_vote_weights(len(counts))))
    place = build.along("arg_max", votes, 1)
    return [build.pick(node.constant(labels), place), post_transform(build, node, values)]


def _pair_weights(coefficients: NDArray[np.float32], counts: Sequence[int]) -> NDArray[np.float32]:
    """Coefficients (classes - 1, vectors) of libsvm as one row for each pair of classes i < j.

    The weights of i's vectors against j stand in row j - 1, those of j's vectors against i in row i.
    """
    starts = np.concatenate(([0], np.cumsum(counts)))
    pairs = list(combinations(range(len(counts)), 2))
    weights = np.zeros((len(pairs), starts[-1]), np.float32)
    for row, (i, j) in zip(weights, pairs, strict=True):
        of_i, of_j = slice(starts[i], starts[i + 1]), slice(starts[j], starts[j + 1])
        row[of_i], row[of_j] = coefficients[j - 1, of_i], coefficients[i, of_j]
    return weights


def _vote_weights(classes: int) -> NDArray[np.float32]:
    """(2 pairs, classes): a pair that is won is a vote for its first class, a lost one for its second."""
    pairs = np.array(list(combinations(range(classes), 2)))
    identity = np.eye(classes, dtype=np.float32)
    return np.concatenate([identity[pairs[:, 0]], identity[pairs[:, 1]]])


def _binary(
    node: Node, build: Builder, labels: NDArray[np.int64], values: View, positive: View
) -> Sequence[Value]:
    """Two classes: the scores are [-value, value], as ONNX Runtime writes them; a positive value is a vote
    for the first class all the same."""
    if node.attributes.get("post_transform", "NONE") == "SOFTMAX":
        raise node.refused("the post transform SOFTMAX of two classes")
    first, second = node.constant(labels[:1]), node.constant(labels[1:])
    label = build.reshape(build.where(positive, first, second), (1,))
    scores = build.concat([build.unary("neg", values), values], 1)
    return [label, post_transform(build, node, scores)]


RULES: Final[Mapping[str, Callable[[Node, Builder], Sequence[Value]]]] = {
    "SVMClassifier": _classifier,
    "SVMRegressor": _regressor,
}
