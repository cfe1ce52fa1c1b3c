"""Decisions by rules, on what other models say: thresholds, calibration, votes, codes, targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, DotProduct, Matern, WhiteKernel
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.semi_supervised import LabelPropagation, LabelSpreading
from sklearn.svm import SVC, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ecu_bundle.conversion import convert
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.parity.session import open_session, run_rows
from ecu_bundle.rows import rows_from

from .models import FOUR, POSITIVE, THREE, TWO, VALUE, WORDS, X, proven

Case = tuple[Any, Any]

LINEAR = LogisticRegression()
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
FOREST = RandomForestClassifier(5, random_state=0)
BOOSTED = GradientBoostingClassifier(n_estimators=3)
RIDGE = Ridge()
STEPS = DecisionTreeRegressor(max_depth=3)
OFF_ON = np.array(["off", "on"])[TWO]
BOTH = np.column_stack([VALUE, -2 * VALUE])

THRESHOLDS: list[Case] = [
    (TunedThresholdClassifierCV(LINEAR), TWO),
    (TunedThresholdClassifierCV(FOREST, cv=3), OFF_ON),
    (FixedThresholdClassifier(LINEAR, threshold=0.3), TWO),
    (FixedThresholdClassifier(FOREST, threshold=0.4, pos_label="off"), OFF_ON),
    (FixedThresholdClassifier(FOREST, threshold=0.6), 7 - 9 * TWO),
    (FixedThresholdClassifier(make_pipeline(StandardScaler(), FOREST), threshold=0.6), TWO),
    (FixedThresholdClassifier(LinearSVC(), threshold=0.4, pos_label="off"), OFF_ON),
    (FixedThresholdClassifier(SVC()), OFF_ON),
    (CalibratedClassifierCV(FixedThresholdClassifier(LinearSVC(), threshold=0.4), cv=2), TWO),
]
CALIBRATED: list[Case] = [
    (CalibratedClassifierCV(inner, method=method, cv=2), y)
    for method in ("isotonic", "sigmoid", "temperature")
    for inner, y in (
        (LINEAR, WORDS),
        (FOREST, OFF_ON),
        (FOREST, WORDS),
        (BOOSTED, OFF_ON),
        (LinearSVC(), WORDS),
    )
]
CALIBRATED.append((CalibratedClassifierCV(QuadraticDiscriminantAnalysis(), cv=2), OFF_ON))
PROCESSES: list[Case] = [
    (GaussianProcessClassifier(), TWO),
    (GaussianProcessClassifier(1.0 * RBF() + WhiteKernel(), optimizer=None), OFF_ON),
    (GaussianProcessClassifier(2.0 * Matern(nu=1.5), optimizer=None), WORDS),
    (GaussianProcessClassifier(RBF(0.5), optimizer=None), THREE),  # far away all classes are equally likely
    (OneVsRestClassifier(GaussianProcessClassifier(RBF(0.5), optimizer=None)), THREE),
]
NEAR: list[Case] = [
    (kind(kernel=kernel, gamma=gamma, n_neighbors=3), np.where(np.arange(len(X)) % 3 == 0, -1, THREE))
    for kind in (LabelPropagation, LabelSpreading)
    for kernel, gamma in (("rbf", 20), ("rbf", 1), ("knn", 20))
]
VOTES: list[Case] = [
    (OneVsOneClassifier(LINEAR), 5 * THREE - 7),
    (OneVsOneClassifier(TREE), WORDS),
    (OneVsOneClassifier(SVC()), FOUR),
    (OneVsOneClassifier(LinearSVC()), OFF_ON),
    (OneVsOneClassifier(TREE), TWO),
    (OutputCodeClassifier(LINEAR, random_state=0), WORDS),
    (OutputCodeClassifier(TREE, random_state=0), THREE),
    (OutputCodeClassifier(SVC(), code_size=3, random_state=1), FOUR),
]
CANCELLING: list[Case] = [
    (NuSVC(nu=0.05, gamma=0.02), TWO),
    (SVC(C=1e6, gamma=0.01), WORDS),
    (SVC(C=1e5, kernel="poly", decision_function_shape="ovo"), FOUR),
]
DUMMIES: list[Case] = [
    (DummyClassifier(), WORDS),
    (DummyClassifier(strategy="most_frequent"), THREE),
    (DummyClassifier(strategy="constant", constant="ok"), WORDS),
    (DummyRegressor(), VALUE),
    (DummyRegressor(strategy="quantile", quantile=0.3), BOTH),
]
CHAINS: list[Case] = [
    (RegressorChain(RIDGE), BOTH),
    (RegressorChain(STEPS, order=[1, 0]), BOTH),
    (
        RegressorChain(make_pipeline(StandardScaler(), RIDGE), order=[2, 0, 1]),
        np.column_stack([BOTH, VALUE**2]),
    ),
]
TARGETS: list[Case] = [
    (TransformedTargetRegressor(regressor, transformer=transformer), y)
    for regressor in (RIDGE, STEPS)
    for transformer, y in (
        (None, VALUE),
        (MaxAbsScaler(), VALUE),
        (MinMaxScaler((-1, 2)), VALUE),
        (PowerTransformer(), VALUE),
        (PowerTransformer(), BOTH),
        (PowerTransformer("box-cox", standardize=False), POSITIVE),
        (QuantileTransformer(n_quantiles=20), VALUE),
        (RobustScaler(), VALUE),
        (StandardScaler(), BOTH),
        (StandardScaler(with_mean=False), VALUE),
        (StandardScaler(with_std=False), VALUE),
        (make_pipeline(StandardScaler(), MinMaxScaler()), BOTH),
    )
]
FUNCTIONS: list[Case] = [
    (TransformedTargetRegressor(RIDGE, func=func, inverse_func=inverse), POSITIVE)
    for func, inverse in (
        (np.log, np.exp),
        (np.log1p, np.expm1),
        (np.sqrt, np.square),
        (np.square, np.sqrt),
        (np.reciprocal, np.reciprocal),
    )
]
RIGHT = [
    *THRESHOLDS, *CALIBRATED, *PROCESSES, *NEAR, *VOTES, *CANCELLING, *DUMMIES, *CHAINS, *TARGETS, *FUNCTIONS,
]  # fmt: skip


def _short(value: Any) -> str:
    return " ".join(str(value).split())[:60] if hasattr(value, "get_params") else ""


@pytest.mark.parametrize(("estimator", "y"), RIGHT, ids=_short)
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*invalid value", "ignore:.*lbfgs")
def test_decides_as_scikit_learn(estimator: Any, y: NDArray[Any]) -> None:
    proven(estimator.fit(X, y), data=X)


@pytest.mark.parametrize("out_of_bounds", ["nan", "clip"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sign", [1, -1])
def test_isotonic_regression_draws_the_same_lines(out_of_bounds: Any, dtype: Any, sign: int) -> None:
    x, y = X[:, 0].astype(dtype), (sign * VALUE).astype(dtype)
    fitted = IsotonicRegression(increasing="auto", out_of_bounds=out_of_bounds).fit(x, y)
    knots = fitted.X_thresholds_.astype(np.float32)
    beside = [np.nextafter(knots, np.float32(side)) for side in (-np.inf, np.inf)]
    proven(fitted, data=np.concatenate([knots, *beside])[:, None])


def test_isotonic_regression_of_one_value_is_constant() -> None:
    proven(IsotonicRegression().fit(np.ones(5), np.arange(5.0)))


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8])
def test_a_threshold_between_a_share_and_its_float32_is_decided_in_float64(share: float) -> None:
    pure = RandomForestClassifier(5, random_state=0).fit(X, TWO)
    above = np.nextafter(np.nextafter(share, 1.0), 1.0)
    for threshold in (share, above):
        fitted = FixedThresholdClassifier(pure, threshold=threshold).fit(X, TWO)
        model = proven(fitted, data=X)
        labels = run_rows(model.proto, model.interface, rows_from(X, model.interface))["label"][:, 0]
        assert (labels == fitted.predict(X)).all()


def test_rows_of_a_batch_do_not_mix() -> None:
    for estimator, y in (*VOTES[:2], *DUMMIES[:1], *CHAINS[:1], *CALIBRATED[:2], *PROCESSES[:1]):
        model = convert(estimator.fit(X, y))
        session, rows = open_session(model.proto), X.astype(np.float32)
        whole = session.run(None, {"X": rows})
        single = [session.run(None, {"X": rows[i : i + 1]}) for i in range(9)]
        for position, values in enumerate(whole):
            assert np.allclose(values[:9], np.concatenate([one[position] for one in single]), atol=1e-6)


REFUSED: list[tuple[Any, Any, str]] = [
    (DummyClassifier(strategy="stratified"), TWO, "at random"),
    (DummyClassifier(strategy="uniform"), TWO, "at random"),
    (TransformedTargetRegressor(RIDGE, transformer=PCA(1)), BOTH, "the inverse of PCA"),
    (
        TransformedTargetRegressor(
            RIDGE, transformer=QuantileTransformer(n_quantiles=20, output_distribution="normal")
        ),
        VALUE,
        "output_distribution='uniform'",
    ),
    (GaussianProcessClassifier(DotProduct()), TWO, "stationary"),
    (GaussianProcessClassifier(multi_class="one_vs_one"), THREE, "one_vs_rest"),
]


@pytest.mark.parametrize(("estimator", "y", "cause"), REFUSED, ids=_short)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_refused_with_the_reason(estimator: Any, y: NDArray[Any], cause: str) -> None:
    with pytest.raises(UnsupportedModelError) as caught:
        convert(estimator.fit(X, y))
    assert cause in caught.value.cause
    assert caught.value.hint


def test_bounds_that_raise_are_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="'clip' has"):
        convert(IsotonicRegression(out_of_bounds="raise").fit(X[:, 0], VALUE))
