"""Run skl2onnx with pinned opsets, and cure what breaks before a model exists."""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx

from ecu_bundle.conversion.registry import converter_options
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import MATRIX_INPUT
from ecu_bundle.parts import last_step, walk

TARGET_OPSET = {"": 21, "ai.onnx.ml": 3}
"""Pinned: every supported ONNX Runtime reads it, and IsolationForest needs ``ai.onnx.ml`` 3."""


def export(
    estimator: Any, features: int, *, double: bool = False, raw_scores: bool = False
) -> onnx.ModelProto:
    """Converts a prepared estimator that takes one matrix (rows, features).

    Args:
        estimator: see `ecu_bundle.conversion.preparation.prepare`.
        features: columns of the matrix.
        double: the matrix, and what smooth models compute with, is float64; else float32.
        raw_scores: a classifier gives its decision function in place of probabilities.

    Raises:
        UnsupportedModelError: no converter, or the converter refuses; names the estimator.
    """
    from skl2onnx import convert_sklearn
    from skl2onnx.common import utils
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    from ecu_bundle.conversion.registry import register_all

    register_all()
    logging.getLogger("skl2onnx").setLevel(logging.ERROR)
    utils._unique_index["subgraph"] = 0  # it numbers subgraphs over the whole process
    kind = DoubleTensorType if double else FloatTensorType
    with _plain_attributes(), _exact_thresholds(), _zipmap_option(estimator), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            proto: onnx.ModelProto = convert_sklearn(
                estimator,
                name="model",
                initial_types=[(MATRIX_INPUT, kind([None, features]))],
                options=_options(estimator, raw_scores=raw_scores),
                target_opset=TARGET_OPSET,
            )
        except Exception as error:
            raise _refusal(estimator, error) from error
    return proto


def _options(estimator: Any, *, raw_scores: bool) -> dict[int, dict[str, bool]]:
    """Turns ZipMap off for every classifier inside the estimator; asks the last one for scores."""
    from sklearn.base import is_classifier

    parts = [part for part in walk(estimator) if hasattr(part, "predict") and is_classifier(part)]
    options = {id(part): {"zipmap": False} for part in parts if converter_options(part) is not None}
    last = last_step(estimator)
    if raw_scores and "raw_scores" in (converter_options(last) or {}):
        options[id(last)]["raw_scores"] = True
    return options


@contextmanager
def _plain_attributes() -> Iterator[None]:
    """Makes numpy scalars in node attributes Python numbers: protobuf 7 refuses numpy's own."""
    from skl2onnx.common import _container

    original = _container.make_node

    def make_node(*args: Any, **attributes: Any) -> Any:
        return original(*args, **{key: _plain(value) for key, value in attributes.items()})

    _container.make_node = make_node
    try:
        yield
    finally:
        _container.make_node = original


@contextmanager
def _exact_thresholds() -> Iterator[None]:
    """Rounds the threshold of every tree split so that no float32 input changes its way.

    For float32 x, ``x <= t`` is the same as ``x <= RD(t)``, where RD rounds to float32 toward minus
    infinity. skl2onnx does so for decision trees, not for HistGradientBoosting.
    """
    from skl2onnx.common import tree_ensemble

    from ecu_bundle.conversion.trees.emit import round_down

    original = tree_ensemble.add_node
    position = list(inspect.signature(original).parameters).index

    def add_node(*args: Any, **options: Any) -> Any:
        values = list(args)
        if values[position("mode")] == "BRANCH_LEQ":
            values[position("value")] = float(round_down(np.array([values[position("value")]]))[0])
        return original(*values, **options)

    tree_ensemble.add_node = add_node
    try:
        yield
    finally:
        tree_ensemble.add_node = original


@contextmanager
def _zipmap_option(estimator: Any) -> Iterator[None]:
    """Lets every classifier accept ``zipmap=False``.

    skl2onnx sets the option for each classifier in a pipeline, also for those whose converter does
    not know it (LinearSVC), and then fails on its own option.
    """
    tables = [converter_options(part) for part in walk(estimator)]
    changed = [table for table in tables if table is not None and "zipmap" not in table]
    for table in changed:
        table["zipmap"] = [True, False]
    try:
        yield
    finally:
        for table in changed:
            table.pop("zipmap", None)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return int(value) if value.dtype.kind in "biu" else value.item()
    if isinstance(value, list | tuple) and value and any(isinstance(v, np.generic | bool) for v in value):
        return [_plain(int(v) if isinstance(v, bool) else v) for v in value]
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return [_plain(v) for v in value.ravel()]
    return value


_ALTERNATIVES = {
    "_affinity_propagation": "KMeans",
    "_nmf": "PCA or TruncatedSVD",
    "_dict_learning": "PCA or TruncatedSVD",
    "_lda": "TruncatedSVD",
    "_isomap": "PCA or KernelPCA",
    "_locally_linear": "PCA or KernelPCA",
    "kernel_approximation": "Nystroem with one of the named kernels, or PolynomialFeatures",
    "_target": "StandardScaler, MinMaxScaler, PowerTransformer or a function of numpy for the target",
    "_polynomial": "SplineTransformer with its default knots, degree and extrapolation",
    "_classification_threshold": "response_method='auto'",
    "calibration": "another classifier inside it, for instance LogisticRegression or a forest",
    "isotonic": "out_of_bounds='clip'",
    "dummy": "strategy='prior', 'most_frequent' or 'constant'",
    "_agglomerative": "pooling_func=numpy.mean",
    "_gpc": "a stationary kernel such as RBF, and multi_class='one_vs_rest'",
    "_graph": "KNeighborsClassifier or KNeighborsRegressor",
}


def _refusal(estimator: Any, error: Exception) -> UnsupportedModelError:
    """Names the estimator at fault, the reason, and what could be used instead."""
    culprit = _culprit(estimator, error)
    module = type(culprit).__module__
    alternative = next((text for key, text in _ALTERNATIVES.items() if module.endswith(key)), "")
    reason = " ".join(str(error).split("\n", maxsplit=1)[0].split())
    if type(error).__name__ in ("MissingShapeCalculator", "MissingConverter"):
        reason = "there is no converter for it"
    hint = f"use instead: {alternative}" if alternative else "docs/coverage.md lists what converts"
    return UnsupportedModelError(
        "convert",
        f"{type(culprit).__name__} cannot be converted: {reason}",
        place=f"{module}.{type(culprit).__name__}",
        hint=hint,
    )


def _culprit(estimator: Any, error: Exception) -> Any:
    """The inner estimator that the message names, else the outer one."""
    parts = list(walk(estimator))
    text = str(error)
    for part in parts:
        if f"{type(part).__module__}.{type(part).__name__}'" in text:
            return part
    import traceback

    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        operator = frame.f_locals.get("operator")
        raw = getattr(operator, "raw_operator", None)
        if raw is not None:
            return raw
    return estimator
