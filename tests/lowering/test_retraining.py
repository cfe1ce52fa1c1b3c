"""A model that is trained again runs in the program of the first one: same pipeline, other numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingRegressor,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import VarianceThreshold
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, RobustScaler, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from ecu_bundle.conversion import convert
from ecu_bundle.lowering import lower
from ecu_bundle.lowering.retraining import kernels_of_retrained

SEEDS = range(10)
SIZES = (40, 300, 80, 150, 60)
FEATURES = 4
VALUE, NO_TARGET = 0, -1

Case = tuple[int, bool, Callable[[], Any]]
"""Classes, or one of the two above; whether lowering chooses kernels by these numbers; the pipeline."""

FAST: dict[str, Case] = {
    "two classes": (2, True, lambda: make_pipeline(StandardScaler(), LogisticRegression())),
    "three classes": (3, True, lambda: make_pipeline(StandardScaler(), LogisticRegression())),
    "ridge": (VALUE, True, lambda: make_pipeline(StandardScaler(), Ridge())),
    "robust": (VALUE, True, lambda: make_pipeline(RobustScaler(), Lasso(0.1))),
    "range": (3, True, lambda: make_pipeline(MinMaxScaler(), LogisticRegression())),
    "selected": (VALUE, True, lambda: make_pipeline(VarianceThreshold(1e-4), StandardScaler(), Ridge())),
    "svc": (3, False, lambda: make_pipeline(StandardScaler(), SVC())),
    "mlp": (3, True, lambda: make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=3))),
    "tree": (3, False, DecisionTreeClassifier),
    "votes": (2, True, lambda: RandomForestClassifier(10, max_depth=2)),
    "forest": (VALUE, True, lambda: RandomForestRegressor(4)),
    "boosting": (VALUE, True, lambda: GradientBoostingRegressor(n_estimators=4)),
    "boosted classes": (2, True, lambda: GradientBoostingClassifier(n_estimators=4)),
    "knn": (3, False, lambda: make_pipeline(StandardScaler(), KNeighborsClassifier())),
}

SLOW: dict[str, Case] = {
    "histograms": (VALUE, True, lambda: HistGradientBoostingRegressor(max_iter=3)),
    "three boosted": (3, True, lambda: GradientBoostingClassifier(n_estimators=10)),
    "histograms of two": (2, True, lambda: HistGradientBoostingClassifier(max_iter=10)),
    "histograms of three": (3, True, lambda: HistGradientBoostingClassifier(max_iter=5)),
    "many values": (VALUE, True, lambda: HistGradientBoostingRegressor(max_iter=60)),
    "deep": (3, True, lambda: RandomForestClassifier(20)),
    "random splits": (VALUE, True, lambda: ExtraTreesRegressor(8, max_depth=5)),
    "bagging": (VALUE, True, lambda: BaggingRegressor(n_estimators=5)),
    "adaboost": (3, True, lambda: AdaBoostClassifier(n_estimators=5)),
    "isolation": (NO_TARGET, False, lambda: IsolationForest(n_estimators=8)),
    "mlp value": (
        VALUE,
        True,
        lambda: make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(4,), max_iter=3)),
    ),
    "components": (3, True, lambda: make_pipeline(StandardScaler(), PCA(3), LogisticRegression())),
    "powers": (VALUE, True, lambda: make_pipeline(PolynomialFeatures(2), StandardScaler(), Ridge())),
    "linear svc": (3, True, lambda: make_pipeline(StandardScaler(), LinearSVC())),
    "bayes": (3, False, GaussianNB),
}

CASES = [
    *(pytest.param(*case, id=name) for name, case in FAST.items()),
    *(pytest.param(*case, id=name, marks=pytest.mark.slow) for name, case in SLOW.items()),
]


def _training_data(target: int, seed: int) -> tuple[Any, Any]:
    """Rows of other scale, place and number with each seed, and their targets."""
    random = np.random.default_rng(seed)
    standard = random.normal(size=(SIZES[seed % len(SIZES)], FEATURES))
    scale = 10.0 ** random.uniform(-3, 3, FEATURES)
    far = 0.0 if seed % 3 == 1 else 1.0
    x = (standard + far * random.choice([0.0, 1.0, 5.0, 20.0, 2000.0], FEATURES)) * scale
    value = standard[:, 0] + standard[:, 1] * standard[:, 2] + 0.3 * random.normal(size=len(x))
    if target > 1:
        return x.astype(np.float32), np.digitize(value, np.quantile(value, np.arange(1, target) / target))
    if target == NO_TARGET:
        return x.astype(np.float32), None
    whole = np.round(4 * value)  # leaves that few bits hold
    return x.astype(np.float32), whole if seed % 4 == 0 else value * 10.0 ** random.integers(-3, 4)


def _trained(make: Callable[[], Any], target: int, seed: int) -> Any:
    estimator = make()
    states = [name for name in estimator.get_params() if name.endswith("random_state")]
    estimator.set_params(**dict.fromkeys(states, seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(*_training_data(target, seed))


@pytest.mark.parametrize(("target", "chooses", "make"), CASES)
def test_the_kernels_of_one_training_are_enough_for_another(
    target: int, chooses: bool, make: Callable[[], Any]
) -> None:
    models = [convert(_trained(make, target, seed)) for seed in SEEDS]
    needed = [set(lower(model).kernels) for model in models]
    linked = [set(kernels_of_retrained(model)) for model in models]
    assert any(own != needed[0] for own in needed) == chooses
    for first, kernels in enumerate(linked):
        missing = {seed: own - kernels for seed, own in zip(SEEDS, needed, strict=True) if own - kernels}
        assert not missing, f"linked for seed {first}, missing by seed: {missing}"


def test_a_pipeline_without_choices_links_nothing_more() -> None:
    model = convert(_trained(GaussianNB, 3, 1))
    assert kernels_of_retrained(model) == lower(model).kernels


def test_boosting_that_stops_at_one_tree_runs_where_more_were_needed() -> None:
    """The other way round is not promised: of one tree nobody sees that it is boosted."""
    x = np.random.default_rng(0).normal(size=(80, FEATURES)).astype(np.float32)
    several, one = (
        convert(AdaBoostClassifier(n_estimators=4).fit(x, value > 0))
        for value in (x[:, 0] + x[:, 1], x[:, 0])
    )
    assert lower(one).kernels == ("tree_rows",)
    assert "tree_rows" not in lower(several).kernels
    assert "tree_rows" in kernels_of_retrained(several)
