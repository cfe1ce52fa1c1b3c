"""Results that are no numbers: a model that gives NaN for ordinary inputs has no reference to agree with.

NaN agrees with NaN, whatever either side computed before. So a model with a parameter that is NaN would pass
every comparison.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import UNKNOWN_CODE, Column, Rows
from ecu_bundle.parity.outputs import outputs_of, reference_of
from ecu_bundle.parity.reference import estimator_input
from ecu_bundle.parts import walk

ORDINARY = ("data", "range", "learned")

_ROWS = 200
_MOST_TEXT = 400
_PARTLY_DEFINED = ("FunctionTransformer", "IsotonicRegression", "RadiusNeighborsRegressor")
"""Estimators of which scikit-learn documents NaN or infinity for some finite inputs: where a function such as
a logarithm has no value, beyond the training values, and where no training row is within the radius."""


def refuse_undefined(
    loaded: LoadedModel, model: OnnxModel, rows: Rows, expected: dict[str, NDArray[Any]]
) -> None:
    """Refuses a model whose reference is not finite on ordinary rows with finite inputs.

    An output that was left out is looked at too, on some of the rows: behind a label NaN does not show.
    Of models that are defined for a part of all inputs only an element that is nowhere finite is refused.

    Args:
        loaded, model: a model with an estimator, and its conversion.
        rows: of the proof.
        expected: the reference on these rows.

    Raises:
        UnsupportedModelError: names the estimator, the output, and the first such row.
    """
    ordinary = np.flatnonzero(_ordinary(model, rows))
    partly = any(type(part).__name__ in _PARTLY_DEFINED for part in walk(loaded.estimator))
    for name, values in expected.items():
        _refuse(loaded, name, rows, ordinary, values[ordinary], partly=partly)
    some = ordinary[:: max(1, len(ordinary) // _ROWS)]
    for name, values in _left_out(loaded, model, rows.take(some)).items():
        _refuse(loaded, name, rows, some, values, partly=partly)


def _ordinary(model: OnnxModel, rows: Rows) -> NDArray[np.bool_]:
    """Rows as in use: no NaN, no infinity, no category that is missing or was never seen."""
    usual = np.isin(np.array(rows.origins), ORDINARY)
    missing = {c.name: _missing(c) for c in model.columns if c.codes}
    for tensor in model.interface.inputs:
        values = rows.tensors[tensor.name]
        if tensor.dtype == "float32":
            usual &= np.isfinite(values).all(axis=1)
        elif tensor.codes:
            usual &= ~np.isin(values, [UNKNOWN_CODE, *missing.get(tensor.name, [])]).any(axis=1)
    return usual


def _missing(column: Column) -> list[int]:
    """The codes that stand for no known category."""
    known = zip(column.codes, column.values, strict=True)
    return [c.value for c, v in known if v is None or (isinstance(v, float) and np.isnan(v))]


def _left_out(loaded: LoadedModel, model: OnnxModel, rows: Rows) -> dict[str, NDArray[Any]]:
    """What the estimator says beside the outputs that were chosen."""
    outputs = outputs_of(loaded.estimator)
    names = [name for name in outputs.names if name not in model.standard and name != "label"]
    if not names or not len(rows):
        return {}
    functions = reference_of(loaded.estimator, outputs)
    X = estimator_input(model.columns, model.interface, rows)
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            try:
                found[str(name)] = functions[name](X)
            except Exception:  # noqa: S112 what was not asked for need not work
                continue
    return found


def _refuse(
    loaded: LoadedModel,
    name: str,
    rows: Rows,
    places: NDArray[np.intp],
    values: NDArray[Any],
    *,
    partly: bool,
) -> None:
    undefined = ~np.isfinite(values)
    if partly and not undefined.all(axis=0).any():
        return
    wrong = np.flatnonzero(undefined.any(axis=1))
    if not len(wrong):
        return
    first, kind = int(places[wrong[0]]), type(loaded.estimator)
    inputs = ", ".join(f"{n}={a[first].tolist()}" for n, a in rows.tensors.items())[:_MOST_TEXT]
    value = "NaN" if np.isnan(values[wrong[0]]).any() else "infinity"
    raise UnsupportedModelError(
        "verify",
        f"{kind.__name__} itself gives {value} as {name} for {len(wrong)} of {len(places)} ordinary rows",
        place=f"{kind.__module__}.{kind.__name__}, row {first} ({rows.origins[first]}): inputs {inputs}",
        hint="a parameter may be NaN or infinite: look at the training data and fit again; where the model "
        "is right to have no finite result, declare ranges in ecu-bundle.toml that leave such inputs out",
    )
