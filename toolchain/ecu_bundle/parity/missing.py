"""Which inputs may be NaN: those where the converted model does what the estimator does."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.errors import VerificationError
from ecu_bundle.interface import Interface, Rows, Tensor
from ecu_bundle.parity.comparison import compare
from ecu_bundle.parity.generation import range_rows
from ecu_bundle.parity.reference import reference_outputs
from ecu_bundle.parity.session import run_rows
from ecu_bundle.parity.tolerance import DEFAULT_TOLERANCE, tolerances

_ROWS = 48
_LEAST_ROWS = 2
_MAX_ROWS = 4_000
_MAX_ELEMENTS = 1_000
"""A wider input is not tried element by element; it refuses NaN."""


def settle_missing(loaded: LoadedModel, model: OnnxModel) -> OnnxModel:
    """Marks each float input that accepts NaN.

    An input accepts NaN when scikit-learn gives a result for it and ONNX Runtime gives the same on
    trial rows, for each of its elements. The rows of the proof then hold NaN there too. Any other
    input refuses NaN on the device.
    """
    tried = [t for t in model.interface.inputs if t.dtype == "float32" and t.elements <= _MAX_ELEMENTS]
    accepted = _accepted(loaded, model, range_rows(model, _ROWS, loaded.estimator), tried)
    inputs = [dataclasses.replace(t, accepts_nan=t.name in accepted) for t in model.interface.inputs]
    interface = Interface(model.interface.kind, tuple(inputs), model.interface.outputs)
    return dataclasses.replace(model, interface=interface)


def _accepted(loaded: LoadedModel, model: OnnxModel, base: Rows, tensors: Sequence[Tensor]) -> set[str]:
    """Names of the inputs that accept NaN: tried together, and in halves where that is refused."""
    if not tensors:
        return set()
    share = max(_LEAST_ROWS, min(len(base), _MAX_ROWS // sum(t.elements for t in tensors)))
    trials = [_holed(base.take(slice(0, share)), tensor) for tensor in tensors]
    rows = _joined(trials)
    try:
        expected = reference_outputs(loaded, model, rows)
        actual = run_rows(model.proto, model.interface, rows)
    except VerificationError:
        if len(tensors) == 1:
            return set()
        half = len(tensors) // 2
        return _accepted(loaded, model, base, tensors[:half]) | _accepted(loaded, model, base, tensors[half:])
    limits = tolerances(model.interface, expected, DEFAULT_TOLERANCE)
    accepted = set()
    start = 0
    for tensor, trial in zip(tensors, trials, strict=True):
        part = slice(start, start + len(trial))
        start += len(trial)
        reference = {name: values[part] for name, values in expected.items()}
        judged = {name: values[part] for name, values in actual.items()}
        gate = compare(
            "", "", model.interface, trial, expected=reference, actual=judged, tolerance=limits, margins=None
        )
        if gate.passed and all(np.isfinite(values).all() for values in reference.values()):
            accepted.add(tensor.name)
    return accepted


def _holed(base: Rows, tensor: Tensor) -> Rows:
    """The rows again for each element of a tensor, with NaN there."""
    count = len(base)
    rows = base.take(np.tile(np.arange(count), tensor.elements))
    values = rows.tensors[tensor.name].copy()
    values[np.arange(len(values)), np.repeat(np.arange(tensor.elements), count)] = np.nan
    return Rows({**rows.tensors, tensor.name: values}, rows.origins)


def _joined(parts: Sequence[Rows]) -> Rows:
    tensors = {name: np.concatenate([part.tensors[name] for part in parts]) for name in parts[0].tensors}
    return Rows(tensors, tuple(origin for part in parts for origin in part.origins))
