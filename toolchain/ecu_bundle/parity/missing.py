"""Which inputs may be NaN: those where the converted model does what the estimator does."""

from __future__ import annotations

import dataclasses

import numpy as np

from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.errors import VerificationError
from ecu_bundle.interface import Interface, Rows, Tensor
from ecu_bundle.parity.comparison import DEFAULT_TOLERANCE, compare, tolerances
from ecu_bundle.parity.generation import generate_rows
from ecu_bundle.parity.reference import reference_outputs
from ecu_bundle.parity.session import run_rows

_ROWS = 48
_MAX_ELEMENTS = 256
"""A wider matrix input is not tried column by column; it refuses NaN."""


def settle_missing(loaded: LoadedModel, model: OnnxModel) -> OnnxModel:
    """Marks each float input that accepts NaN.

    An input accepts NaN when scikit-learn gives a result for it and ONNX Runtime gives the same on
    trial rows, for each of its elements. The rows of the proof then hold NaN there too. Any other
    input refuses NaN on the device.
    """
    trial = generate_rows(model).rows.take(slice(0, _ROWS))
    inputs = [
        dataclasses.replace(tensor, accepts_nan=_accepts(loaded, model, trial, tensor))
        for tensor in model.interface.inputs
    ]
    interface = Interface(model.interface.kind, tuple(inputs), model.interface.outputs)
    return dataclasses.replace(model, interface=interface)


def _accepts(loaded: LoadedModel, model: OnnxModel, trial: Rows, tensor: Tensor) -> bool:
    if tensor.dtype != "float32" or tensor.elements > _MAX_ELEMENTS:
        return False
    for element in range(tensor.elements):
        tensors = dict(trial.tensors)
        tensors[tensor.name] = tensors[tensor.name].copy()
        tensors[tensor.name][:, element] = np.nan
        rows = Rows(tensors, trial.origins)
        try:
            expected = reference_outputs(loaded, model, rows)
        except VerificationError:
            return False
        if not all(np.isfinite(values).all() for values in expected.values()):
            return False
        actual = run_rows(model.proto, model.interface, rows)
        limits = tolerances(model.interface, expected, DEFAULT_TOLERANCE)
        same = compare(
            "", "", model.interface, rows, expected=expected, actual=actual, tolerance=limits, margins=None
        )
        if not same.passed:
            return False
    return True
