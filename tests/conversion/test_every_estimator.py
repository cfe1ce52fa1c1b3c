"""docs/coverage.md is true: every estimator, setting and pipeline does what its row says."""

from __future__ import annotations

import re
from typing import Any

import pytest
from benchmarks.coverage.estimators import ESTIMATORS, NOTHING_TO_DEPLOY
from benchmarks.coverage.outcomes import REFUSED, Outcome
from benchmarks.coverage.page import page, row, rows_of, totals_of
from benchmarks.coverage.tables import NAMES, outcome_of
from benchmarks.subjects import CHECKOUT

PAGE = (CHECKOUT / "docs" / "coverage.md").read_text(encoding="utf-8")
AGAIN = "run python -m benchmarks.coverage and read the difference"
AT_LEAST_NATIVE = 160
AT_LEAST_RIGHT = 160
"""Of the 190 estimators that have something to deploy."""


SAMPLED = 9
"""One in so many trials on other data belongs to the default tests; the others are slow."""


def marks_of(table: str, position: int) -> Any:
    return pytest.mark.slow if table == "trials" and position % SAMPLED else ()


@pytest.mark.parametrize(
    ("table", "name"),
    [
        pytest.param(table, name, marks=marks_of(table, position))
        for table, names in NAMES.items()
        for position, name in enumerate(names)
    ],
)
def test_the_row_is_true(table: str, name: str) -> None:
    result = outcome_of(table, name)
    assert row(name, result) == rows_of(PAGE, table)[name], AGAIN
    assert result.verdict != "stopped"
    if result.verdict == "refused":
        assert result.alternative


@pytest.mark.parametrize("table", NAMES)
def test_the_page_lists_everything_once(table: str) -> None:
    assert tuple(rows_of(PAGE, table)) == NAMES[table], AGAIN


def test_the_totals_are_those_of_the_rows() -> None:
    verdicts = {
        table: [re.split(r" \| ", line)[1].partition(",")[0] for line in rows_of(PAGE, table).values()]
        for table in NAMES
    }
    columns = ("right", "refused", "stopped", "nothing to deploy")
    for line, (table, names) in zip(totals_of(PAGE)[2:], NAMES.items(), strict=True):
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        assert [int(cell) for cell in cells[3:-1]] == [verdicts[table].count(v) for v in columns], AGAIN
        assert int(cells[1]) == len(names)
    assert verdicts["estimators"].count("right") >= AT_LEAST_RIGHT
    assert verdicts["estimators"].count("stopped") == 0


def test_the_native_engine_runs_what_converts() -> None:
    for line, (table, names) in zip(totals_of(PAGE)[2:], NAMES.items(), strict=True):
        cells = [re.split(r" \| ", row)[2] for row in rows_of(PAGE, table).values()]
        running = [cell for cell in cells if cell.strip() and not cell.startswith(REFUSED)]
        assert int(line.split("|")[-2]) == len(running), AGAIN
        assert len(running) >= AT_LEAST_NATIVE or table != "estimators", names


def test_estimators_with_nothing_to_deploy_can_neither_predict_nor_transform() -> None:
    for name in NOTHING_TO_DEPLOY:
        assert not {"predict", "transform"} & set(dir(ESTIMATORS[name])), name


def test_a_page_is_read_as_it_was_written() -> None:
    result = Outcome("refused", "a|b", alternative="c")
    text = page(
        {
            "estimators": {"A": result},
            "variants": {},
            "pipelines": {"P": Outcome("right", "exact", ("Add",), native="same bits")},
            "trials": {},
        }
    )
    assert rows_of(text, "estimators") == {"A": "| A | refused |  | a/b; c |"}
    assert rows_of(text, "pipelines") == {"P": "| P | right, exact | same bits | Add |"}
    assert rows_of(text, "variants") == {}
