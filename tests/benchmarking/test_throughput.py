"""Rows per second through the Python API."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks.figures import throughput
from benchmarks.figures.throughput import Throughput, measure_throughput
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

import ecu_bundle


@pytest.mark.parametrize("threads", [1, 2])
def test_every_row_is_run_once(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.arange(2001, dtype=np.float32).reshape(-1, 1)
    model = ecu_bundle.convert(DecisionTreeRegressor().fit(rows[:9], np.arange(9)), sample=rows[:9])
    calls: list[NDArray[np.float32]] = []
    run = ecu_bundle.Engine.run

    def noted(engine: ecu_bundle.Engine, X: NDArray[np.float32]) -> dict[str, Any]:
        calls.append(X)
        return run(engine, X)

    monkeypatch.setattr(ecu_bundle.Engine, "run", noted)
    found = measure_throughput(model, rows, threads)
    assert len(calls) == threads
    assert sorted(np.concatenate(calls).ravel()) == sorted(rows.ravel())
    assert (found.rows, found.threads) == (2001, threads)
    assert 0 < found.processor <= found.seconds * threads * 1.5


def test_rates_are_of_the_clock_and_of_the_processor() -> None:
    found = Throughput(rows=1000, threads=2, seconds=2.0, processor=4.0)
    assert (found.rate, found.processor_rate) == (500.0, 250.0)


@pytest.mark.slow
def test_the_table_has_one_and_two_threads(capsys: pytest.CaptureFixture[str]) -> None:
    assert throughput.main(["--rows", "20000"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1:3] for line in lines[2:]] == [[" 1 ", " 20,000 "], [" 2 ", " 20,000 "]]
