"""Which outputs a model has, under their standard names, and what scikit-learn says for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import Code, ModelKind

OutputName = Literal["label", "probabilities", "decision_function", "scores", "variable"]


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs of an estimator.

    Attributes:
        kind: what sort of model it is.
        names: standard names in device order.
        codes: meaning of the label values; empty without a label.
        classes: text classes in the order of their codes; empty when the classes are numbers.
    """

    kind: ModelKind
    names: tuple[OutputName, ...]
    codes: tuple[Code, ...] = ()
    classes: tuple[str, ...] = ()


def outputs_of(estimator: Any) -> Outputs:
    """Chooses the outputs by what the estimator can do.

    Raises:
        UnsupportedModelError: neither predict nor transform, or several labels a row.
    """
    from sklearn.base import is_classifier, is_clusterer, is_outlier_detector

    if is_classifier(estimator):
        codes, classes = _class_codes(estimator)
        names: tuple[OutputName, ...] = ("label",)  # alone for a vote by hard labels
        if hasattr(estimator, "predict_proba"):
            names = ("label", "probabilities")
        elif hasattr(estimator, "decision_function"):
            names = ("label", "decision_function")
        return Outputs("classifier", names, codes, classes)
    if is_outlier_detector(estimator):
        codes = (Code(-1, "outlier"), Code(1, "inlier"))
        return Outputs("outlier_detector", ("label", "scores"), codes)
    if is_clusterer(estimator) and hasattr(estimator, "predict"):
        names = ("label", "scores") if hasattr(estimator, "transform") else ("label",)
        return Outputs("clusterer", names, _cluster_codes(estimator))
    if hasattr(estimator, "predict_proba") and hasattr(estimator, "predict"):
        return Outputs("clusterer", ("label", "probabilities"), _cluster_codes(estimator))
    if hasattr(estimator, "predict"):
        return Outputs("regressor", ("variable",))
    if hasattr(estimator, "transform"):
        return Outputs("transformer", ("variable",))
    raise UnsupportedModelError(
        "convert",
        f"{type(estimator).__name__} can neither predict nor transform new rows",
        place=f"{type(estimator).__module__}.{type(estimator).__name__}",
        hint="choose an estimator with predict or transform, for instance KMeans for clusters",
    )


def reference_of(estimator: Any, outputs: Outputs) -> dict[str, Callable[[Any], NDArray[Any]]]:
    """scikit-learn's own computation of each output, as functions of the estimator's input.

    Labels come as int64 codes of shape (rows, 1), the others as float64 of shape (rows, elements).
    """

    def label(X: Any) -> NDArray[Any]:
        predicted = np.asarray(estimator.predict(X))
        if outputs.classes:
            position = {name: i for i, name in enumerate(outputs.classes)}
            predicted = np.array([position[str(value)] for value in predicted])
        return predicted.astype(np.int64).reshape(-1, 1)

    def values(method: str) -> Callable[[Any], NDArray[Any]]:
        def compute(X: Any) -> NDArray[Any]:
            result = getattr(estimator, method)(X)
            result = result.toarray() if hasattr(result, "toarray") else np.asarray(result)
            return result.astype(np.float64).reshape(result.shape[0], int(np.prod(result.shape[1:])))

        return compute

    methods = {
        "probabilities": "predict_proba",
        "decision_function": "decision_function",
        "scores": "transform" if outputs.kind == "clusterer" else "decision_function",
        "variable": "transform" if outputs.kind == "transformer" else "predict",
    }
    return {name: label if name == "label" else values(methods[name]) for name in outputs.names}


def _class_codes(estimator: Any) -> tuple[tuple[Code, ...], tuple[str, ...]]:
    classes = getattr(estimator, "classes_", None)
    if isinstance(classes, list) or (classes is not None and np.ndim(classes) != 1):
        raise UnsupportedModelError(
            "convert",
            f"{type(estimator).__name__} gives several labels a row",
            place=type(estimator).__name__,
            hint="train one classifier for each label",
        )
    values = list(classes) if classes is not None else []
    if whole_labels(values):
        return tuple(Code(code, str(code)) for code in class_codes(values)), ()
    names = tuple(str(value) for value in values)
    return tuple(Code(i, name) for i, name in zip(class_codes(values), names, strict=True)), names


def class_codes(classes: Any) -> tuple[int, ...]:
    """The label that the device returns for each class.

    Whole numbers within int32 are their own codes. Text, other numbers, and whole numbers of which one
    is beyond int32 are numbered in their order.
    """
    values = list(classes)
    return tuple(int(value) for value in values) if whole_labels(values) else tuple(range(len(values)))


def whole_labels(classes: Any) -> bool:
    """True for classes that are all whole numbers within int32."""
    values = list(classes)
    return bool(values) and all(_whole(value) for value in values)


def _whole(value: Any) -> bool:
    if not isinstance(value, int | np.integer | np.bool_ | float | np.floating) or not np.isfinite(value):
        return False
    return float(value) == int(value) and -(2**31) <= int(value) < 2**31


def _cluster_codes(estimator: Any) -> tuple[Code, ...]:
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    labels = getattr(last, "subcluster_labels_", None)
    if labels is not None:
        count = int(np.max(labels)) + 1
    else:
        count = len(getattr(last, "cluster_centers_", ())) or getattr(last, "n_components", 0)
    return tuple(Code(i, f"cluster {i}") for i in range(count))
