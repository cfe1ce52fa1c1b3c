"""CSV files of rows: commas, points, UTF-8 and one header line. What a spreadsheet does otherwise is named.

pandas reads a good file; it also reads many a bad one, by shifting columns or filling gaps. So each line
is looked at before.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ecu_bundle.errors import UsageError
from ecu_bundle.interface import MATRIX_INPUT, Interface, Tensor
from ecu_bundle.rows import column_text

_GAPS = ("", "NaN", "nan", "NA", "N/A", "null", "None")
"""What stands for a missing number."""
_OTHER_SEPARATORS = (";", "\t", "|")
_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-16."""
_AS_UTF8 = "save it as UTF-8 text with commas; Excel calls that `CSV UTF-8 (comma delimited)`"
_WITH_COMMAS = "write it with commas between columns and points in numbers"


def read_csv(path: Path, interface: Interface | None = None) -> Any:
    """Reads a CSV file as a DataFrame; columns of text categories stay text.

    There "02" is not 2, and "NA" is not missing; an empty cell is.

    Returns:
        The columns by their names in the header, the first of each name; by their positions where the model
        has no names for them.

    Raises:
        UsageError: not UTF-8, no header, another separator, a blank line before the end, a line with too
            many or too few cells, a column of the interface that stands twice, or a number with ``_`` in
            it; names the line.
    """
    import pandas as pd

    header = _checked_header(path, interface)
    if interface is None:
        return pd.read_csv(path)
    tensors = {t.name: t for t in interface.inputs}
    columns = range(len(header))
    text = [i for i in columns if header[i] in tensors and _has_text_codes(tensors[header[i]])]
    frame = pd.read_csv(
        path,
        header=0,
        names=list(columns),  # pandas would rename a second "c" to "c.1", which may be an input
        dtype=dict.fromkeys(text, object),
        keep_default_na=False,
        na_values={i: list(_GAPS) for i in columns if i not in text},
        low_memory=False,  # one type for a whole column
    )
    for i in text:
        frame[i] = pd.Series([cell or None for cell in frame[i]], dtype=object, index=frame.index)
    by_position = list(tensors) == [MATRIX_INPUT] and MATRIX_INPUT not in header
    numbers = {name for name, tensor in tensors.items() if not tensor.codes}
    places = {i: repr(header[i]) for i in columns if header[i] in numbers}
    if by_position and numbers:
        places = {i: column_text(tensors[MATRIX_INPUT], i) for i in columns}
    _refuse_grouped_digits(path, frame, places)
    if by_position:
        return frame
    return frame[[i for i in columns if header.index(header[i]) == i]].rename(columns=header.__getitem__)


def _refuse_grouped_digits(path: Path, frame: Any, columns: Mapping[int, str]) -> None:
    """Refuses ``1_000``, a number to Python and to nothing else that writes tables.

    Raises:
        UsageError: names line and column.
    """
    for column, name in columns.items():
        for row, cell in enumerate(frame[column] if frame[column].dtype.kind not in "fiu" else ()):
            if isinstance(cell, str) and "_" in cell:
                raise UsageError(
                    "data",
                    f"{cell!r} is not a number",
                    place=f"{path}, line {csv_line(path, row)} (row {row + 1}), column {name}",
                    hint="write numbers with a decimal point and without _ between the digits",
                )


def csv_line(path: Path, row: int) -> int | None:
    """Line on which a data row begins, from 1, both as a person and as pandas count; None when unknown."""
    try:
        filled = (line for line, record in _records(path) if record)
        for index, line in enumerate(filled):
            if index == row + 1:  # the header is no data row
                return line
    except csv.Error:
        pass  # a cell longer than the csv module reads; the row number remains
    return None


def _records(path: Path, errors: str = "replace") -> Iterator[tuple[int, list[str]]]:
    """Every record with the line on which it begins, from 1; a line that pandas skips is an empty record."""
    with path.open(newline="", encoding="utf-8-sig", errors=errors) as file:
        reader = csv.reader(file)
        begin = 1
        for record in reader:
            lone = record[0] if len(record) == 1 else ""
            yield begin, [] if lone and not lone.strip(" \t") else record
            begin = reader.line_num + 1


def _checked_header(path: Path, interface: Interface | None) -> list[str]:
    """The header, when it fits the interface and every record has as many cells.

    Raises:
        UsageError: names the line.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(_WIDE) or b"\0" in head:
        what = "UTF-16 text" if head.startswith(_WIDE) else "not text: it holds NUL characters"
        raise UsageError("data", f"{path.name} is {what}", place=str(path), hint=_AS_UTF8)
    header: list[str] = []
    line = 1
    blank: int | None = None
    try:
        for line, record in _records(path, "strict"):
            if not record:
                blank = blank or line
                continue
            if blank is not None:
                raise _blank_line(f"{path}, line {blank}", header, interface)
            if not header and interface is not None:
                _check_header(path, record, interface)
            header = header or record
            if len(record) != len(header):
                raise UsageError(
                    "data",
                    f"the line has {_cells(record)}, the header has {len(header)}",
                    place=f"{path}, line {line}",
                    hint=_WITH_COMMAS + "; put text that holds a comma in double quotes",
                )
    except UnicodeDecodeError as error:
        raise UsageError(
            "data",
            f"{path.name} is not UTF-8 text",
            place=f"{path}{_undecodable_line(path)}",
            hint=_AS_UTF8,
        ) from error
    except csv.Error as error:
        raise UsageError(
            "data",
            f"the line after this one cannot be read: {error}",
            place=f"{path}, line {line}",
            hint="look for a double quote that is never closed",
        ) from error
    if not header:
        raise UsageError(
            "data",
            f"{path.name} is empty",
            place=str(path),
            hint="the first line holds the names of the columns, each further line one row",
        )
    return header


def _blank_line(place: str, header: Sequence[str], interface: Interface | None) -> UsageError:
    """The error of a blank line, which is no row to some programs and a row without a value to others."""
    accepting = {t.name for t in interface.inputs if t.accepts_nan} if interface else set()
    gap = len(header) == 1 and (header[0] in accepting or accepting == {MATRIX_INPUT})
    return UsageError(
        "data",
        "the line is blank",
        place=place,
        hint="take it away" + ('; where it stands for a missing value, write nan or ""' if gap else ""),
    )


def _cells(record: Sequence[str]) -> str:
    return f"{len(record)} cell{'s' if len(record) != 1 else ''}"


def _undecodable_line(path: Path) -> str:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return f", line {number}, byte {error.start + 1} (0x{line[error.start]:02x})"
    return ""


def _check_header(path: Path, header: Sequence[str], interface: Interface) -> None:
    """Refuses a column that stands twice, another separator, and what may be a row in place of the header.

    Raises:
        UsageError: a column of the interface stands twice, the separator is not a comma, or the first
            line holds values or may do so.
    """
    needed = {tensor.name for tensor in interface.inputs}
    place = f"{path}, line 1"
    twice = sorted(name for name in needed if header.count(name) > 1)
    if twice:
        raise UsageError(
            "data",
            f"column {twice[0]!r} stands twice in {path.name}",
            place=place,
            hint="keep the column that the model shall get",
        )
    separator = next((s for s in _OTHER_SEPARATORS if len(header) == 1 and s in header[0]), "")
    if separator and not needed & set(header):
        raise UsageError(
            "data",
            f"the columns of {path.name} are separated by {separator!r}, not by a comma",
            place=place,
            hint=_WITH_COMMAS,
        )
    if _holds_values(header, needed):
        counted = list(header) in _counted(len(header))
        raise UsageError(
            "data",
            f"the first line of {path.name} holds "
            + ("0, 1, ..., which may be values" if counted else "values, not the names of the columns"),
            place=place,
            hint="write the names of the columns into the first line: "
            + (
                "any names, the order counts"
                if needed == {MATRIX_INPUT}
                else ", ".join(t.name for t in interface.inputs)
            ),
        )


def _holds_values(header: Sequence[str], needed: set[str]) -> bool:
    """Whether a row may stand where the names should: numbers, also 0, 1, ... as pandas names columns."""
    if needed & set(header):
        return False
    if needed == {MATRIX_INPUT}:  # any names would do
        return all(_is_number(cell) or cell in _GAPS for cell in header)
    return any(map(_is_number, header))


def _counted(count: int) -> list[list[str]]:
    """Names that a table without names gets: 0, 1, 2, ..., also behind an unnamed index."""
    return [[str(i) for i in range(count)], ["", *(str(i) for i in range(count - 1))]]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _has_text_codes(tensor: Tensor) -> bool:
    return any(code.value >= 0 and code.name != str(code.value) for code in tensor.codes)
