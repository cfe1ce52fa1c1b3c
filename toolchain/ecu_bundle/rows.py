"""User data into the device form of an interface, and files of rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.errors import UsageError
from ecu_bundle.interface import MISSING_CODE, UNKNOWN_CODE, Array, Code, Interface, Rows, Tensor

MAX_FILE_BYTES = 2 << 30
_GAPS = ("", "NaN", "nan", "NA", "N/A", "null", "None")
"""What stands for a missing number in a CSV file."""


def read_table(path: Path, interface: Interface | None = None) -> Any:
    """Reads ``.npy``, ``.csv`` or ``.parquet``: an array, or a DataFrame with named columns.

    In a CSV file the columns of text categories are read as text: "02" is not 2, and "NA" is not
    missing; an empty cell is.

    Raises:
        UsageError: no such file, unknown ending, or content that cannot be read.
    """
    if not path.is_file():
        raise UsageError("data", f"there is no file {path.name}", place=str(path))
    if path.stat().st_size > MAX_FILE_BYTES:
        raise UsageError("data", f"{path.name} is larger than {MAX_FILE_BYTES >> 30} GiB", place=str(path))
    try:
        match path.suffix.lower():
            case ".npy":
                return np.load(path, allow_pickle=False)
            case ".csv":
                import pandas as pd

                text = {t.name for t in interface.inputs if _has_text_codes(t)} if interface else set()
                return _read_csv(path, text) if text else pd.read_csv(path)
            case ".parquet":
                import pandas as pd

                return pd.read_parquet(path)
    except ImportError as error:
        raise UsageError(
            "data", "reading Parquet needs pyarrow", place=str(path), hint="pip install 'ecu-bundle[parquet]'"
        ) from error
    except Exception as error:
        raise UsageError("data", f"{path.name} cannot be read: {error}", place=str(path)) from error
    raise UsageError(
        "data", f"unknown kind of file {path.suffix!r}", place=str(path), hint="use .npy, .csv or .parquet"
    )


def _has_text_codes(tensor: Tensor) -> bool:
    return any(code.value >= 0 and code.name != str(code.value) for code in tensor.codes)


def _read_csv(path: Path, text: set[str]) -> Any:
    """A CSV file with some columns left as text, where only an empty cell is missing."""
    import pandas as pd

    columns = list(pd.read_csv(path, nrows=0).columns)
    frame = pd.read_csv(
        path,
        dtype={name: object for name in columns if name in text},
        keep_default_na=False,
        na_values={name: list(_GAPS) for name in columns if name not in text},
    )
    for name in text & set(columns):
        frame[name] = pd.Series([cell or None for cell in frame[name]], dtype=object, index=frame.index)
    return frame


def rows_from(X: Any, interface: Interface, origin: str = "data") -> Rows:
    """Turns user data into rows in device form.

    Args:
        X: array (rows, features) in the order of the interface, a DataFrame (columns by name), a
            mapping of columns, or Rows.
        interface: what the model takes.
        origin: noted for every row.

    Raises:
        UsageError: wrong column count, a missing column, text that is no category, or a value that
            is not a number; names row and column.
    """
    if isinstance(X, Rows):
        return X
    if hasattr(X, "columns") or isinstance(X, Mapping):
        tensors = _from_columns(X, interface)
    else:
        tensors = _from_matrix(np.asarray(X), interface)
    counts = {array.shape[0] for array in tensors.values()}
    if len(counts) != 1:
        raise UsageError("data", f"the columns have different lengths: {sorted(counts)}")
    return Rows(tensors, (origin,) * counts.pop())


def refuse_missing(rows: Rows, interface: Interface) -> Rows:
    """The same rows, when no value is NaN that the model has no rule for.

    Raises:
        UsageError: names row and column of the first such value.
    """
    for tensor in interface.inputs:
        values = rows.tensors[tensor.name]
        if tensor.dtype == "float32" and not tensor.accepts_nan and np.isnan(values).any():
            row = int(np.flatnonzero(np.isnan(values).any(axis=1))[0])
            raise UsageError(
                "data",
                "the value is missing (NaN), and the model has no rule for it",
                place=f"row {row}, column {tensor.name!r}",
                hint="fill missing values, or train the model with an imputer",
            )
    return rows


def matrix_of(rows: Rows) -> NDArray[np.float32]:
    """All inputs side by side, shape (rows, features); codes as numbers."""
    return np.concatenate([a.astype(np.float32) for a in rows.tensors.values()], axis=1)


def _from_matrix(X: NDArray[Any], interface: Interface) -> dict[str, Array]:
    if X.ndim == 1 and interface.features == X.shape[0]:
        X = X.reshape(1, -1)
    if X.ndim != 2 or X.shape[1] != interface.features:
        raise UsageError(
            "data",
            f"the model takes {interface.features} columns, the data has shape {X.shape}",
            hint="one row per sample, columns in the order of the interface: "
            + ", ".join(t.name for t in interface.inputs[:8]),
        )
    tensors: dict[str, Array] = {}
    start = 0
    for tensor in interface.inputs:
        tensors[tensor.name] = _to_device(X[:, start : start + tensor.elements], tensor)
        start += tensor.elements
    return tensors


def _from_columns(X: Any, interface: Interface) -> dict[str, Array]:
    names = list(X.columns) if hasattr(X, "columns") else list(X)
    present = [str(name) for name in names]
    duplicated = sorted({n for n in present if present.count(n) > 1})
    if duplicated:
        raise UsageError("data", f"column {duplicated[0]!r} stands twice in the data")
    missing = [t.name for t in interface.inputs if t.name not in present]
    if missing and len(interface.inputs) == 1 and len(present) == interface.features:
        return _from_matrix(np.asarray(X), interface)
    if missing:
        raise UsageError(
            "data",
            "the data lacks the column" + ("s " if len(missing) > 1 else " ") + ", ".join(map(repr, missing)),
            hint="columns present: " + ", ".join(map(repr, present[:20])),
        )
    by_name = dict(zip(present, names, strict=True))
    tensors: dict[str, Array] = {}
    for tensor in interface.inputs:
        column = np.asarray(X[by_name[tensor.name]])
        tensors[tensor.name] = _to_device(column.reshape(len(column), -1), tensor)
    return tensors


def _to_device(values: NDArray[Any], tensor: Tensor) -> Array:
    if values.shape[1] != tensor.elements:
        raise UsageError(
            "data", f"input {tensor.name!r} takes {tensor.elements} values a row, got {values.shape[1]}"
        )
    if tensor.codes:
        return _to_codes(values, tensor)
    try:
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(values.astype(np.float32))
    except (TypeError, ValueError) as error:
        for index, value in enumerate(values.ravel().tolist()):
            try:
                float(value)
            except (TypeError, ValueError):
                raise UsageError(
                    "data",
                    f"{value!r} is not a number",
                    place=f"row {index // tensor.elements}, column {tensor.name!r}",
                ) from error
        raise UsageError("data", f"column {tensor.name!r} is not numeric: {error}") from error


def _to_codes(values: NDArray[Any], tensor: Tensor) -> NDArray[np.int32]:
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
                place=f"row {index[0]}, column {tensor.name!r}",
                hint="categories: " + ", ".join(code.name for code in tensor.codes[:20]),
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
