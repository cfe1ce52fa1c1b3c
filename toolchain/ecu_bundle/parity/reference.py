"""The reference: scikit-learn in float64 on float32-rounded inputs, or ONNX Runtime for ONNX files."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.errors import VerificationError
from ecu_bundle.interface import MATRIX_INPUT, UNKNOWN_CODE, Array, Column, Interface, Rows, Tensor
from ecu_bundle.parity.outputs import outputs_of, reference_of

SKLEARN = "scikit-learn"
ORT = "ONNX Runtime (Python)"

DEFINITION_ONNX = (
    "ONNX Runtime in Python, one thread, row by row, no graph optimisation; there is no scikit-learn "
    "model to compare with"
)

UNSEEN = "\N{DOUBLE QUESTION MARK} not seen in training"
"""Text that stands for a category that the model does not know."""

FloatOrInt = NDArray[np.float64] | NDArray[np.int64]


def reference_outputs(
    loaded: LoadedModel, model: OnnxModel, rows: Rows, *, only: Collection[str] | None = None
) -> dict[str, FloatOrInt]:
    """Computes outputs of the interface with scikit-learn.

    Args:
        loaded, model: the estimator and its conversion.
        rows: inputs in device form.
        only: names of the outputs that are wanted; None: all.

    Returns:
        One array (rows, elements) per output: int64 for labels, float64 otherwise.

    Raises:
        VerificationError: scikit-learn refuses the rows.
    """
    X = estimator_input(model.columns, model.interface, rows)
    outputs = outputs_of(loaded.estimator)
    if model.standard:
        names: Any = model.standard
        outputs = dataclasses.replace(outputs, names=names)
    results: dict[str, FloatOrInt] = {}
    functions = reference_of(loaded.estimator, outputs)
    with warnings.catch_warnings(), _one_thread().limit(limits=1, user_api="openmp"):
        warnings.simplefilter("ignore")
        for name, tensor in zip(outputs.names, model.interface.outputs, strict=True):
            if only is not None and tensor.name not in only:
                continue
            try:
                results[tensor.name] = functions[name](X)
            except Exception as error:
                raise VerificationError(
                    "verify",
                    f"scikit-learn cannot compute {name} on the rows: {error}",
                    place=type(loaded.estimator).__name__,
                    hint="check the ranges and the data in ecu-bundle.toml",
                ) from error
    return results


@cache
def _one_thread() -> ThreadpoolController:
    """Of scikit-learn's OpenMP: on a busy machine the threads of HistGradientBoosting wait for each other far
    longer than they work, since the proof often asks for few rows."""
    return ThreadpoolController()


def estimator_input(columns: Sequence[Column], interface: Interface, rows: Rows) -> Any:
    """Rows in device form as the estimator takes them: float64, categories as themselves.

    Returns:
        A DataFrame when the estimator was trained with column names, else an array.
    """
    tensors = {t.name: t for t in interface.inputs}
    named = any(c.name for c in columns)
    if not named and list(tensors) == [MATRIX_INPUT] and not interface.inputs[0].codes:
        return rows.tensors[MATRIX_INPUT].astype(np.float64)
    names = [c.name for c in columns] if named else [t.name for t in interface.inputs]
    data = {
        position: _decode(rows, tensors.get(name), column, len(rows))
        for position, (name, column) in enumerate(zip(names, columns, strict=True))
    }
    import pandas as pd

    # pandas would guess a type for text, in which None and NaN are alike
    frame = pd.DataFrame(
        {position: pd.Series(v, dtype=object) if v.dtype == object else v for position, v in data.items()}
    )
    if named:
        frame.columns = pd.Index(names)
        return frame
    return frame.to_numpy()


def _decode(rows: Rows, tensor: Tensor | None, column: Column, count: int) -> NDArray[Any]:
    if tensor is None:
        unused = column.values[0] if column.values else 0.0
        return np.full(count, unused, dtype=object if isinstance(unused, str) else np.float64)
    values: Array = rows.tensors[tensor.name][:, 0]
    if not tensor.codes:
        return values.astype(np.float64)
    text = any(isinstance(v, str) for v in column.values)
    known = [float(v) for v in column.values if v is not None and not isinstance(v, str)]
    unseen: Any = UNSEEN if text else max(known, default=0.0) + 1.0
    meaning = {
        code.value: unseen if value is None and code.value == UNKNOWN_CODE else value
        for code, value in zip(column.codes, column.values, strict=True)
    }
    decoded = [meaning[int(v)] for v in values]
    return np.array(decoded, dtype=object if text else np.float64)
