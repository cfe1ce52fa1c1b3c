"""The comparison with other generators: its judgement, table and picture; what it measures is slow."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from benchmarks.peers.compared import TOOLS, Cost, Kind, Truth, judge
from benchmarks.peers.page import chart, page

RESULTS = {
    "tree": {
        "native": Cost(m4=100, flash=2000, ram=500, x86=80, error=0.0),
        "m2cgen": Cost(m4=250, flash=1000, ram=0, x86=90, labels=0.5, error=1e-3),
        "emlearn": Cost(refused="Unknown | model type"),
    }
}
TWO_CLASSES = Truth(np.array([0, 1]), np.array([[0.75, 0.25], [0.25, 0.75]]))
SCORES = Truth(np.array([0, 1]), np.array([[-1.0], [2.0]]), positive=True)
VALUES = Truth(None, np.array([[1.0], [2.0]]))


@pytest.mark.parametrize(
    ("kind", "found", "labels", "truth", "share", "error"),
    [
        ("probabilities", [[0.75, 0.25], [0.25, 0.75]], [0, 0], TWO_CLASSES, 1.0, 0.0),
        ("probabilities", [[0.25, 0.75], [0.25, 0.75]], [0, 0], TWO_CLASSES, 0.5, 0.5),
        ("label", [[0.0], [0.0]], [0, 0], TWO_CLASSES, 0.5, math.nan),
        ("label and numbers", [[0, 0.75, 0.25], [0, 0.25, 0.5]], [0, 1], TWO_CLASSES, 1.0, 0.25),
        ("score", [[-1.0], [1.5]], [0, 0], SCORES, 1.0, 0.5),
        ("value", [[1.0], [2.5]], [0, 0], VALUES, 1.0, 0.5),
    ],
)
def test_results_are_judged_by_scikit_learn(  # noqa: PLR0917
    kind: Kind, found: list[list[float]], labels: list[int], truth: Truth, share: float, error: float
) -> None:
    judged = judge(kind, np.array(found, np.float32), np.array(labels, np.int32), truth)
    assert judged[0] == share
    assert judged[1] == error or (math.isnan(error) and math.isnan(judged[1]))


def test_the_page_has_a_row_for_each_model_and_tool() -> None:
    lines = page(RESULTS).splitlines()
    assert (
        "| tree | **ecu-bundle, native** | 100 | 1.0 | 2,000 | 1.0 | 500 | 80 | 1.0 | 100% | 0.0e+00 |"
        in lines
    )
    assert "| tree | m2cgen | 250 | 2.5 | 1,000 | 0.5 |  | 90 | 1.1 | 50% | 1.0e-03 |" in lines
    assert sum(line.startswith("| tree | emlearn | says: Unknown / model type |") for line in lines) == 1
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1


def test_the_picture_has_a_bar_for_each_result() -> None:
    svg = ElementTree.fromstring(chart(RESULTS))  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    assert len(svg.findall(f"{space}rect")) == 2
    assert "250, 50% of labels" in {text.text for text in svg.findall(f"{space}text")}


def test_ours_comes_first() -> None:
    assert TOOLS[0] == "native"
