"""The golden vectors of a bundle: few, of every origin, and never near a tie."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC

from conversion.models import FRAME, THREE, TWO, VALUE, X, prove
from ecu_bundle.artifacts import GoldenVectors
from ecu_bundle.golden import MAX_ROWS, MAX_VALUES, choose_golden
from ecu_bundle.parity import ParityReport
from ecu_bundle.parity.tolerance import EXACT, Tolerance, label_margins


def encoded() -> Any:
    columns = ColumnTransformer([("gear", OneHotEncoder(), ["gear"])], remainder="passthrough")
    return make_pipeline(columns, LogisticRegression()).fit(FRAME[["speed", "gear"]], TWO)


MODELS: list[tuple[Any, Any]] = [
    (lambda: LinearRegression().fit(X, VALUE), X),
    (lambda: RandomForestClassifier(5, random_state=0).fit(X, THREE), X),
    (lambda: HistGradientBoostingClassifier(max_iter=4).fit(X, THREE), X),
    (encoded, FRAME[["speed", "gear"]]),
    (encoded, None),
]


def chosen(
    make: Any, data: Any, tolerance: dict[str, Tolerance] | None = None
) -> tuple[Any, ParityReport, GoldenVectors]:
    model, report = prove(make(), data)
    return (
        model,
        report,
        choose_golden(model, report.rows, report.ort, report.tolerance if tolerance is None else tolerance),
    )


@pytest.mark.parametrize(("make", "data"), MODELS, ids=range(len(MODELS)))
def test_rows_of_every_origin_with_their_outputs(make: Any, data: Any) -> None:
    _, report, golden = chosen(make, data)
    assert 4 <= len(golden.rows) <= MAX_ROWS
    assert set(golden.rows.origins) == set(report.rows.origins) - {"label"}
    for i in range(len(golden.rows)):
        same = np.all(
            [
                np.all(
                    np.equal(a, golden.rows.tensors[n][i])
                    | (np.isnan(a) & np.isnan(golden.rows.tensors[n][i])),
                    axis=1,
                )
                for n, a in report.rows.tensors.items()
            ],
            axis=0,
        )
        assert any(
            all(np.array_equal(report.ort[n][j], v[i]) for n, v in golden.outputs.items())
            for j in np.flatnonzero(same)
        )


@pytest.mark.parametrize(("make", "data"), MODELS, ids=range(len(MODELS)))
def test_the_choice_is_the_same_every_time(make: Any, data: Any) -> None:
    (_, _, first), (_, _, second) = (chosen(make, data) for _ in range(2))
    assert first.rows.origins == second.rows.origins
    for name, values in first.outputs.items():
        assert np.array_equal(values, second.outputs[name])


@pytest.mark.parametrize("make", [encoded, lambda: LinearSVC().fit(X, TWO)], ids=["probabilities", "score"])
def test_no_row_is_near_a_tie(make: Any) -> None:
    wide = {"probabilities": Tolerance((0.05,), 0.0), "decision_function": Tolerance((0.05,), 0.0)}
    model, report, golden = chosen(make, None, wide)
    margins, all_margins = (label_margins(model.interface, o) for o in (golden.outputs, report.ort))
    assert margins is not None
    assert all_margins is not None
    assert all_margins.min() < 0.2 < margins.min()


def test_bit_exact_models_keep_rows_on_ties() -> None:
    model, report, _ = chosen(lambda: RandomForestClassifier(4, random_state=0).fit(X, TWO), X)
    golden = choose_golden(model, report.rows, report.ort, {"probabilities": EXACT})
    assert golden.abs_tolerance == {"probabilities": 0.0}
    assert "boundary" in golden.rows.origins


def test_no_row_lies_on_a_decision_inside_the_model() -> None:
    """Another rounding, for instance on another processor, takes another branch there."""
    estimator = make_pipeline(PCA(3), RandomForestClassifier(20, random_state=0)).fit(X, THREE)
    model, report, first = chosen(lambda: estimator, X)
    assert len(report.on_decision) == report.comparisons[0].on_decision > 0
    taken = {row.tobytes() for row in first.rows.tensors["X"]}
    left_out = [i for i, row in enumerate(report.rows.tensors["X"]) if row.tobytes() in taken]
    second = choose_golden(model, report.rows, report.ort, report.tolerance, left_out=left_out)
    assert len(second.rows) >= 4
    assert not taken & {row.tobytes() for row in second.rows.tensors["X"]}


def test_a_wide_model_has_fewer_rows() -> None:
    wide = np.random.default_rng(0).normal(size=(40, 600)).astype(np.float32)
    _, _, golden = chosen(lambda: LinearRegression().fit(wide, wide[:, 0]), wide)
    assert len(golden.rows) * 600 <= MAX_VALUES
    assert len(golden.rows) >= 4
