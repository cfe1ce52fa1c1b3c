"""Files of rows: ``.npy``, ``.csv`` and ``.parquet``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ecu_bundle.csv_tables import csv_line, read_csv
from ecu_bundle.errors import UsageError
from ecu_bundle.interface import Interface, Rows
from ecu_bundle.rows import Source, refuse_missing, rows_from

MAX_FILE_BYTES = 2 << 30
_NPY = b"\x93NUMPY"
_SHEETS = (".xlsx", ".xls", ".xlsm", ".ods")


def read_rows(
    path: Path, interface: Interface, *, refusals: Mapping[str, str] = MappingProxyType({})
) -> Rows:
    """Reads a table as rows in device form.

    Args:
        path: the file.
        interface: what the model takes.
        refusals: places where the user refuses NaN, by input, for the message.

    Raises:
        UsageError: a file that cannot be read or has no rows, data that does not fit the interface, or
            a missing value where the model has no rule for it; names file, line or row, and column.
    """
    source = TableFile(path)
    rows = rows_from(read_table(path, interface), interface, source=source)
    if not len(rows):
        raise UsageError(
            "data", f"{path.name} has no rows", place=str(path), hint="give at least one row of values"
        )
    return refuse_missing(rows, interface, source, refusals)


class TableFile(Source):
    """Places of values inside a file; lines of a CSV file as an editor counts them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def whole(self) -> str:
        return str(self._path)

    def cell(self, row: int, column: str) -> str:
        line = csv_line(self._path, row) if self._path.suffix.lower() == ".csv" else None
        where = super().row(row) if line is None else f"line {line} (row {row + 1})"
        return f"{self._path}, {where}, column {column}"


def read_table(path: Path, interface: Interface | None = None) -> Any:
    """Reads a file: an array, or a DataFrame with named columns.

    Raises:
        UsageError: no such file, unknown ending, content that cannot be read, or a column of the
            interface that stands twice.
    """
    if not path.is_file():
        raise UsageError(
            "data",
            f"there is no file {path.name}" if not path.exists() else f"{path.name} is not a file",
            place=str(path),
            hint="give a .npy, .csv or .parquet file",
        )
    if path.stat().st_size > MAX_FILE_BYTES:
        raise UsageError(
            "data",
            f"{path.name} is larger than {MAX_FILE_BYTES >> 30} GiB",
            place=str(path),
            hint="take some of its rows",
        )
    try:
        match path.suffix.lower():
            case ".npy":
                return _read_npy(path)
            case ".csv":
                return read_csv(path, interface)
            case ".parquet":
                import pandas as pd

                return pd.read_parquet(path)
    except UsageError:
        raise
    except ImportError as error:
        raise UsageError(
            "data", "reading Parquet needs pyarrow", place=str(path), hint="pip install 'ecu-bundle[parquet]'"
        ) from error
    except Exception as error:
        raise UsageError(
            "data",
            f"{path.name} cannot be read: {error}",
            place=str(path),
            hint="write it again with numpy.save, DataFrame.to_csv(index=False) or DataFrame.to_parquet",
        ) from error
    sheet = path.suffix.lower() in _SHEETS
    raise UsageError(
        "data",
        f"unknown kind of file {path.suffix!r}",
        place=str(path),
        hint="save the sheet as CSV UTF-8 with commas" if sheet else "give rows as .npy, .csv or .parquet",
    )


def _read_npy(path: Path) -> Any:
    with path.open("rb") as file:
        head = file.read(len(_NPY))
    if head != _NPY:
        raise UsageError(
            "data",
            f"{path.name} is not a NumPy array" + ("" if head else ": it is empty"),
            place=str(path),
            hint="write it with numpy.save",
        )
    return np.load(path, allow_pickle=False)
