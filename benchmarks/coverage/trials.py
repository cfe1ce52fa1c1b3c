"""The estimators again: with two classes, with classes that are text, with two targets, on other data."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.utils import get_tags

from benchmarks.coverage import data
from benchmarks.coverage.estimators import (
    ESTIMATORS,
    ONE_COLUMN,
    POSITIVE_TARGET,
    TWO_CLASSES,
    TWO_LABELS,
    TWO_TARGETS,
    inputs_of,
    make,
    target_of,
)

_generator = np.random.default_rng(1)
_SCALES, _OFFSETS = np.array([1.0, 8.0, 0.25, 2.0]), np.array([0.0, 3.0, -1.0, 0.0])
OTHER_X = (_generator.normal(size=(80, 4)) * _SCALES + _OFFSETS).astype(np.float32).astype(np.float64)
"""Columns of other sizes, and classes that no line parts."""

_UNIT = (OTHER_X - _OFFSETS) / _SCALES
_NOISE = 0.5 * _generator.normal(size=80)
OTHER_THREE = (_UNIT[:, 1] + _NOISE > 0).astype(int) + (_UNIT[:, 0] - _NOISE > 0.3)
OTHER_TWO = np.minimum(OTHER_THREE, 1)
OTHER_VALUE = _UNIT @ np.array([2.0, -1.0, 0.5, 1.0]) + np.cos(_UNIT[:, 2]) + _NOISE
BOTH = np.column_stack([data.VALUE, data.POSITIVE])

_BUILT_IN = ("FrozenEstimator",)
"""Fitted before it is made."""


def _kind(name: str) -> str:
    estimator = make(name)
    if name in (*TWO_LABELS, *_BUILT_IN):
        return ""
    return "classifier" if is_classifier(estimator) else "regressor" if is_regressor(estimator) else ""


def _trials_of(name: str) -> tuple[str, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some are deprecated
        return _trials_for(name, _kind(name))


def _trials_for(name: str, kind: str) -> tuple[str, ...]:
    if kind == "classifier":
        return (*(() if name in TWO_CLASSES else ("two classes",)), "text classes", "other data")
    if kind == "regressor":
        several = get_tags(make(name)).target_tags.multi_output and name not in TWO_TARGETS
        several = several and not name.startswith("MultiTask") and name not in ONE_COLUMN
        return (*(("two targets",) if several else ()), "other data")
    return ()


TRIALS = {f"{name}, {trial}": (name, trial) for name in sorted(ESTIMATORS) for trial in _trials_of(name)}
"""What is tried, by the name of its row."""


def fitted_trial(row: str) -> Any:
    """The estimator of a row, fitted."""
    name, trial = TRIALS[row]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = make(name)
        if trial == "text classes" and "outlier_label" in vars(estimator):
            estimator.outlier_label = "ok"
        numbers = OTHER_X if trial == "other data" else data.X
        return estimator.fit(inputs_of(name, numbers), _target(name, trial, estimator))


def _target(name: str, trial: str, estimator: Any) -> Any:
    if trial == "two targets":
        return BOTH
    if trial == "two classes":
        return data.TWO
    if trial == "text classes":
        words = np.array(["off", "on"])[data.TWO] if name in TWO_CLASSES else data.WORDS
        return words.astype(object)  # SelfTrainingClassifier takes no other text
    if is_classifier(estimator):
        return OTHER_TWO if name in TWO_CLASSES else OTHER_THREE
    if np.ndim(target_of(name, estimator)) > 1:
        return np.column_stack([OTHER_VALUE, OTHER_VALUE**2])
    return np.abs(OTHER_VALUE) + 0.1 if name in POSITIVE_TARGET else OTHER_VALUE
