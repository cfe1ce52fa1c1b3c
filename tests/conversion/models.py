"""Tiny data sets with columns of every sort, and the whole way from an estimator to a proof."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.conversion.description import ModelDescription
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import ParityReport, check_parity

_ROWS = 80
_generator = np.random.default_rng(0)

X = _generator.normal(size=(_ROWS, 4)).astype(np.float32).astype(np.float64)
"""Numbers that float32 holds exactly."""

TWO = (X[:, 0] + X[:, 1] > 0).astype(int)
THREE = TWO + (X[:, 2] > 0.5)
FOUR = np.digitize(X[:, 0], [-0.5, 0.0, 0.5])
VALUE = X @ np.array([1.0, 2.0, -1.0, 0.5]) + np.sin(X[:, 0])
POSITIVE = np.abs(VALUE) + 0.1
WORDS = np.array(["ok", "warn", "bad"])[THREE]
"""Three text classes; in sorted order they are bad, ok, warn."""

FRAME = pd.DataFrame(
    {
        "speed": X[:, 0],
        "load": X[:, 1],
        "spare": X[:, 2],
        "gear": _generator.choice(["P", "R", "N", "D"], _ROWS),
        "cylinders": _generator.choice([4, 6, 8], _ROWS),
        "fuel": _generator.choice(["gas", "diesel"], _ROWS),
    }
)
NUMBERS = FRAME[["speed", "load", "spare"]]
WITH_MISSING = FRAME.assign(
    gear=FRAME["gear"].astype(object).where(np.arange(_ROWS) % 7 != 0, np.nan),
    speed=FRAME["speed"].where(np.arange(_ROWS) % 5 != 0, np.nan),
)


def prove(
    estimator: Any, data: Any = None, words: ModelDescription | None = None
) -> tuple[OnnxModel, ParityReport]:
    """Converts a fitted estimator and compares it with scikit-learn."""
    loaded = from_estimator(estimator)
    model = convert(loaded, description=words)
    return model, check_parity(loaded, model, data=data)


def proven(estimator: Any, data: Any = None, words: ModelDescription | None = None) -> OnnxModel:
    """The conversion of an estimator, after a proof that passed."""
    model, report = prove(estimator, data, words)
    failed = [output.name for gate in report.comparisons for output in gate.outputs if not output.passed]
    assert report.passed, failed
    return model


def input_names(model: OnnxModel) -> list[str]:
    return [tensor.name for tensor in model.interface.inputs]


def codes_of(model: OnnxModel, name: str) -> dict[int, str]:
    """Meaning of the codes of an input or output."""
    tensors = {t.name: t for t in (*model.interface.inputs, *model.interface.outputs)}
    return {code.value: code.name for code in tensors[name].codes}
