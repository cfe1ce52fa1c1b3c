"""Values at which splits are tried: through scikit-learn's own preprocessing, and through the graph."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.interface import Rows, Tensor
from ecu_bundle.parity.reference import estimator_input
from ecu_bundle.parity.session import open_session
from ecu_bundle.parity.witnesses.graph import prefix

_ROWS_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True)
class Probes:
    """Rows that try every edge of every input value; the input values are tried side by side.

    Row s holds the edge of slot s of each input value, row n + s the float32 next above it, then follow
    -inf, +inf and NaN, then the codes of the enumerated inputs one after another.

    Attributes:
        rows: in device form.
        slots: n.
        edges: number of edges of each input value.
        codes: number of codes of each input value; 0 for numbers.
        names: what each input value is called.
        accepts_nan: of each input value.
    """

    rows: Rows
    slots: int
    edges: NDArray[np.int64]
    codes: NDArray[np.int64]
    names: tuple[str, ...]
    accepts_nan: NDArray[np.bool_]

    @property
    def lowest(self) -> int:
        return 2 * self.slots

    @property
    def highest(self) -> int:
        return 2 * self.slots + 1

    @property
    def missing(self) -> int:
        return 2 * self.slots + 2

    @property
    def first_code(self) -> int:
        return 2 * self.slots + 3

    def around_edges(self, feature: NDArray[np.int64], slot: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows to try for splits on numbers, (splits, trials): the edge, the next float32, both ends, NaN.

        Args:
            feature: input value of each split.
            slot: of its edge.

        Returns:
            Positions of rows; -1 where there is no further trial.
        """
        ends = np.broadcast_to([self.lowest, self.highest], (len(slot), 2))
        return np.column_stack([slot, slot + self.slots, ends, self._missing(feature)])

    def all_codes(self, feature: NDArray[np.int64], slot: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same for splits on enumerated inputs: every code."""
        return _up_to(self.codes[feature], np.full(len(slot), self.first_code))

    def all_keys(self, feature: NDArray[np.int64], slot: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same for splits on numbers that are looked up: every key, what is beside it, both ends, NaN."""
        start = np.zeros(len(slot), dtype=np.int64)
        keys, beside = (_up_to(self.edges[feature], start + first) for first in (0, self.slots))
        ends = np.broadcast_to([self.lowest, self.highest], (len(slot), 2))
        return np.column_stack([keys, beside, ends, self._missing(feature)])

    def _missing(self, feature: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(self.accepts_nan[feature], self.missing, -1).astype(np.int64)

    def value(self, row: int, feature: int) -> np.float32 | np.int32:
        """One input value."""
        for array in self.rows.tensors.values():
            if feature < array.shape[1]:
                break
            feature -= array.shape[1]
        found: np.float32 | np.int32 = array[row, feature]
        return found


def probes_of(model: OnnxModel, edges: Sequence[NDArray[np.float32]]) -> Probes:
    """Makes the rows.

    Args:
        model: its interface.
        edges: the edges of each input value, sorted, each once.
    """
    features = [tensor for tensor in model.interface.inputs for _ in range(tensor.elements)]
    slots = max((len(values) for values in edges), default=0)
    most = max((len(tensor.codes) for tensor in features), default=0)
    matrix = np.zeros((2 * slots + 3 + most, len(features)), dtype=np.float64)
    for column, (tensor, own) in enumerate(zip(features, edges, strict=True)):
        if tensor.codes:
            codes = [code.value for code in tensor.codes]
            matrix[:, column] = codes[0]
            matrix[2 * slots + 3 : 2 * slots + 3 + len(codes), column] = codes
            continue
        matrix[: len(own), column] = own
        with np.errstate(over="ignore"):
            matrix[slots : slots + len(own), column] = np.nextafter(own, np.float32(np.inf))
        matrix[2 * slots : 2 * slots + 3, column] = -np.inf, np.inf, np.nan
    tensors = {}
    start = 0
    for tensor in model.interface.inputs:
        block = matrix[:, start : start + tensor.elements]
        tensors[tensor.name] = np.ascontiguousarray(block.astype(tensor.numpy_dtype))
        start += tensor.elements
    return Probes(
        rows=Rows(tensors),
        slots=slots,
        edges=np.array([len(own) for own in edges], dtype=np.int64),
        codes=np.array([len(tensor.codes) for tensor in features], dtype=np.int64),
        names=tuple(_names(model.interface.inputs)),
        accepts_nan=np.array([tensor.accepts_nan for tensor in features], dtype=bool),
    )


def _up_to(counts: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.int64]:
    """``first, first + 1, ...``, as many as each count says, then -1."""
    steps = np.arange(int(counts.max(initial=0)))
    return np.where(steps < counts[:, None], steps + first[:, None], -1).astype(np.int64)


def _names(tensors: Sequence[Tensor]) -> list[str]:
    return [
        tensor.name if tensor.elements == 1 else f"{tensor.name}[{i}]"
        for tensor in tensors
        for i in range(tensor.elements)
    ]


def prepared(steps: Sequence[Any], model: OnnxModel, rows: Rows) -> NDArray[np.float64]:
    """The matrix that scikit-learn's own steps make of the rows, float64 (rows, columns).

    The check that scikit-learn makes for infinities is off; its arithmetic is as always.
    """
    import sklearn

    blocks = []
    with sklearn.config_context(assume_finite=True), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows.take(slice(start, start + _ROWS_AT_ONCE))
            X = estimator_input(model.columns, model.interface, part)
            for step in steps:
                if not isinstance(step, str):
                    X = step.transform(X)
            blocks.append(np.asarray(X.toarray() if hasattr(X, "toarray") else X, dtype=np.float64))
    return np.concatenate(blocks)


def graph_matrices(
    proto: onnx.ModelProto, names: Sequence[str], rows: Rows
) -> dict[str, NDArray[np.float32]]:
    """Tensors of a graph on the rows, as ONNX Runtime computes them; float32 (rows, columns)."""
    feeds = {
        name: array.astype(np.int64) if array.dtype == np.int32 else array
        for name, array in rows.tensors.items()
    }
    inner = [name for name in dict.fromkeys(names) if name not in feeds]
    found = {name: np.asarray(feeds[name], dtype=np.float32) for name in names if name in feeds}
    if inner:
        cut = prefix(proto, inner)
        session = open_session(cut)
        found.update(zip(inner, session.run(inner, feeds), strict=True))
    return {name: values.reshape(len(rows), -1) for name, values in found.items()}
