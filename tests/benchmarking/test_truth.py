"""The figures of docs/truth.md on a few small models: right ones, and errors that they must show."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from benchmarks.truth import smooth as smooth_figures
from benchmarks.truth.cases import TREES, Data, TreeCase, data_sets, smooth_models
from benchmarks.truth.certificate import Cost, measure_certificate
from benchmarks.truth.leaves import estimator_leaves, graph_leaves, wrong_leaves
from benchmarks.truth.page import page
from benchmarks.truth.smooth import SmoothResult, measure_smooth
from benchmarks.truth.summary import summary
from benchmarks.truth.trees import Figures, TreeResult, measure_trees, rows_of
from onnx import helper
from sklearn.linear_model import LogisticRegression

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion import convert
from parity.damage import at, edit

CASES = {case.name: case for case in TREES}


def small(name: str) -> Data:
    """120 rows of a data set."""
    data = next(data for data in data_sets() if data.name == name)
    return replace(data, rows=data.rows[:120], target=data.target[:120])


def none(*_: Any) -> str:
    return "ValueError: not tried"


def ours_again(estimator: Any, _: int) -> bytes:
    return convert(estimator).data


def test_the_tables_hold_what_they_promise() -> None:
    assert len(TREES) >= 12
    assert len(CASES) == len(TREES)
    assert {data.kind for data in data_sets()} == {"classifier", "regressor"}
    assert {name for name, _ in smooth_models().values()} <= {data.name for data in data_sets()}


@pytest.mark.parametrize(
    ("case", "data"),
    [
        ("StandardScaler, forest", "breast cancer"),
        ("hist boosting, missing values", "auto-mpg"),
        ("AdaBoost", "diabetes"),
        ("bagging", "digits"),
        ("isolation", "diabetes"),
    ],
)
def test_our_conversion_has_no_wrong_leaf(case: str, data: str) -> None:
    result = measure_trees(CASES[case], small(data), ours_again)
    assert (result.ours.wrong_leaves, result.ours.changing) == (0, 0)
    assert not result.ours.flips
    assert result.ours.equal >= 0.999 * result.ours.values > 0
    assert result.ours.max_ulp <= 1
    assert result.standard == result.ours
    assert min(result.rows.values()) > 0
    assert ("NaN" in result.rows) == (case != "AdaBoost")


def moved(data: bytes) -> bytes:
    """The graph with its first threshold one unit in the last place up."""
    proto = onnx.load_from_string(data)
    node = next(n for n in proto.graph.node if n.op_type.startswith("TreeEnsemble"))
    values = next(a for a in node.attribute if a.name == "nodes_values")
    floats = list(helper.get_attribute_value(values))
    floats[0] = float(np.nextafter(np.float32(floats[0]), np.float32(np.inf)))
    values.CopyFrom(helper.make_attribute("nodes_values", floats))
    changed: bytes = proto.SerializeToString()
    return changed


def test_one_ulp_is_a_wrong_leaf() -> None:
    case: TreeCase = CASES["tree"]
    result = measure_trees(case, small("auto-mpg"), lambda estimator, _: moved(convert(estimator).data))
    assert isinstance(result.standard, Figures)
    assert result.standard.wrong_leaves
    assert result.standard.equal < result.ours.equal


def test_leaves_are_those_of_scikit_learn() -> None:
    data = small("digits")
    fitted = CASES["boosting"].fitted(data)
    model = convert(fitted)
    rows = rows_of(model, data, fitted).tensors["X"]
    leaves = graph_leaves(model.proto, rows)
    assert leaves.shape == (len(rows), 10 * 10)
    np.testing.assert_array_equal(leaves, fitted.apply(rows).reshape(len(rows), -1))
    assert wrong_leaves(model.proto, CASES["tree"].fitted(data), rows) is None
    assert len(np.unique(estimator_leaves(fitted, rows)[:, 0])) > 1


def test_the_page_says_what_was_measured() -> None:
    data = small("breast cancer")
    wrong = Figures(3, 2, 4, 1000, 999, 5, 1)
    trees = [
        measure_trees(CASES["tree"], data, none),
        TreeResult("made up", "data", {"real": 7}, Figures(0, None, None, 10, 10, 0, 0), wrong),
    ]
    smooth = measure_smooth("LogisticRegression", smooth_models()["LogisticRegression"][1], data)
    assert smooth.passed
    assert smooth.error is not None
    assert 0.0 < smooth.error < 1e-5
    assert (smooth.gross, smooth.certain_flips) == (0, 0)
    assert smooth.flips, "rows bisected to where the label changes have to show some"
    assert smooth.certain is not None
    assert smooth.rows / 2 < smooth.certain <= smooth.rows - smooth.flips
    cost = measure_certificate(data, trees=5, depth=3)
    assert cost.splits > 5
    assert 0.0 < cost.silence <= cost.prove
    assert cost.peak >= cost.start > 0.0
    text = page(trees, [smooth], [cost])
    assert "| made up | data | 7 | 3 | 2 | 4 | 99.900 % | 5 | 1 |" in text
    assert "| made up | data | 7 | 0 | - | - | 100 % | 0 | 0 |" in text
    assert "| ValueError: not tried |" in text
    assert f"| breast cancer | {cost.splits} | {cost.rows:,} |" in text
    assert "| labels that differ | 0 | 0; beside them 0 on which scikit-learn is undecided | yes |" in text


def test_a_moved_decision_flips_labels_that_no_rounding_can(monkeypatch: pytest.MonkeyPatch) -> None:
    def moved_intercept(loaded: Any) -> OnnxModel:
        model = convert(loaded)
        proto = copy.deepcopy(model.proto)
        edit(proto.graph, "LinearClassifier", "intercepts", at(0, lambda v: v + 1e-3))
        return replace(model, proto=proto)

    monkeypatch.setattr(smooth_figures, "convert", moved_intercept)
    result = measure_smooth("LogisticRegression", LogisticRegression(), small("breast cancer"))
    assert result.certain_flips
    assert not result.passed


def test_the_summary_says_no_where_a_figure_is_not_reached() -> None:
    bad = Figures(3, 2, 1, 1000, 990, 2, 1)
    trees = [TreeResult("made up", "data", {"real": 7}, bad, "none")]
    smooth = [SmoothResult("smooth", "data", rows=9, error=0.5, gross=1, flips=3, certain=5, certain_flips=1)]
    costs = [
        Cost("data", 9, 9, convert=40.0, prove=30.0, processor=70.0, start=1.0, peak=3000.0, silence=12.0)
    ]
    rows = {figure: reached for figure, _, _, reached in summary(trees, smooth, costs)}
    assert set(rows.values()) == {"no"}
    assert len(rows) == 11
