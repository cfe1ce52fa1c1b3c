"""Constructs that are refused before any conversion, because nobody could convert them truly."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecu_bundle.conversion.parts import walk
from ecu_bundle.errors import UnsupportedModelError

LIBRARIES = frozenset({"sklearn", "lightgbm", "xgboost"})
"""Packages whose estimators have a known meaning; any other class may compute anything."""

_TEXT = ("CountVectorizer", "TfidfVectorizer", "HashingVectorizer", "DictVectorizer", "FeatureHasher")
_SELECTORS = ("RFE", "RFECV")


def refuse_hopeless(estimator: Any) -> None:
    """Looks at an estimator and everything inside it.

    Raises:
        UnsupportedModelError: names the first part that no conversion can be true for.
    """
    for part in walk(estimator):
        _refuse_foreign(part)
        _refuse_text(part)
        _refuse_functions(part)
        _refuse_native_categories(part)
    _refuse_selector(estimator)


def _refuse_foreign(part: Any) -> None:
    module = type(part).__module__
    if module.partition(".")[0] not in LIBRARIES:
        raise _refused(
            part,
            f"{type(part).__name__} is not a class of scikit-learn: what it computes cannot be known",
            "use scikit-learn's own estimators, and do the rest in the calling software",
        )


def _refuse_text(part: Any) -> None:
    if type(part).__name__ in _TEXT:
        raise _refused(
            part,
            f"{type(part).__name__} reads text, and no text can reach an ECU",
            "compute numbers from the text before the model, and train the model on those",
        )


def _refuse_functions(part: Any) -> None:
    """Python code among the parameters of an estimator that is used at prediction."""
    for name in ("func", "inverse_func", "kernel", "metric", "weights"):
        value = getattr(part, name, None)
        if not callable(value) or hasattr(value, "get_params"):
            continue
        raise _refused(
            part,
            f"{type(part).__name__} runs the Python function {getattr(value, '__name__', name)!r}",
            "compute the value before or behind the model, in the calling software",
        )


def _refuse_native_categories(part: Any) -> None:
    if np.any(getattr(part, "is_categorical_", None)):
        raise _refused(
            part,
            f"{type(part).__name__} splits on categorical features, for which there is no true converter",
            "encode the categories with OneHotEncoder or OrdinalEncoder in a pipeline",
        )


def _refuse_selector(estimator: Any) -> None:
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    if type(last).__name__ in _SELECTORS:
        raise _refused(
            last,
            f"{type(last).__name__} predicts with an estimator inside it, which has no converter",
            "make a pipeline of the selector and an estimator behind it",
        )


def _refused(part: Any, cause: str, hint: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        "convert", cause, place=f"{type(part).__module__}.{type(part).__name__}", hint=hint
    )
