"""Constructs that are refused before any conversion, because nobody could convert them truly."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecu_bundle.conversion.changed_categories import refuse_changed_categories
from ecu_bundle.conversion.encoders.functions import is_known
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.parts import walk

LIBRARIES = frozenset({"sklearn", "lightgbm", "xgboost"})
"""Packages whose estimators have a known meaning; any other class may compute anything."""

_TEXT = {
    "CountVectorizer": "text",
    "TfidfVectorizer": "text",
    "HashingVectorizer": "text",
    "DictVectorizer": "dictionaries",
    "FeatureHasher": "dictionaries",
}
_TEXT_HINTS = {
    "text": "a word out of a fixed list is a category: give it a column of its own and use OneHotEncoder; "
    "from any other text the calling software makes the numbers that the vectorizer makes, and the steps "
    "behind it are the model: hand over model[1:]",
    "dictionaries": "give each key a column of its own, with OneHotEncoder or OrdinalEncoder for words",
}
_OTHER_DATA = {
    "LabelBinarizer": "labels",
    "LabelEncoder": "labels",
    "MultiLabelBinarizer": "labels",
    "PatchExtractor": "images",
}
_OTHER_HINTS = {
    "labels": "leave it out: the labels of a classifier become codes by themselves",
    "images": "cut the image in the calling software, and train the model on rows of numbers",
}
_FUNCTION_HINTS = {
    "func": "numpy's own log, log1p, exp, expm1, sqrt, square, abs and a few more convert",
    "inverse_func": "numpy's own log, log1p, exp, expm1, sqrt, square, abs and a few more convert",
    "kernel": "use a kernel by its name, for instance kernel='rbf'",
    "metric": "use a metric by its name, for instance metric='manhattan'",
    "weights": "use weights='uniform' or weights='distance'",
}


def refuse_hopeless(estimator: Any) -> None:
    """Looks at an estimator and everything inside it.

    Raises:
        UnsupportedModelError: names the first part that no conversion can be true for.
    """
    _refuse_other_data(estimator)
    for part in walk(estimator):
        _refuse_foreign(part)
        _refuse_text(part)
        _refuse_functions(part)
        _refuse_parameters(part)
    refuse_changed_categories(estimator)


def _refuse_foreign(part: Any) -> None:
    module = type(part).__module__
    if module.partition(".")[0] not in LIBRARIES:
        raise _refused(
            part,
            f"{type(part).__name__} is not a class of scikit-learn: what it computes cannot be known",
            "use scikit-learn's own estimators, and do the rest in the calling software",
        )


def _refuse_other_data(estimator: Any) -> None:
    """The model itself; a part of this kind, for instance a LabelEncoder, sees no rows of the device."""
    takes = _OTHER_DATA.get(type(estimator).__name__)
    if takes is not None:
        raise _refused(
            estimator, f"{type(estimator).__name__} takes {takes} and no rows of numbers", _OTHER_HINTS[takes]
        )


def _refuse_text(part: Any) -> None:
    reads = _TEXT.get(type(part).__name__)
    if reads is not None:
        raise _refused(
            part,
            f"{type(part).__name__} reads {reads}, and no text can reach an ECU",
            _TEXT_HINTS[reads],
        )


def _refuse_functions(part: Any) -> None:
    """Python code among the parameters of an estimator that is used at prediction."""
    for name, hint in _FUNCTION_HINTS.items():
        value = getattr(part, name, None)
        if not callable(value) or hasattr(value, "get_params") or is_known(value):
            continue
        raise _refused(
            part,
            f"{type(part).__name__} runs the Python function {getattr(value, '__name__', name)!r}",
            f"{hint}; else compute the value in the calling software",
        )


_PARAMETERS = (
    "coef_",
    "intercept_",
    "coefs_",
    "intercepts_",
    "dual_coef_",
    "support_vectors_",
    "mean_",
    "center_",
    "scale_",
    "min_",
    "components_",
    "cluster_centers_",
    "centroids_",
    "means_",
    "theta_",
    "var_",
    "X_train_",
    "alpha_",
    "rotations_",
    "_baseline_prediction",
)
"""Numbers that every prediction reads; one that is not finite makes all results NaN or infinite."""

_DIVIDES = ("StandardScaler", "RobustScaler", "MaxAbsScaler")
_TRAIN_AGAIN = "the model is damaged or was fitted on such values: look at the training data and fit it again"


def _refuse_parameters(part: Any) -> None:
    """Parameters that are NaN or infinite, and scales of zero."""
    for name in _PARAMETERS:
        value = vars(part).get(name)
        for numbers in value if isinstance(value, list) else [value]:
            if getattr(numbers, "data", None) is not None and hasattr(numbers, "tocsr"):
                numbers = numbers.data  # noqa: PLW2901 the stored numbers of a sparse matrix
            if not isinstance(numbers, np.ndarray | np.floating | float):
                continue
            array = np.asarray(numbers)
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise _refused(part, f"{name} of {type(part).__name__} is not finite", _TRAIN_AGAIN)
    scale = vars(part).get("scale_") if type(part).__name__ in _DIVIDES else None
    if scale is not None and (np.asarray(scale) == 0.0).any():
        raise _refused(part, f"{type(part).__name__} divides by a scale_ of zero", _TRAIN_AGAIN)


def _refused(part: Any, cause: str, hint: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        "convert", cause, place=f"{type(part).__module__}.{type(part).__name__}", hint=hint
    )
