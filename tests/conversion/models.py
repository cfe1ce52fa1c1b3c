"""The whole way from an estimator to a proof, and the tiny data sets for it."""

from __future__ import annotations

from typing import Any

from benchmarks.coverage.data import (
    FOUR,
    FRAME,
    NUMBERS,
    POSITIVE,
    THREE,
    TWO,
    VALUE,
    WITH_MISSING,
    WORDS,
    X,
)

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.conversion.description import ModelDescription
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import ParityReport, check_parity

__all__ = [
    "FOUR",
    "FRAME",
    "NUMBERS",
    "POSITIVE",
    "THREE",
    "TWO",
    "VALUE",
    "WITH_MISSING",
    "WORDS",
    "X",
    "codes_of",
    "input_names",
    "prove",
    "proven",
]


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
