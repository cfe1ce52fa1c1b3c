"""Predictions as files: a table for a spreadsheet, or one ``.npy`` per output."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.errors import UsageError
from ecu_bundle.folders import require_outside_bundles, write_complete
from ecu_bundle.interface import Tensor
from ecu_bundle.prediction import Prediction

_HINT = "give a folder for .npy files or a name that ends in .csv, in a place that can be written, with -o"
_OTHER_ENDINGS = (".npy", ".parquet", ".xlsx", ".xls", ".tsv", ".txt", ".json")


def is_table(output: Path) -> bool:
    """Whether the place asks for a table."""
    return output.suffix.lower() == ".csv" and not output.is_dir()


def require_writable(output: Path, table: Path) -> None:
    """Refuses a place before anything is computed for it.

    Args:
        output: a folder, or a ``.csv`` file.
        table: the rows, which are not to be overwritten.

    Raises:
        UsageError: a file that is no table, the rows themselves, or a place inside a bundle.
    """
    cause = ""
    if is_table(output):
        _require_not_rows([output], table)
    elif output.exists() and not output.is_dir():
        cause = f"{output.name} is a file"
    elif not output.exists() and output.suffix.lower() in _OTHER_ENDINGS:
        cause = f"predictions are not written as {output.suffix}"
    if cause:
        raise UsageError("output", cause, place=str(output), hint=_HINT)
    require_outside_bundles(output, filled=not is_table(output))


def _require_not_rows(files: Iterable[Path], table: Path | None) -> None:
    """Refuses to overwrite the rows, under whatever name they are reached.

    Raises:
        UsageError: names the file.
    """
    for file in files:
        if table is not None and file.exists() and table.exists() and file.samefile(table):
            raise UsageError(
                "output",
                f"{file.name} holds the rows, which would be overwritten",
                place=str(file),
                hint=_HINT,
            )


def write_prediction(prediction: Prediction, output: Path) -> dict[str, Path]:
    """Writes all outputs: one table, or one file each.

    Returns:
        The file of each output.

    Raises:
        UsageError: the place cannot be written, or a file there holds the rows; nothing is left behind.
    """
    if is_table(output):
        _require_not_rows([output], prediction.table)
        write_complete({output: table_of(prediction)}, hint=_HINT)
        return dict.fromkeys(prediction.outputs, output)
    files: dict[str, Path] = {}
    for index, name in enumerate(prediction.outputs):
        file = output / f"{_file_name(name)}.npy"
        files[name] = output / f"{_file_name(name)}_{index}.npy" if file in files.values() else file
    _require_not_rows(files.values(), prediction.table)
    write_complete({files[name]: _npy(array) for name, array in prediction.outputs.items()}, hint=_HINT)
    return files


def table_of(prediction: Prediction) -> bytes:
    """A CSV table: one line per row in the order of the rows, labels by the name of their class.

    Columns are called like their outputs; an output with several values has one column per value,
    ``probabilities[barolo]`` where the values have names, else ``values[0]``. Numbers have as many
    digits as give the same float32 back. Text that is not ASCII begins with the byte order mark
    that spreadsheets want.
    """
    columns = [
        column
        for tensor in prediction.interface.outputs
        for column in _columns(tensor, prediction.outputs[tensor.name])
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(name for name, _ in columns)
    writer.writerows(zip(*(cells for _, cells in columns), strict=True))
    content = text.getvalue()
    return content.encode("ascii" if content.isascii() else "utf-8-sig")


def _columns(tensor: Tensor, values: NDArray[Any]) -> Iterator[tuple[str, list[str]]]:
    names: Mapping[int, str] = {code.value: code.name for code in tensor.codes}
    for suffix, column in zip(_suffixes(tensor), values.reshape(len(values), tensor.elements).T, strict=True):
        yield f"{tensor.name}{suffix}", [names.get(v, str(v)) if names else str(v) for v in column]


def _suffixes(tensor: Tensor) -> list[str]:
    """What tells the values of an output apart: their names, for instance classes, else their positions."""
    if tensor.elements == 1:
        return [""]
    return [f"[{name}]" for name in tensor.element_names or range(tensor.elements)]


def _npy(array: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def _file_name(name: str) -> str:
    """A file name for an output, whatever characters its name has."""
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name).lstrip(".") or "output"
