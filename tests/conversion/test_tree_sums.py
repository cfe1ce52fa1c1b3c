"""Sums over trees: equal to scikit-learn, and the same for any batch size and number of threads."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.conversion.trees.limbs import split
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import check_parity

from .models import run_batched

DIABETES = load_diabetes(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIGITS = load_digits(return_X_y=True)
WINE = load_wine(return_X_y=True)

CASES: dict[str, tuple[Any, tuple[NDArray[Any], NDArray[Any]]]] = {
    "tree regressor": (DecisionTreeRegressor(random_state=0), DIABETES),
    "tree classifier": (DecisionTreeClassifier(random_state=0), WINE),
    "forest regressor": (RandomForestRegressor(60, random_state=0), DIABETES),
    "forest classifier, ties": (RandomForestClassifier(20, max_depth=3, random_state=0), CANCER),
    "forest classifier, ten classes": (RandomForestClassifier(15, random_state=0), DIGITS),
    "extra trees": (ExtraTreesClassifier(30, random_state=0), WINE),
    "extra trees regressor": (ExtraTreesRegressor(20, random_state=0), DIABETES),
    "boosting": (GradientBoostingRegressor(n_estimators=120, random_state=0), DIABETES),
    "boosting classifier": (GradientBoostingClassifier(n_estimators=40, random_state=0), CANCER),
    "boosting, three classes": (GradientBoostingClassifier(n_estimators=20, random_state=0), WINE),
    "boosting, exponential": (GradientBoostingClassifier(n_estimators=20, loss="exponential"), CANCER),
    "hist": (HistGradientBoostingRegressor(max_iter=80, random_state=0), DIABETES),
    "hist, poisson": (HistGradientBoostingRegressor(max_iter=40, loss="poisson"), DIABETES),
    "hist classifier": (HistGradientBoostingClassifier(max_iter=30, random_state=0), CANCER),
    "hist, three classes": (HistGradientBoostingClassifier(max_iter=15, random_state=0), WINE),
    "scaled forest": (make_pipeline(StandardScaler(), RandomForestRegressor(20, random_state=0)), DIABETES),
    "scaled hist": (make_pipeline(MinMaxScaler(), HistGradientBoostingRegressor(max_iter=30)), DIABETES),
    "scaled classifier": (make_pipeline(RobustScaler(), RandomForestClassifier(20, random_state=0)), CANCER),
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Any, OnnxModel, NDArray[Any]]:
    estimator, (X, y) = CASES[request.param]
    fitted = estimator.fit(X, y)
    return fitted, convert(fitted), X


def test_values_are_scikit_learns(case: tuple[Any, OnnxModel, NDArray[Any]]) -> None:
    fitted, model, X = case
    report = check_parity(from_estimator(fitted), model, data=X)
    (gate,) = report.comparisons
    for output in gate.outputs:
        assert output.label_differences == 0
        assert output.max_ulp <= 1
        assert output.equal >= 0.999 * output.values
    assert gate.passed


def test_threads_and_batches_change_nothing(case: tuple[Any, OnnxModel, NDArray[Any]]) -> None:
    _, model, X = case
    rows = np.tile(X.astype(np.float32), (3, 1))[:1100]
    results = [
        run_batched(model, rows, threads=threads, batch=batch)
        for threads in (1, 2, 4)
        for batch in (1, 50, 1000)
    ]
    for result in results[1:]:
        for name, values in results[0].items():
            np.testing.assert_array_equal(values, result[name])


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1.0, 1e6, 1e30])
@pytest.mark.parametrize("trees", [1, 7, 500])
def test_every_partial_sum_of_limbs_is_exact(trees: int, scale: float) -> None:
    generator = np.random.default_rng(trees)
    leaves = [generator.normal(0.0, scale, (9, 2)) * 10.0 ** generator.integers(-3, 3) for _ in range(trees)]
    limbs = split(leaves)
    for trial in range(20):
        picks = generator.integers(0, 9, trees)
        order = generator.permutation(trees)
        true = sum(Fraction(leaves[t][picks[t], 0]) for t in range(trees))
        total = Fraction(0)
        for limb in limbs:
            single = np.float32(0.0)
            exact = Fraction(0)
            for t in order:
                single = np.float32(single + limb[t][picks[t], 0])
                exact += Fraction(float(limb[t][picks[t], 0]))
                assert Fraction(float(single)) == exact, f"trial {trial}"
            total += exact
        largest = sum(max(abs(Fraction(v)) for v in leaf[:, 0]) for leaf in leaves)
        floor = Fraction(trees, 2) * Fraction(2) ** -149
        assert abs(total - true) <= max(largest * Fraction(1, 2**40), floor)


def test_leaves_of_zero_and_single_leaves() -> None:
    assert [limb[0].tolist() for limb in split([np.zeros((2, 1))])] == [[[0.0], [0.0]]]
    (first, *rest) = split([np.array([[math.pi]])])
    assert float(first[0][0, 0]) + sum(float(limb[0][0, 0]) for limb in rest) == pytest.approx(
        math.pi, rel=1e-12
    )


def test_a_tree_that_is_one_leaf() -> None:
    X = np.zeros((10, 3))
    model = convert(RandomForestRegressor(4).fit(X, np.full(10, 2.5)))
    assert run_batched(model, X.astype(np.float32), threads=1, batch=5)["variable"].tolist() == [[2.5]] * 10
