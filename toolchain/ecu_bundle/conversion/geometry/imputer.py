"""KNNImputer: a missing value is the mean over the nearest training rows that have it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.arithmetic import Arithmetic
from ecu_bundle.conversion.geometry import distances
from ecu_bundle.conversion.geometry.neighbours import inverse_distances, nearest, training_rows
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import outputs, shape_of_values


def convert(scope: Any, operator: Any, container: Any) -> None:
    """KNNImputer, in float64 as all neighbours (see `ecu_bundle.conversion.geometry.neighbours`)."""
    model = operator.raw_operator
    if not np.isnan(model.missing_values):
        raise NotImplementedError("only NaN as the missing value is supported")
    real = Arithmetic(scope, operator, container, double=True)
    training = training_rows(model)
    rows = real.input()
    missing = real.op("IsNaN", rows)
    lengths = _lengths(real, rows, missing, training)
    columns = []
    for position in _kept(model):
        own, absent = real.columns(rows, [position]), real.columns(missing, [position])
        donors = np.flatnonzero(~np.isnan(training[:, position]))
        if len(donors):
            guess = _guess(real, real.columns(lengths, donors), training[donors, position], model)
            columns.append(real.op("Where", absent, guess, own))
        else:
            columns.append(real.op("Where", absent, 0.0, 0.0))  # empty in training
    filled = real.op("Concat", *columns, axis=1) if len(columns) > 1 else columns[0]
    if model.add_indicator:
        shown = real.columns(real.real(missing), model.indicator_.features_)
        filled = real.op("Concat", filled, shown, axis=1)
    real.write(filled)


def _kept(model: Any) -> list[int]:
    """Columns of the result; what was always missing in training is left out, or 0."""
    every = range(len(model._valid_mask))
    return [c for c in every if model.keep_empty_features or model._valid_mask[c]]


def _lengths(real: Arithmetic, rows: str, missing: str, training: NDArray[np.float64]) -> str:
    """Distances (rows, training rows) over the features that both have; infinite where there is none.

    Euclidean, scaled up by all features over those in common (Dixon 1979), as ``nan_euclidean_distances``.
    """
    present = ~np.isnan(training)
    known = real.op("Where", missing, 0.0, rows)
    difference = distances.differences(real, known, np.where(present, training, 0.0))
    here = real.at(real.real(real.op("Not", missing)), 1)
    squares = real.op("Mul", real.op("Mul", difference, difference), here)
    total = real.sum(real.op("Mul", squares, present.astype(np.float64)), 2)
    common = real.op("MatMul", real.real(real.op("Not", missing)), present.T.astype(np.float64))
    nothing = real.op("Equal", common, 0.0)
    mean = real.op("Div", total, real.op("Where", nothing, 1.0, common))
    length = real.op("Sqrt", real.op("Mul", mean, float(training.shape[1])))
    return real.op("Where", nothing, np.inf, length)


def _guess(real: Arithmetic, lengths: str, values: NDArray[np.float64], model: Any) -> str:
    """What stands for a missing value (rows, 1): the weighted mean of the nearest donors.

    Args:
        real: where to add.
        lengths: distances to the donors (rows, donors).
        values: of the donors.
        model: says how many, and how they are weighted.
    """
    found, places = nearest(real, lengths, min(model.n_neighbors, len(values)))
    unknown = real.op("Equal", found, np.inf)
    if model.weights == "distance":
        weights = real.op("Where", unknown, 0.0, inverse_distances(real, found))
    else:
        weights = real.real(real.op("Not", unknown))
    total = real.sum(weights, 1, keep=True)
    alone = real.op("Equal", total, 0.0)
    chosen = real.op("Gather", values, places, axis=0)
    sums = real.sum(real.op("Mul", chosen, weights), 1, keep=True)
    mean = real.op("Div", sums, real.op("Where", alone, 1.0, total))
    return real.op("Where", alone, float(values.mean()), mean)


def _width(model: Any) -> int:
    return len(_kept(model)) + (len(model.indicator_.features_) if model.add_indicator else 0)


def families() -> list[Family]:
    """KNNImputer, in place of skl2onnx's converter."""
    from sklearn.impute import KNNImputer

    return [Family(KNNImputer, convert, shape_of_values(_width), outputs("variable"), wide=True)]
