"""The whole way from an estimator to a proof, and the tiny data sets for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
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
from numpy.typing import NDArray

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
    "run_batched",
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


def run_batched(
    model: OnnxModel, rows: NDArray[np.float32], *, threads: int, batch: int
) -> dict[str, NDArray[Any]]:
    """Outputs of ONNX Runtime with that many threads, so many rows at a time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.data, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    parts = [session.run(names, {"X": rows[i : i + batch]}) for i in range(0, len(rows), batch)]
    return {name: np.concatenate([part[i] for part in parts]) for i, name in enumerate(names)}
