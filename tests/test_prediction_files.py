"""Predictions as files, and the gaps of the table that they were made from."""

from __future__ import annotations

import csv
import dataclasses
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecu_bundle.errors import UsageError
from ecu_bundle.gaps import Gap, find_gaps, gap_notes
from ecu_bundle.interface import Code, Interface, Tensor
from ecu_bundle.prediction import Outputs, Prediction
from ecu_bundle.prediction_files import require_writable, table_of, write_prediction
from ecu_bundle.tables import TableFile, read_rows

LABEL = Tensor("verdict", "int32", codes=(Code(-1, "Öl, heiß"), Code(1, "sound")))
SHARES = Tensor("shares", "float32", 2, element_names=("hot", "sound"))
FORCES = Tensor("forces", "float32", 2)
OUTPUTS: Outputs = {
    "verdict": np.array([-1, 1], dtype=np.int32),
    "shares": np.array([[0.1, 1e-10], [np.nan, np.inf]], dtype=np.float32),
    "forces": np.array([[1.0, 16777216.0], [-0.0, 1 / 3]], dtype=np.float32),
}


def _prediction(*outputs: Tensor) -> Prediction:
    interface = Interface("classifier", (Tensor("x", "float32"),), outputs)
    return Prediction(interface, {t.name: OUTPUTS[t.name] for t in outputs}, 2, ())


def test_a_table_for_a_spreadsheet() -> None:
    data = table_of(_prediction(LABEL, SHARES, FORCES))
    assert data.startswith(b"\xef\xbb\xbf"), "spreadsheets take text without this mark for another encoding"
    header, first, second = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert header == ["verdict", "shares[hot]", "shares[sound]", "forces[0]", "forces[1]"]
    assert [first[0], second[0]] == ["Öl, heiß", "sound"]
    frame = pd.read_csv(io.BytesIO(data))
    for name, column in (("shares[hot]", 0), ("shares[sound]", 1)):
        np.testing.assert_array_equal(frame[name].to_numpy(np.float32), OUTPUTS["shares"][:, column])
    assert frame["forces[1]"].to_numpy(np.float32).tobytes() == OUTPUTS["forces"][:, 1].tobytes()


def test_plain_text_has_no_byte_order_mark() -> None:
    lines = table_of(_prediction(FORCES)).decode("ascii").splitlines()
    assert lines[0] == "forces[0],forces[1]"
    assert len(lines) == 3


def test_one_file_for_each_output(tmp_path: Path) -> None:
    names = ("../up", ".hidden", "a/b", "a:b")
    tensors = tuple(Tensor(name, "float32", 2) for name in names)
    outputs: Outputs = {name: np.full((1, 2), i, np.float32) for i, name in enumerate(names)}
    prediction = Prediction(Interface("other", (), tensors), outputs, 1, ())
    files = write_prediction(prediction, tmp_path / "new" / "out")
    assert sorted((tmp_path / "new" / "out").iterdir()) == sorted(files.values())
    assert len(set(files.values())) == len(names)
    for name, file in files.items():
        np.testing.assert_array_equal(np.load(file), outputs[name])


def test_a_place_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "verdict.npy").mkdir()
    with pytest.raises(UsageError, match=r"verdict\.npy cannot be written: Is a directory"):
        write_prediction(_prediction(FORCES, LABEL), tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["verdict.npy"]


@pytest.mark.parametrize("linked", [False, True])
def test_an_output_of_the_same_name_does_not_replace_the_rows(linked: bool, tmp_path: Path) -> None:
    rows = tmp_path / "forces.npy"
    rows.write_bytes(b"rows")
    output = tmp_path
    if linked:
        output = tmp_path / "out"
        output.mkdir()
        (output / "forces.npy").symlink_to(rows)
    before = sorted(tmp_path.rglob("*"))
    prediction = dataclasses.replace(_prediction(LABEL, FORCES), table=rows)
    with pytest.raises(UsageError, match=r"forces\.npy holds the rows, which would be overwritten") as caught:
        write_prediction(prediction, output)
    assert caught.value.place == str(output / "forces.npy")
    assert rows.read_bytes() == b"rows"
    assert sorted(tmp_path.rglob("*")) == before


def test_places_that_are_refused_before_anything_is_computed(tmp_path: Path) -> None:
    rows, other = tmp_path / "rows.csv", tmp_path / "other"
    rows.write_text("x\n1\n")
    other.write_text("mine")
    for output, said in (
        (rows, "holds the rows, which would be overwritten"),
        (tmp_path / "." / "rows.csv", "holds the rows"),
        (other, "other is a file"),
        (tmp_path / "out.npy", "predictions are not written as .npy"),
        (tmp_path / "out.XLSX", "predictions are not written as .XLSX"),
    ):
        with pytest.raises(UsageError, match=said) as caught:
            require_writable(output, rows)
        assert ".csv" in caught.value.hint
    for output in (tmp_path / "new.csv", tmp_path / "new", tmp_path / "v1.2", tmp_path):
        require_writable(output, rows)


MODEL = Interface(
    "regressor",
    (
        Tensor("load", "float32", accepts_nan=True),
        Tensor("gear", "int32", codes=(Code(-2, "missing"), Code(-1, "unknown"), Code(0, "D"))),
        Tensor("mode", "int32", codes=(Code(-2, "-2"), Code(-1, "-1"))),
    ),
    (),
)


def test_gaps_are_counted_by_column_with_the_place_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("load,gear,mode\n1,D,-2\n,X,-1\n,,-1\n2,Y,-2\n")
    gaps = find_gaps(read_rows(path, MODEL), MODEL, TableFile(path))
    assert gaps == (
        Gap("'load'", "missing", 2, f"{path}, line 3 (row 2), column 'load'"),
        Gap("'gear'", "missing", 1, f"{path}, line 4 (row 3), column 'gear'"),
        Gap("'gear'", "unknown", 2, f"{path}, line 3 (row 2), column 'gear'"),
    )
    assert gap_notes(gaps, 4)[2] == (
        f"2 of 4 rows hold a category that the model does not know, the first: {gaps[2].first}"
    )


def test_many_gaps_are_not_all_listed() -> None:
    gaps = [Gap(f"'{i}'", "missing", 1, f"place {i}") for i in range(30)]
    notes = gap_notes(gaps, 5)
    assert notes[0] == "1 of 5 rows hold no value (NaN), the first: place 0"
    assert notes[-1] == "and so do 18 more columns"
    assert len(notes) == 13
