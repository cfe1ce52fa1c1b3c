"""Scalers in front of models that compute in float64: scikit-learn's own operations, in its order.

The usual scaler of a graph computes in float32. What it rounds off is lost to a model behind it that
computes in float64 because its decisions are that fine: the nearest of neighbours, the density of a
component that is narrow. Here the scaled value keeps every bit, and no bit differs from scikit-learn's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.registry import Family, wide_kinds
from ecu_bundle.conversion.signatures import shape_of_values
from ecu_bundle.parts import walk


class WideScaler(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """One of scikit-learn's scalers, computed in float64.

    Args:
        scaler: StandardScaler, RobustScaler, MinMaxScaler or MaxAbsScaler, fitted on dense rows.
    """

    def __init__(self, scaler: Any) -> None:
        self.scaler = scaler
        self.n_features_in_ = int(scaler.n_features_in_)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, X: NDArray[Any]) -> NDArray[Any]:
        """As the scaler itself, (rows, features)."""
        scaled: NDArray[Any] = self.scaler.transform(X)
        return scaled


def widen_scalers(estimator: Any) -> None:
    """Replaces the scalers right in front of a model that computes in float64, in place.

    Args:
        estimator: whose pipelines are looked at, also those inside it.
    """
    from sklearn import preprocessing
    from sklearn.pipeline import Pipeline

    scalers = (
        preprocessing.MaxAbsScaler,
        preprocessing.MinMaxScaler,
        preprocessing.RobustScaler,
        preprocessing.StandardScaler,
    )
    kinds = wide_kinds()
    for part in list(walk(estimator)):
        if not isinstance(part, Pipeline):
            continue
        steps, wide = list(part.steps), False
        for position, (name, step) in reversed(list(enumerate(steps))):
            if step is None or isinstance(step, str):
                continue
            if wide and type(step) in scalers and hasattr(step, "n_features_in_"):
                steps[position] = (name, WideScaler(step))
            else:
                wide = type(step) in kinds
        part.steps = steps


def convert_scaler(scope: Any, operator: Any, container: Any) -> None:
    """``(x - centre) / scale``, or ``x * scale + minimum``; clipped where the scaler clips."""
    real, scaler = Arithmetic(scope, operator, container, double=True), operator.raw_operator.scaler
    value = real.input()
    if type(scaler).__name__ == "MinMaxScaler":
        low, high = (float(edge) for edge in scaler.feature_range)
        value = real.op("Add", real.op("Mul", value, scaler.scale_), scaler.min_)
    else:
        low, high = -1.0, 1.0
        if (centre := _centre(scaler)) is not None:
            value = real.op("Sub", value, centre)
        if scaler.scale_ is not None:
            value = real.op("Div", value, scaler.scale_)
    if getattr(scaler, "clip", False):
        value = real.op("Min", real.op("Max", value, low), high)
    real.write(value)


def _centre(scaler: Any) -> NDArray[np.float64] | None:
    if getattr(scaler, "with_mean", False):
        mean: NDArray[np.float64] = scaler.mean_
        return mean
    if getattr(scaler, "with_centering", False):
        centre: NDArray[np.float64] = scaler.center_
        return centre
    return None


def families() -> list[Family]:
    """`WideScaler` alone."""
    return [Family(WideScaler, convert_scaler, shape_of_values(lambda model: model.n_features_in_))]
