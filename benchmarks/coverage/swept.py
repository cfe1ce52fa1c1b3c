"""The models of the coverage tables as the native engine runs them: image, rows, and the bits of the host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.coverage.tables import fitted
from ecu_bundle.artifacts import LoadedModel, ModelImage, OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.image.writer import compile_image
from ecu_bundle.interface import Array, Rows
from ecu_bundle.parity.expectation import native_outputs
from ecu_bundle.parity.generation import generate_rows

_EXTREMES = (np.inf, -np.inf, np.finfo(np.float32).max, np.finfo(np.float32).smallest_subnormal)


@dataclass(frozen=True, slots=True)
class Swept:
    """One model of the tables.

    Attributes:
        table, name: its row of docs/coverage.md.
        model, image: converted, and lowered to the native engine.
        rows: what it computes.
        outputs: what the native engine of this process makes of them, (rows, elements) per output.
    """

    table: str
    name: str
    model: OnnxModel
    image: ModelImage
    rows: Rows
    outputs: dict[str, Array]


def swept_models(rows: Iterable[tuple[str, str]]) -> Iterator[Swept]:
    """The models of these rows of the tables, without those that the native engine refuses."""
    for table, name in rows:
        found = swept_model(table, name)
        if found is not None:
            yield found


def swept_model(table: str, name: str) -> Swept | None:
    """The model of one row of a table; None where the native engine refuses it."""
    estimator, words = fitted(table, name)
    try:
        model = convert(LoadedModel("model", "memory", "0" * 64, estimator), description=words)
        image = compile_image(model, engine="native")
    except UnsupportedModelError:
        return None
    rows = with_extremes(model, generate_rows(model, None, estimator).rows)
    return Swept(table, name, model, image, rows, native_outputs(image, rows))


def with_extremes(model: OnnxModel, rows: Rows) -> Rows:
    """The rows of the proof, and some with infinite, the largest and the smallest inputs.

    Two rows for each tensor of float32 and each such number: all elements of the tensor, and its first one.
    """
    floats = [tensor.name for tensor in model.interface.inputs if tensor.dtype == "float32"]
    cases = [(name, value, width) for name in floats for value in _EXTREMES for width in (None, 1)]
    more = rows.take(np.arange(len(cases), dtype=np.intp) % len(rows)).tensors
    for position, (name, value, width) in enumerate(cases):
        more[name][position, :width] = value
    joined = {name: np.concatenate([array, more[name]]) for name, array in rows.tensors.items()}
    return Rows(joined, (*rows.origins, *(["extreme"] * len(cases))))
