"""Figures of one tree model: leaves, labels, values, threads and batches; beside the standard conversion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from benchmarks.truth.cases import Data, TreeCase
from benchmarks.truth.leaves import wrong_leaves
from benchmarks.truth.orders import undecided
from benchmarks.truth.standard import outputs_of
from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.interface import Rows
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity.generation import generate_rows
from ecu_bundle.parity.reference import reference_outputs
from ecu_bundle.parity.tolerance import ulp_distance

THREADS, BATCHES = (1, 2, 4), (1, 50, 1000)
MOST_BOUNDARY_ROWS = 3000
TILED_ROWS = 1000

Standard = Callable[[Any, int], bytes | str]
"""Converts an estimator as skl2onnx does without us."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How a conversion compares with scikit-learn on all rows.

    Attributes:
        wrong_leaves: pairs of row and tree; None where leaves cannot be compared.
        flips: rows with another label than scikit-learn's, which is the same for every order of its trees;
            None without a label.
        undecided: rows with another label where scikit-learn's own label changes with the order in which
            its trees are added; None without a label.
        values, equal: float values, and how many are float32(scikit-learn).
        max_ulp: largest distance in units in the last place.
        changing: rows with other bits for some number of threads or size of a batch.
    """

    wrong_leaves: int | None
    flips: int | None
    undecided: int | None
    values: int
    equal: int
    max_ulp: int
    changing: int


@dataclass(frozen=True, slots=True)
class TreeResult:
    """One tree model on one data set.

    Attributes:
        rows: number of rows by origin.
        ours: figures of our conversion.
        standard: the same of skl2onnx's, or why there are none.
    """

    case: str
    data: str
    rows: dict[str, int]
    ours: Figures
    standard: Figures | str


def measure_trees(case: TreeCase, data: Data, standard: Standard) -> TreeResult:
    """Fits, converts both ways and compares on the same rows."""
    fitted = case.fitted(data)
    loaded = from_estimator(fitted)
    model = convert(loaded)
    rows = rows_of(model, data, fitted)
    matrix: NDArray[np.float32] = rows.tensors["X"]
    expected = list(reference_outputs(loaded, model, rows).values())
    other = standard(fitted, matrix.shape[1])
    try:
        theirs = other if isinstance(other, str) else _figures(other, loaded, matrix, expected)
    except Exception as error:  # what the standard conversion does is a figure, whatever it is
        theirs = f"does not run: {str(error).splitlines()[0]}"
    return TreeResult(
        case.name,
        data.name,
        dict(Counter(rows.origins)),
        _figures(model.data, loaded, matrix, expected),
        theirs,
    )


def rows_of(model: OnnxModel, data: Data, fitted: Any) -> Rows:
    """Real rows, rows a few units in the last place beside them, rows at thresholds, rows with NaN."""
    generator = np.random.default_rng(3)
    real = data.rows.astype(np.float32)
    moves = generator.integers(-3, 4, real.shape).astype(np.float32)
    jittered = real * (np.float32(1.0) + moves * np.float32(2.0**-23))
    generated = generate_rows(model, real, fitted).rows
    boundary = np.flatnonzero(np.array(generated.origins) == "boundary")
    every = max(1, -(-len(boundary) // MOST_BOUNDARY_ROWS))
    parts = {"real": real, "jittered": jittered, "boundary": generated.tensors["X"][boundary[::every]]}
    if model.interface.inputs[0].accepts_nan:
        parts["NaN"] = data.holed().astype(np.float32)
    origins = [name for name, part in parts.items() for _ in range(len(part))]
    return Rows({"X": np.concatenate(list(parts.values())).astype(np.float32)}, tuple(origins))


def _figures(
    graph: bytes, loaded: LoadedModel, matrix: NDArray[np.float32], expected: list[NDArray[Any]]
) -> Figures:
    actual = outputs_of(graph, matrix)
    flips: int | None = None
    unclear: int | None = None
    values = equal = largest = 0
    for wanted, found in zip(expected, actual, strict=True):
        if wanted.dtype.kind == "i":
            other = (wanted != found).any(axis=1)
            unclear = int(undecided(loaded.estimator, matrix[other], lambda e, X: e.predict(X)).sum())
            flips = int(other.sum()) - unclear
            continue
        with np.errstate(over="ignore"):
            rounded = wanted.astype(np.float32)
        distance = ulp_distance(rounded, found.astype(np.float32))
        values += distance.size
        equal += int((distance == 0).sum())
        largest = max(largest, int(distance.max(initial=0)))
    leaves = wrong_leaves(onnx.load_from_string(graph), loaded.estimator, matrix)
    return Figures(leaves, flips, unclear, values, equal, largest, _changing(graph, matrix))


def _changing(graph: bytes, matrix: NDArray[np.float32]) -> int:
    """Rows whose bits depend on threads or batch."""
    rows = matrix[np.linspace(0, len(matrix) - 1, TILED_ROWS).astype(np.intp)]
    first, *others = (
        outputs_of(graph, rows, threads=threads, batch=batch) for threads, batch in product(THREADS, BATCHES)
    )
    changed = np.zeros(len(rows), dtype=bool)
    for other in others:
        for one, two in zip(first, other, strict=True):
            changed |= (one != two).any(axis=1) & ~(np.isnan(one) & np.isnan(two)).any(axis=1)
    return int(changed.sum())
