"""Files of rows, and the places that their errors name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecu_bundle.errors import UsageError
from ecu_bundle.interface import Code, Interface, Tensor
from ecu_bundle.tables import read_rows, read_table

TABLE = pd.DataFrame({"a": [1.5, 2.5], "c": ["x", "y"]})


def test_tables_are_read_by_their_ending(tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / "t.csv", index=False)
    TABLE.to_parquet(tmp_path / "t.PARQUET")
    np.save(tmp_path / "t.npy", np.eye(2))
    for name in ("t.csv", "t.PARQUET"):
        assert read_table(tmp_path / name)["c"].tolist() == ["x", "y"]
    assert read_table(tmp_path / "t.npy").tolist() == [[1.0, 0.0], [0.0, 1.0]]


UNREADABLE: list[tuple[str, bytes, str]] = [
    ("t.npy", b"", "is not a NumPy array: it is empty"),
    ("t.npy", b"a,b\n1,2\n", "is not a NumPy array"),
    ("t.npy", b"\x93NUMPY\x01\x00", "cannot be read"),
    ("t.csv", b"", "is empty"),
    ("t.csv", b"\n\n", "is empty"),
    ("t.csv", b"\xff\xfe\x00", "is UTF-16 text"),
    ("t.csv", "a,b\n1,2\n".encode("utf-16-be"), "is not text: it holds NUL characters"),
    ("t.parquet", b"PAR1", "cannot be read"),
    ("t.xlsx", b"PK", "unknown kind of file '.xlsx'"),
    ("t", b"1,2", "unknown kind of file ''"),
]


@pytest.mark.parametrize(("name", "content", "cause"), UNREADABLE)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, cause: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match=cause) as caught:
        read_table(path)
    assert caught.value.place == str(path)
    assert caught.value.hint


LINES: list[tuple[bytes, str, str]] = [
    (b"a,b\n1,2\n1,2,3,4\n", "the line has 4 cells, the header has 2", "line 3"),
    (b"a,b\n1,2,3\n", "the line has 3 cells, the header has 2", "line 2"),  # pandas shifts the columns
    (b"a,b,c\n1,2,3\n4,5\n", "the line has 2 cells, the header has 3", "line 3"),  # pandas fills them
    (b"a,b\n 1\n", "the line has 1 cell, the header has 2", "line 2"),
    (b"a,b\n1,2\n1,K\xf6ln\n", "is not UTF-8 text", "line 3, byte 4 (0xf6)"),
    (b'a,b\n1,2\n1,"' + b"x" * 200_000, "cannot be read: field larger", "line 2"),
]


@pytest.mark.parametrize(("content", "cause", "place"), LINES, ids=[line[1] for line in LINES])
def test_a_line_that_does_not_fit_is_named(content: bytes, cause: str, place: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_table(path)
    assert cause in caught.value.cause
    assert caught.value.place == f"{path}, {place}"
    assert caught.value.hint


@pytest.mark.parametrize("name", ["t.csv", "t.npy", "t.parquet"])
def test_a_table_without_rows_is_refused(name: str, tmp_path: Path) -> None:
    """Whether its columns are text, numbers or nothing at all."""
    empty = pd.DataFrame({"speed": [], "gear": [], "load": []})
    (tmp_path / "t.csv").write_text("speed,gear,load\n")
    np.save(tmp_path / "t.npy", np.zeros((0, 3)))
    empty.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(UsageError, match=f"{name} has no rows"):
        read_rows(tmp_path / name, MODEL)


def test_an_array_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "t.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(UsageError, match="cannot be read"):
        read_table(path)


def test_no_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UsageError, match=r"there is no file|is not a file"):
            read_table(path)


MODEL = Interface(
    "regressor",
    (
        Tensor("speed", "float32"),
        Tensor("gear", "int32", codes=(Code(0, "D"), Code(1, "N"))),
        Tensor("load", "float32", accepts_nan=True),
    ),
    (),
)
MATRIX = Interface("regressor", (Tensor("X", "float32", 3),), ())
ONE = Interface("regressor", (Tensor("X", "float32", accepts_nan=True),), ())
CSV = 'speed,gear,load\n1,D,\n"2\n",N,3\n'

PLACES: list[tuple[str, tuple[str, str, str]]] = [
    ("1,Z,0\n", ("'Z' is not a category of 'gear'", "line 5 (row 3), column 'gear'", "categories: D, N")),
    ("fast,D,0\n", ("'fast' is not a number", "line 5 (row 3), column 'speed'", "decimal point")),
    (",D,0\n", ("missing (NaN), and this input refuses NaN", "line 5 (row 3), column 'speed'", "fill")),
    ('1,D,0\n1,D,"two\nlines"\n', ("is not a number", "line 6 (row 4), column 'load'", "decimal point")),
    ('"1\n",D,0\n1,D,x\n', ("'x' is not a number", "line 7 (row 4), column 'load'", "decimal point")),
    ("1,D,1_000\n", ("'1_000' is not a number", "line 5 (row 3), column 'load'", "without _")),
]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize(("more", "said"), PLACES)
def test_a_csv_error_names_the_line_of_the_file(
    more: str, said: tuple[str, str, str], ends: str, tmp_path: Path
) -> None:
    """Lines are counted with header and line ends inside cells, as an editor does."""
    cause, place, hint = said
    path = tmp_path / "rows.csv"
    path.write_bytes((CSV + more).replace("\n", ends).encode("utf-8-sig"))
    with pytest.raises(UsageError) as caught:
        read_rows(path, MODEL)
    assert cause in caught.value.cause
    assert caught.value.place == f"{path}, {place}"
    assert hint in caught.value.hint
    line = path.read_text(encoding="utf-8-sig").split("\n")[int(place.split()[1]) - 1]
    assert line == more.split("\n")[int(place.split()[1]) - 5], "the test points at the line that it means"


def test_other_files_name_row_and_column(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.array([[1, 2, 3], [1, np.nan, 3]]))
    pd.DataFrame({"speed": [1.0], "gear": ["Z"], "load": [0.0]}).to_parquet(tmp_path / "t.parquet")
    row = "row {} (counted from 1), column {}"
    for name, model, place in (
        ("t.npy", MATRIX, row.format(2, "'X', value 2 of 3")),
        ("t.parquet", MODEL, row.format(1, "'gear'")),
    ):
        with pytest.raises(UsageError) as caught:
            read_rows(tmp_path / name, model)
        assert caught.value.place == f"{tmp_path / name}, {place}"


HEADERS: list[tuple[str, str, str]] = [
    ("speed,gear,load,gear\n1,D,0,N\n", "column 'gear' stands twice in rows.csv", "keep the column"),
    ("speed;gear;load\n1;D;0\n", "are separated by ';', not by a comma", "with commas"),
    ("speed;gear;load\n1,5;D;0,5\n", "are separated by ';', not by a comma", "points in numbers"),
    ("sep=;\nspeed;gear;load\n1;D;0\n", "are separated by ';', not by a comma", "with commas"),
    ("1,D,0\n2,N,1\n", "the first line of rows.csv holds values", "first line: speed, gear, load"),
    ("Speed,gear,load\n1,D,0\n", "lacks the column 'speed'", "rename 'Speed' if it is 'speed'"),
    ("gear\nD\n", "lacks the columns 'speed', 'load'", "columns present: 'gear'"),
]


@pytest.mark.parametrize(("text", "cause", "hint"), HEADERS)
def test_a_header_that_does_not_fit(text: str, cause: str, hint: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_rows(path, MODEL)
    assert cause in caught.value.cause
    assert str(path) in caught.value.place
    assert hint in caught.value.hint


def test_columns_that_nobody_needs_may_stand_twice(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("x,x,load,gear,speed\n1,2,0.5,N,3\n")
    rows = read_rows(tmp_path / "rows.csv", MODEL)
    assert [array.tolist() for array in rows.tensors.values()] == [[[3.0]], [[1]], [[0.5]]]


NO_NAMES: list[tuple[str, list[list[float]]]] = [
    ("first,second,third\n5,6,7\n", [[5, 6, 7]]),
    ("at 0,1,2\n5,6,7\n", [[5, 6, 7]]),
    ("x,x,\n5,6,7\n\n \n", [[5, 6, 7]]),
]


@pytest.mark.parametrize(("text", "expected"), NO_NAMES)
def test_a_model_without_names_takes_any_header(text: str, expected: Any, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(text)
    assert rows_from_csv(tmp_path, MATRIX)["X"].tolist() == expected


def rows_from_csv(folder: Path, model: Interface) -> dict[str, Any]:
    return dict(read_rows(folder / "rows.csv", model).tensors)


@pytest.mark.parametrize("first", ["1.5,2.5,3.5", "0,0,0", "1.5,,3.5", ",,", "NA,nan,"])
def test_a_first_row_is_not_taken_for_a_header(first: str, tmp_path: Path) -> None:
    """Without this the first row would be lost without a word."""
    (tmp_path / "rows.csv").write_text(f"{first}\n5,6,7\n")
    with pytest.raises(UsageError, match=r"the first line of rows\.csv holds values") as caught:
        read_rows(tmp_path / "rows.csv", MATRIX)
    assert caught.value.place == f"{tmp_path / 'rows.csv'}, line 1"
    assert "any names" in caught.value.hint


@pytest.mark.parametrize(
    ("first", "model"), [("0,1,2", MATRIX), (",0,1", MATRIX), ("0", ONE)], ids=["0,1,2", ",0,1", "0"]
)
def test_counted_columns_may_be_a_row(first: str, model: Interface, tmp_path: Path) -> None:
    """pandas writes such names, and a user such rows; nobody can tell, so neither is lost."""
    (tmp_path / "rows.csv").write_text(f"{first}\n" * 2)
    with pytest.raises(UsageError, match=r"holds 0, 1, \.\.\., which may be values") as caught:
        read_rows(tmp_path / "rows.csv", model)
    assert caught.value.place == f"{tmp_path / 'rows.csv'}, line 1"
    assert "any names" in caught.value.hint


BLANK: list[tuple[str, Interface | None, int, bool]] = [
    ("a\n1\n\n3\n", ONE, 3, True),
    ("a\n1\n \t\n3\n", ONE, 3, True),  # pandas skips this one too
    ("load\n1\n\n\n3\n", Interface("regressor", MODEL.inputs[2:], ()), 3, True),
    ("speed\n1\n\n3\n", Interface("regressor", MODEL.inputs[:1], ()), 3, False),
    ("a\n1\n\n3\n", None, 3, False),
    ("\na,b,c\n1,2,3\n", MATRIX, 1, False),
    ("a,b,c\r\r\n1,2,3\r\r\n", MATRIX, 2, False),
    ('a,b,c\n"1\n",2,3\n\n4,5,6\n', MATRIX, 4, False),
]


@pytest.mark.parametrize(("text", "model", "line", "gap"), BLANK)
def test_a_blank_line_is_no_lost_row(
    text: str, model: Interface | None, line: int, gap: bool, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode())
    with pytest.raises(UsageError, match="the line is blank") as caught:
        read_table(path, model)
    assert caught.value.place == f"{path}, line {line}"
    assert ('write nan or ""' in caught.value.hint) == gap


@pytest.mark.parametrize("cell", ["nan", '""'])
def test_columns_of_one_name_have_the_same_gaps(cell: str, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(f"x,x\n1,{cell}\n")
    model = Interface("regressor", (Tensor("X", "float32", 2, accepts_nan=True),), ())
    np.testing.assert_array_equal(rows_from_csv(tmp_path, model)["X"], [[1, np.nan]])


@pytest.mark.parametrize("cell", ["nan", '""'])
def test_a_single_column_may_have_gaps(cell: str, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(f"a\n1\n{cell}\n3\n\n\n")
    np.testing.assert_array_equal(rows_from_csv(tmp_path, ONE)["X"], [[1], [np.nan], [3]])


@pytest.mark.parametrize("header", ["c,c,b", "c,c,c.2,b"])
def test_a_second_column_does_not_get_a_name_that_the_file_lacks(header: str, tmp_path: Path) -> None:
    """pandas would call it c.1."""
    model = Interface("regressor", (Tensor("c.1", "float32"), Tensor("b", "float32")), ())
    (tmp_path / "rows.csv").write_text(f"{header}\n" + ",".join("1234"[: header.count(",") + 1]) + "\n")
    with pytest.raises(UsageError, match=r"lacks the column 'c\.1'"):
        read_rows(tmp_path / "rows.csv", model)


def test_a_column_keeps_its_name_beside_equal_ones(tmp_path: Path) -> None:
    model = Interface("regressor", (Tensor("c.1", "float32"),), ())
    (tmp_path / "rows.csv").write_text("c,c,c.1,c\n1,2,3,4\n")
    assert rows_from_csv(tmp_path, model)["c.1"].tolist() == [[3.0]]


def test_digits_in_groups_are_no_number(tmp_path: Path) -> None:
    """Python reads 1_000 as 1000."""
    path = tmp_path / "rows.csv"
    path.write_text("a,b,c\n1,2,3\n4,5_0,6\n")
    with pytest.raises(UsageError, match="'5_0' is not a number") as caught:
        read_rows(path, MATRIX)
    assert caught.value.place == f"{path}, line 3 (row 2), column 'X', value 2 of 3"
    path.write_text("speed,load,gear,note\n1,2,a_b,1_0\n")
    gear = Tensor("gear", "int32", codes=(Code(0, "a_b"),))
    model = Interface("regressor", (MODEL.inputs[0], gear), ())
    assert rows_from_csv(tmp_path, model)["gear"].tolist() == [[0]]


def test_the_user_who_refuses_nan_is_told_where(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("speed,gear,load\n,D,0\n")
    for refusals, said in (
        ({"speed": "my.toml, line 7"}, "take `accepts_nan = false` away in my.toml, line 7"),
        ({"load": "my.toml, line 9"}, "train the model with an imputer"),
    ):
        with pytest.raises(UsageError, match="refuses NaN") as caught:
            read_rows(tmp_path / "rows.csv", MODEL, refusals=refusals)
        assert said in caught.value.hint
