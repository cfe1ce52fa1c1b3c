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

from ecu_bundle.conversion.parts import walk
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import MATRIX_INPUT

TARGET_OPSET = {"": 21, "ai.onnx.ml": 3}
"""Pinned: every supported ONNX Runtime reads it, and IsolationForest needs ``ai.onnx.ml`` 3."""


def export(estimator: Any, features: int) -> onnx.ModelProto:
    """Converts a prepared estimator that takes one float32 matrix (rows, features).

    Raises:
        UnsupportedModelError: no converter, or the converter refuses; names the estimator.
    """
    from skl2onnx import convert_sklearn
    from skl2onnx.common import utils
    from skl2onnx.common.data_types import FloatTensorType

    from ecu_bundle.conversion.registry import register_all

    register_all()
    logging.getLogger("skl2onnx").setLevel(logging.ERROR)
    utils._unique_index["subgraph"] = 0  # it numbers subgraphs over the whole process
    with _plain_attributes(), _exact_thresholds(), _zipmap_option(estimator), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            proto: onnx.ModelProto = convert_sklearn(
                estimator,
                name="model",
                initial_types=[(MATRIX_INPUT, FloatTensorType([None, features]))],
                options=_options(estimator),
                target_opset=TARGET_OPSET,
            )
        except Exception as error:
            raise _refusal(estimator, error) from error
    return proto


def _options(estimator: Any) -> dict[int, dict[str, bool]]:
    """Turns ZipMap off for every classifier inside the estimator.

    A classifier behind a calibration gives raw scores; skl2onnx forgets that at the end of a pipeline.
    """
    from sklearn.base import is_classifier

    parts = [part for part in walk(estimator) if hasattr(part, "predict") and is_classifier(part)]
    options = {id(part): {"zipmap": False} for part in parts if _converter_options(part) is not None}
    for part in walk(estimator):
        for calibrated in getattr(part, "calibrated_classifiers_", ()):
            last = _last_step(calibrated.estimator)
            if hasattr(last, "decision_function") and "raw_scores" in (_converter_options(last) or {}):
                options[id(last)]["raw_scores"] = True
    return options


def _last_step(estimator: Any) -> Any:
    while hasattr(estimator, "steps"):
        estimator = estimator.steps[-1][1]
    return estimator


def _converter_options(part: Any) -> dict[str, Any] | None:
    """The table of options that the converter of an estimator accepts; None without a converter."""
    from skl2onnx._supported_operators import sklearn_operator_name_map
    from skl2onnx.common._registration import _converter_pool

    converter = _converter_pool.get(sklearn_operator_name_map.get(type(part)))
    options = getattr(converter, "_options", None)
    return options if isinstance(options, dict) else None


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
    tables = [_converter_options(part) for part in walk(estimator)]
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
    "kernel_ridge": "Ridge over Nystroem is not available either; use SVR with the same kernel",
    "_affinity_propagation": "KMeans",
    "_birch": "KMeans",
    "_bisect_k_means": "KMeans with the fitted centres",
    "_mean_shift": "KMeans",
    "_label_propagation": "KNeighborsClassifier trained on the propagated labels",
    "_nmf": "PCA or TruncatedSVD",
    "_dict_learning": "PCA or TruncatedSVD",
    "_sparse_pca": "PCA or TruncatedSVD",
    "_factor_analysis": "PCA",
    "_fastica": "PCA",
    "_lda": "TruncatedSVD",
    "_isomap": "PCA or KernelPCA",
    "_locally_linear": "PCA or KernelPCA",
    "_rbm": "PCA",
    "kernel_approximation": "an SVM with the kernel itself, or PolynomialFeatures",
    "_nearest_centroid": "KNeighborsClassifier, or LinearDiscriminantAnalysis",
    "_elliptic_envelope": "IsolationForest or OneClassSVM",
    "_target": "a regressor trained on the transformed target",
    "_polynomial": "PolynomialFeatures or KBinsDiscretizer(encode='ordinal')",
    "dummy": "a constant in the calling software",
    "_agglomerative": "SelectKBest or PCA",
    "_encoders": "text or whole numbers as categories",
    "_discretization": "KBinsDiscretizer(encode='ordinal') or encode='onehot-dense'",
    "_gpc": "LogisticRegression, SVC or a forest",
    "_graph": "KNeighborsClassifier or KNeighborsRegressor",
}


def _refusal(estimator: Any, error: Exception) -> UnsupportedModelError:
    """Names the estimator at fault, the reason, and what could be used instead."""
    if "Unexpect rank" in str(error) or "has unknown dimension" in str(error):
        return UnsupportedModelError(
            "convert",
            "a ColumnTransformer behind another step cannot be converted",
            place="sklearn.compose._column_transformer.ColumnTransformer",
            hint="put the ColumnTransformer first, with a pipeline for each group of columns",
        )
    culprit = _culprit(estimator, error)
    module = type(culprit).__module__
    alternative = next((text for key, text in _ALTERNATIVES.items() if module.endswith(key)), "")
    reason = " ".join(str(error).split("\n", maxsplit=1)[0].split())
    if type(error).__name__ in ("MissingShapeCalculator", "MissingConverter"):
        reason = "there is no converter for it"
    hint = f"use instead: {alternative}" if alternative else "docs/integration.md lists what converts"
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
