"""Linear models: MatMul, Gemm, LinearRegressor, LinearClassifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.lowering.builder import Builder
from ecu_bundle.lowering.graph import Node, Value
from ecu_bundle.lowering.views import View

Floats = NDArray[np.float32]


def _matmul(node: Node, build: Builder) -> Sequence[Value]:
    a, b = node.view(0), node.view(1)
    if "i32" in (a.dtype, b.dtype):
        raise node.refused("a product of whole numbers")
    rows = build.reshape(a, (1, *a.shape)) if len(a.shape) == 1 else a
    columns = build.reshape(b, (*b.shape, 1)) if len(b.shape) == 1 else b
    result = build.matmul(rows, columns)
    shape = list(result.shape)
    if len(b.shape) == 1:
        del shape[-1]
    if len(a.shape) == 1:
        del shape[-2 if len(b.shape) > 1 else -1]
    return [build.reshape(result, tuple(shape))]


def _gemm(node: Node, build: Builder) -> Sequence[Value]:
    """alpha a b + beta c."""
    a, b = node.view(0), node.view(1)
    a = a.transposed((1, 0)) if node.attributes.get("transA", 0) else a
    b = b.transposed((1, 0)) if node.attributes.get("transB", 0) else b
    result = build.matmul(a, b)
    alpha, beta = node.attributes.get("alpha", 1.0), node.attributes.get("beta", 1.0)
    if alpha != 1.0:
        result = build.binary("mul", result, build.scalar(alpha, result.dtype))
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return [result]
    added = node.view(2)
    if beta != 1.0:
        added = build.binary("mul", added, build.scalar(beta, result.dtype))
    return [build.binary("add", result, added)]


def single(build: Builder, node: Node) -> View:
    """The first input in f32, shape (rows, features), as the operators of ``ai.onnx.ml`` compute."""
    view = build.cast(node.view(0), "f32")
    return build.reshape(view, (1, view.elements)) if len(view.shape) == 1 else view


def post_transform(build: Builder, node: Node, scores: View) -> View:
    """What the attribute ``post_transform`` makes of scores (rows, at least 2) or of any for NONE."""
    name = node.attributes.get("post_transform", "NONE")
    if name == "NONE":
        return scores
    if name == "LOGISTIC":
        return build.unary("logistic", scores)
    if name == "SOFTMAX":
        return build.softmax(scores)
    raise node.refused(f"the post transform {name}")


def _weights(node: Node, targets: int) -> tuple[Floats, Floats]:
    """Coefficients (targets, features) and intercepts (targets,), which may be left out."""
    coefficients, intercepts = node.floats("coefficients"), node.floats("intercepts")
    return coefficients.reshape(targets, -1), intercepts if intercepts.size else np.zeros(targets, np.float32)


def _product(build: Builder, node: Node, coefficients: Floats, bias: Floats) -> View:
    """x W^T + b, (rows, targets)."""
    weights = node.constant(coefficients).transposed((1, 0))
    return build.matmul(single(build, node), weights, node.constant(bias) if bias.any() else None)


def _regressor(node: Node, build: Builder) -> Sequence[Value]:
    coefficients, bias = _weights(node, int(node.attributes.get("targets", 1)))
    return [post_transform(build, node, _product(build, node, coefficients, bias))]


def class_labels(node: Node) -> NDArray[np.int64]:
    """The whole-number labels of a classifier.

    Raises:
        UnsupportedModelError: the labels are text.
    """
    labels = node.attributes.get("classlabels_ints", node.attributes.get("classlabels_int64s"))
    if not labels:
        raise node.refused("text as class labels", hint="train with whole-number classes")
    return np.asarray(labels, np.int64)


def _classifier(node: Node, build: Builder) -> Sequence[Value]:
    labels = class_labels(node)
    coefficients, bias = _weights(node, node.floats("intercepts").size or len(labels))
    if len(coefficients) != len(labels):
        raise node.refused(f"{len(coefficients)} scores for {len(labels)} classes")
    # skl2onnx writes two classes as one score and its negative: one product is enough
    mirrored = len(labels) == 2 and (coefficients[0] == -coefficients[1]).all() and bias[0] == -bias[-1]
    if not mirrored:
        scores = _product(build, node, coefficients, bias)
        return [label_of(build, node, scores, labels), post_transform(build, node, scores)]
    second = _product(build, node, coefficients[1:], bias[1:])
    scores = build.concat([build.unary("neg", second), second], 1)
    results = post_transform(build, node, scores)
    if node.attributes.get("post_transform") == "LOGISTIC":
        build.shares.add(results)
    return [label_of(build, node, scores, labels), results]


def label_of(build: Builder, node: Node, scores: View, labels: NDArray[np.int64]) -> View:
    """The label of the largest score of each row, the first of equals; shape (rows,)."""
    place = build.along("arg_max", scores, 1)
    if np.array_equal(labels, np.arange(len(labels))):
        return place
    return build.pick(node.constant(labels), place)


RULES: Final[Mapping[str, Callable[[Node, Builder], Sequence[Value]]]] = {
    "Gemm": _gemm,
    "LinearClassifier": _classifier,
    "LinearRegressor": _regressor,
    "MatMul": _matmul,
}
