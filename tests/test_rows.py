"""Files of rows, and values into codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecu_bundle.errors import UsageError
from ecu_bundle.interface import Code, Interface, Rows, Tensor
from ecu_bundle.rows import matrix_of, refuse_missing, rows_from


def interface(*codes: tuple[int, str]) -> Interface:
    column = Tensor("c", "int32", codes=tuple(Code(value, name) for value, name in codes))
    return Interface("regressor", (column,), (Tensor("y", "float32"),))


def code(value: Any, *codes: tuple[int, str]) -> int:
    rows = rows_from(pd.DataFrame({"c": pd.Series([value], dtype=object)}), interface(*codes))
    found = rows.tensors["c"]
    assert found.dtype == np.int32
    assert found.shape == (1, 1)
    assert rows.origins == ("data",)
    return int(found[0, 0])


GEARS = ((0, "D"), (1, "N"))
UNKNOWN = (-1, "unknown")
MISSING = (-2, "missing")
DIGITS = ((0, "2"), (1, "4"), (2, "6"))
NUMBERS = ((4, "4"), (6, "6"))

CODES: list[tuple[Any, tuple[tuple[int, str], ...], int]] = [
    ("N", GEARS, 1),
    (1, GEARS, 1),
    (1.0, GEARS, 1),
    (np.int8(1), GEARS, 1),
    ("Z", (*GEARS, UNKNOWN), -1),
    (-1, (*GEARS, UNKNOWN), -1),
    (17, (*GEARS, UNKNOWN), -1),
    (1.5, (*GEARS, UNKNOWN), -1),
    (np.inf, (*GEARS, UNKNOWN), -1),
    (1e300, (*GEARS, UNKNOWN), -1),
    (np.nan, (*GEARS, UNKNOWN), -1),
    (None, (*GEARS, UNKNOWN), -1),
    (np.nan, (*GEARS, UNKNOWN, MISSING), -2),
    (None, (*GEARS, MISSING), -2),
    ("missing", (*GEARS, MISSING), -2),
    (6, NUMBERS, 6),
    ("6", NUMBERS, 6),
    (6.0, NUMBERS, 6),
    # text that looks like a number: the text counts, not its place in the table
    (2, DIGITS, 0),
    ("2", DIGITS, 0),
    (6.0, DIGITS, 2),
    # categories that are called like the reserved ones
    ("unknown", ((0, "known"), (1, "unknown"), UNKNOWN), 1),
    ("missing", ((0, "missing"), (1, "there"), MISSING), 0),
    (None, ((0, "missing"), (1, "there"), MISSING), -2),
    (True, ((0, "False"), (1, "True")), 1),
    (np.bool_(False), ((0, "False"), (1, "True")), 0),
    ("True", ((0, "False"), (1, "True")), 1),
    (-2, ((-2, "-2"), (-1, "-1")), -2),
]


@pytest.mark.parametrize(("value", "codes", "expected"), CODES)
def test_codes(value: Any, codes: tuple[tuple[int, str], ...], expected: int) -> None:
    assert code(value, *codes) == expected


NO_CODES: list[tuple[Any, tuple[tuple[int, str], ...]]] = [
    ("Z", GEARS),
    (2, GEARS),
    (-1, GEARS),
    (0.5, GEARS),
    (np.nan, GEARS),
    (None, GEARS),
    (np.inf, GEARS),
    (np.nan, ((-2, "-2"), (-1, "-1"))),
    (0, DIGITS[1:]),
    ("", GEARS),
]


@pytest.mark.parametrize(("value", "codes"), NO_CODES)
def test_no_code(value: Any, codes: tuple[tuple[int, str], ...]) -> None:
    with pytest.raises(UsageError, match="is not a category of 'c'") as caught:
        code(value, *codes)
    assert caught.value.place == "row 1 (counted from 1), column 'c'"
    assert caught.value.hint == "categories: " + ", ".join(name for _, name in codes)


FLOATS = Interface(
    "regressor", (Tensor("a", "float32"), Tensor("b", "float32", 2)), (Tensor("y", "float32"),)
)


def test_values_are_rounded_to_float32_and_contiguous() -> None:
    rows = rows_from(np.asfortranarray([[0.1, 1e40, 16777217.0]]), FLOATS)
    assert rows.tensors["a"].tolist() == [[np.float32(0.1)]]
    assert rows.tensors["b"].tolist() == [[np.inf, 16777216.0]]
    assert all(array.flags.c_contiguous and array.dtype == np.float32 for array in rows.tensors.values())
    assert matrix_of(rows).shape == (1, 3)


def test_rows_pass_as_they_are() -> None:
    rows = Rows({"a": np.zeros((1, 1), np.float32)}, ("boundary",))
    assert rows_from(rows, FLOATS) is rows


@pytest.mark.parametrize("dtype", ["complex128", "datetime64[s]", "timedelta64[s]"])
def test_what_is_no_real_number_is_refused(dtype: str) -> None:
    with pytest.raises(UsageError, match="no real numbers"):
        rows_from(np.zeros((2, 3), dtype=dtype), FLOATS)


def test_numbers_as_text_are_numbers() -> None:
    assert rows_from(np.array([["1", "2.5", "-3e2"]]), FLOATS).tensors["b"].tolist() == [[2.5, -300.0]]


def test_missing_values_pass_where_the_model_has_a_rule() -> None:
    accepts = Interface("regressor", (Tensor("a", "float32", accepts_nan=True),), ())
    refuses = Interface("regressor", (Tensor("a", "float32"),), ())
    rows = rows_from(np.array([[1.0], [np.nan]]), accepts)
    assert refuse_missing(rows, accepts) is rows
    with pytest.raises(UsageError, match=r"missing \(NaN\)") as caught:
        refuse_missing(rows, refuses)
    assert caught.value.place == "row 2 (counted from 1), column 'a'"
