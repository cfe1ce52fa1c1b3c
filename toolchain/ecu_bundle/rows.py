"""User data into the device form of an interface."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.errors import UsageError
from ecu_bundle.interface import (
    MATRIX_INPUT,
    MISSING_CODE,
    UNKNOWN_CODE,
    Array,
    Code,
    Interface,
    Rows,
    Tensor,
)


class Source:
    """Where values stand, for messages. Rows are counted from 1, as a person counts them."""

    def whole(self) -> str:
        """The place of the whole table; empty for data in memory."""
        return ""

    def row(self, row: int) -> str:
        return f"row {row + 1} (counted from 1)"

    def cell(self, row: int, column: str) -> str:
        """The place of one value: row from 0, and the column in words."""
        return f"{self.row(row)}, column {column}"


IN_MEMORY = Source()
_NO_NUMBERS = "cMmV"
"""Kinds of dtypes that numpy would cast to float silently: complex, dates, durations, records."""


def rows_from(X: Any, interface: Interface, origin: str = "data", *, source: Source = IN_MEMORY) -> Rows:
    """Turns user data into rows in device form.

    Args:
        X: array (rows, features) in the order of the interface, a DataFrame (columns by name), a
            mapping of columns, or Rows.
        interface: what the model takes.
        origin: noted for every row.
        source: where X comes from, for messages.

    Raises:
        UsageError: wrong column count, a missing column, text that is no category, or a value that
            is not a number; names row and column.
    """
    if isinstance(X, Rows):
        return X
    if hasattr(X, "columns") or isinstance(X, Mapping):
        tensors = _from_columns(X, interface, source)
    else:
        tensors = _from_matrix(np.asarray(X), interface, source)
    counts = {array.shape[0] for array in tensors.values()}
    if len(counts) != 1:
        raise UsageError(
            "data",
            f"the columns have different lengths: {sorted(counts)}",
            place=source.whole(),
            hint="give every column one value per row",
        )
    return Rows(tensors, (origin,) * counts.pop())


def refuse_missing(
    rows: Rows,
    interface: Interface,
    source: Source = IN_MEMORY,
    refusals: Mapping[str, str] = MappingProxyType({}),
) -> Rows:
    """The same rows, when no value is NaN where the input refuses NaN.

    Args:
        rows: in device form.
        interface: says which inputs refuse NaN.
        source: where the rows come from.
        refusals: places where the user asked for it with ``accepts_nan = false``, by input.

    Raises:
        UsageError: names row and column of the first such value.
    """
    for tensor in interface.inputs:
        values = rows.tensors[tensor.name]
        if tensor.dtype == "float32" and not tensor.accepts_nan and np.isnan(values).any():
            row, element = map(int, np.argwhere(np.isnan(values))[0])
            raise UsageError(
                "data",
                "the value is missing (NaN), and this input refuses NaN",
                place=source.cell(row, column_text(tensor, element)),
                hint=_missing_hint(refusals.get(tensor.name)),
            )
    return rows


def _missing_hint(refusal: str | None) -> str:
    if refusal is not None:
        return f"fill missing values, or take `accepts_nan = false` away in {refusal}"
    return (
        "fill missing values, or train the model with an imputer and without `accepts_nan = false` in "
        "ecu-bundle.toml; `ecu-bundle inspect` lists the inputs that accept NaN"
    )


def matrix_of(rows: Rows) -> NDArray[np.float32]:
    """All inputs side by side, shape (rows, features); codes as numbers."""
    return np.concatenate([a.astype(np.float32) for a in rows.tensors.values()], axis=1)


def _from_matrix(X: NDArray[Any], interface: Interface, source: Source) -> dict[str, Array]:
    if X.ndim == 1 and interface.features == X.shape[0]:
        X = X.reshape(1, -1)
    if X.ndim != 2 or X.shape[1] != interface.features:
        raise UsageError(
            "data",
            f"the model takes {interface.features} columns, the data has shape {X.shape}",
            place=source.whole(),
            hint="one row per sample, columns in the order of the interface: "
            + ", ".join(t.name for t in interface.inputs[:8])
            + (", ..." if len(interface.inputs) > 8 else ""),
        )
    tensors: dict[str, Array] = {}
    start = 0
    for tensor in interface.inputs:
        tensors[tensor.name] = _to_device(X[:, start : start + tensor.elements], tensor, source)
        start += tensor.elements
    return tensors


def _from_columns(X: Any, interface: Interface, source: Source) -> dict[str, Array]:
    names = list(X.columns) if hasattr(X, "columns") else list(X)
    present = [str(name) for name in names]
    duplicated = sorted({n for n in present if present.count(n) > 1})
    if duplicated:
        raise UsageError(
            "data",
            f"column {duplicated[0]!r} stands twice in the data",
            place=source.whole(),
            hint="keep the column that the model shall get",
        )
    missing = [t.name for t in interface.inputs if t.name not in present]
    if missing and [t.name for t in interface.inputs] == [MATRIX_INPUT]:
        return _from_matrix(_side_by_side(X), interface, source)  # a model without column names
    if missing:
        raise UsageError(
            "data",
            "the data lacks the column" + ("s " if len(missing) > 1 else " ") + ", ".join(map(repr, missing)),
            place=source.whole(),
            hint=_close(missing[0], present)
            + "columns present: "
            + ", ".join(map(repr, present[:20]))
            + (", ..." if len(present) > 20 else ""),
        )
    by_name = dict(zip(present, names, strict=True))
    tensors: dict[str, Array] = {}
    for tensor in interface.inputs:
        column = np.asarray(X[by_name[tensor.name]])
        values = column.reshape(len(column), -1) if column.size else column.reshape(0, tensor.elements)
        tensors[tensor.name] = _to_device(values, tensor, source)
    return tensors


def _side_by_side(X: Any) -> NDArray[Any]:
    return np.column_stack(list(X.values())) if isinstance(X, Mapping) else np.asarray(X)


def _close(name: str, names: list[str]) -> str:
    found = difflib.get_close_matches(name, names, n=1)
    return f"rename {found[0]!r} if it is {name!r}; " if found else ""


def column_text(tensor: Tensor, element: int) -> str:
    """A column in words: its name, and its position where one input has many values."""
    place = f", value {element + 1} of {tensor.elements}" if tensor.elements > 1 else ""
    return f"{tensor.name!r}{place}"


def _to_device(values: NDArray[Any], tensor: Tensor, source: Source) -> Array:
    if values.shape[1] != tensor.elements:
        raise UsageError(
            "data",
            f"input {tensor.name!r} takes {tensor.elements} values a row, got {values.shape[1]}",
            place=source.whole(),
            hint="give an array of shape (rows, elements)",
        )
    if tensor.codes:
        return _to_codes(values, tensor, source)
    if values.dtype.kind in _NO_NUMBERS:
        raise UsageError(
            "data",
            f"column {tensor.name!r} holds {values.dtype}, which are no real numbers",
            place=source.whole(),
            hint="give numbers, for instance float32",
        )
    try:
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(values.astype(np.float32))
    except (TypeError, ValueError) as error:
        for (row, element), value in np.ndenumerate(values.astype(object)):
            try:
                float(value)
            except (TypeError, ValueError):
                raise UsageError(
                    "data",
                    f"{value!r} is not a number",
                    place=source.cell(row, column_text(tensor, element)),
                    hint="write numbers with a decimal point; leave the cell empty for a missing value",
                ) from error
        raise UsageError(
            "data",
            f"column {tensor.name!r} is not numeric: {error}",
            place=source.whole(),
            hint="give numbers that float32 can hold",
        ) from error


def _to_codes(values: NDArray[Any], tensor: Tensor, source: Source) -> NDArray[np.int32]:
    numbers = {code.value for code in tensor.codes}
    by_name = {code.name: code.value for code in reversed(tensor.codes)}
    missing = MISSING_CODE if Code(MISSING_CODE, "missing") in tensor.codes else None
    unknown = UNKNOWN_CODE if Code(UNKNOWN_CODE, "unknown") in tensor.codes else None
    codes = np.empty(values.shape, dtype=np.int32)
    for index, value in np.ndenumerate(values.astype(object)):
        code = _code_of(value, by_name, numbers, missing)
        code = unknown if code is None else code
        if code is None:
            raise UsageError(
                "data",
                f"{value!r} is not a category of {tensor.name!r}",
                place=source.cell(index[0], column_text(tensor, index[1])),
                hint="categories: "
                + ", ".join(code.name for code in tensor.codes[:20])
                + (", ..." if len(tensor.codes) > 20 else ""),
            )
        codes[index] = code
    return codes


def _code_of(value: Any, by_name: dict[str, int], numbers: set[int], missing: int | None) -> int | None:
    """The code of a category by its text, or by its number where no text looks like that number."""
    if value is None:
        return missing
    if isinstance(value, int | float | np.integer | np.floating | np.bool_):
        if np.isnan(value):
            return missing
        text = str(int(value)) if float(value).is_integer() else str(value)
        return by_name.get(text, int(value) if value in numbers else None)
    return by_name.get(str(value))
