"""Files of rows: ``.npy``, ``.csv`` and ``.parquet``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from ecu_bundle.errors import UsageError
from ecu_bundle.interface import Interface, Rows, Tensor
from ecu_bundle.rows import Source, refuse_missing, rows_from

MAX_FILE_BYTES = 2 << 30
_GAPS = ("", "NaN", "nan", "NA", "N/A", "null", "None")
"""What stands for a missing number in a CSV file."""
_OTHER_SEPARATORS = (";", "\t", "|")


def read_rows(path: Path, interface: Interface) -> Rows:
    """Reads a table as rows in device form.

    Raises:
        UsageError: a file that cannot be read, data that does not fit the interface, or a missing
            value where the model has no rule for it; names file, line or row, and column.
    """
    source = TableFile(path)
    return refuse_missing(rows_from(read_table(path, interface), interface, source=source), interface, source)


class TableFile(Source):
    """Places of values inside a file; lines of a CSV file as an editor counts them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def whole(self) -> str:
        return str(self._path)

    def cell(self, row: int, column: str) -> str:
        line = _csv_line(self._path, row) if self._path.suffix.lower() == ".csv" else None
        where = super().row(row) if line is None else f"line {line} (row {row + 1})"
        return f"{self._path}, {where}, column {column}"


def read_table(path: Path, interface: Interface | None = None) -> Any:
    """Reads a file: an array, or a DataFrame with named columns.

    In a CSV file the columns of text categories are read as text: "02" is not 2, and "NA" is not
    missing; an empty cell is.

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
                return np.load(path, allow_pickle=False)
            case ".csv":
                return _read_csv(path, interface)
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
    raise UsageError(
        "data", f"unknown kind of file {path.suffix!r}", place=str(path), hint="use .npy, .csv or .parquet"
    )


def _read_csv(path: Path, interface: Interface | None) -> Any:
    """A CSV file; columns of text categories stay text, where only an empty cell is missing."""
    import pandas as pd

    columns = list(pd.read_csv(path, nrows=0).columns)
    if interface is None:
        return pd.read_csv(path)
    _check_header(path, columns, interface)
    text = {t.name for t in interface.inputs if _has_text_codes(t)} & set(columns)
    frame = pd.read_csv(
        path,
        dtype=dict.fromkeys(text, object),
        keep_default_na=False,
        na_values={name: list(_GAPS) for name in columns if name not in text},
    )
    for name in text:
        frame[name] = pd.Series([cell or None for cell in frame[name]], dtype=object, index=frame.index)
    return frame


def _check_header(path: Path, columns: list[str], interface: Interface) -> None:
    """Refuses what pandas would rename or take for one column.

    Raises:
        UsageError: a column of the interface stands twice, or the separator is not a comma.
    """
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        header = next(filter(None, csv.reader(file)), [])
    needed = {tensor.name for tensor in interface.inputs}
    twice = sorted(name for name in needed if header.count(name) > 1)
    if twice:
        raise UsageError(
            "data",
            f"column {twice[0]!r} stands twice in {path.name}",
            place=f"{path}, line 1",
            hint="keep the column that the model shall get",
        )
    separator = next((s for s in _OTHER_SEPARATORS if len(columns) == 1 and s in columns[0]), "")
    if separator and not needed & set(columns):
        raise UsageError(
            "data",
            f"the columns of {path.name} are separated by {separator!r}, not by a comma",
            place=f"{path}, line 1",
            hint="write it with commas between columns and points in numbers",
        )


def _has_text_codes(tensor: Tensor) -> bool:
    return any(code.value >= 0 and code.name != str(code.value) for code in tensor.codes)


def _csv_line(path: Path, row: int) -> int | None:
    """Line on which a data row begins, both as a person and as pandas count; None when unknown."""
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            reader = csv.reader(file)
            begin, records = 1, -1  # the header is no data row
            for record in reader:
                records += bool(record)
                if record and records == row + 1:
                    return begin
                begin = reader.line_num + 1
    except csv.Error:
        pass  # a field longer than the csv module reads; the row number remains
    return None
