"""LightGBM and XGBoost: each objective, missing values, categories, early stopping, and what is refused."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import onnx
import pandas as pd
import pytest
import xgboost
from numpy.typing import NDArray
from onnx import helper
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import (
    BaggingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SelectFromModel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from conversion.models import prove, proven
from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.conversion.description import ModelDescription
from ecu_bundle.errors import UnsupportedModelError, VerificationError
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import check_parity, require
from ecu_bundle.parity.packages import definition_of
from ecu_bundle.parity.witnesses import witness

Data = tuple[NDArray[np.float64], Any]

DIABETES: Data = load_diabetes(return_X_y=True)
CANCER: Data = load_breast_cancer(return_X_y=True)
WINE: Data = load_wine(return_X_y=True)
POSITIVE: Data = (DIABETES[0], DIABETES[1] / 50.0)
UNIT: Data = (DIABETES[0], (DIABETES[1] - 25.0) / 321.0)


def light(kind: str, **options: Any) -> Any:
    few = {"n_estimators": 8, "num_leaves": 7, "min_child_samples": 5, "n_jobs": 1, "verbose": -1}
    return getattr(lightgbm, f"LGBM{kind}")(**{**few, **options})


def extreme(kind: str, **options: Any) -> Any:
    return getattr(xgboost, f"XGB{kind}")(**{"n_estimators": 8, "max_depth": 3, "n_jobs": 1, **options})


def with_holes(data: Data) -> Data:
    holes = np.random.default_rng(0).random(data[0].shape) < 0.1
    return np.where(holes, np.nan, data[0]), data[1]


def with_zeros(data: Data) -> Data:
    zeros = np.random.default_rng(0).random(data[0].shape) < 0.3
    return np.where(zeros, 0.0, data[0]), data[1]


def sampled(**options: Any) -> Any:
    return {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.7, **options}


CASES: dict[str, tuple[Any, Data]] = {
    **{
        f"light {objective}": (light("Regressor", objective=objective), POSITIVE)
        for objective in ("regression", "l1", "huber", "quantile", "poisson", "gamma", "tweedie")
    },
    "light root": (light("Regressor", reg_sqrt=True), POSITIVE),
    "light cross entropy": (light("Regressor", objective="cross_entropy"), UNIT),
    "light cross entropy lambda": (light("Regressor", objective="cross_entropy_lambda"), UNIT),
    "light two classes": (light("Classifier", sigmoid=2.5), CANCER),
    "light three classes": (light("Classifier"), WINE),
    "light one vs all": (light("Classifier", objective="multiclassova"), WINE),
    "light text": (light("Classifier"), (WINE[0], np.array(["low", "mid", "high"])[WINE[1]])),
    "light dart": (light("Classifier", boosting_type="dart"), CANCER),
    "light forest": (light("Classifier", **sampled()), CANCER),
    "light forest regressor": (light("Regressor", **sampled()), DIABETES),
    "light holes": (light("Classifier"), with_holes(WINE)),
    "light holes as zeros": (light("Regressor", use_missing=False), with_holes(DIABETES)),
    "light zeros": (light("Regressor"), with_zeros(DIABETES)),
    "light no split": (light("Regressor", min_child_samples=1000), DIABETES),
    **{
        f"extreme {objective}": (extreme("Regressor", objective=objective), POSITIVE)
        for objective in (
            "reg:squarederror",
            "reg:absoluteerror",
            "reg:gamma",
            "reg:tweedie",
            "count:poisson",
        )
    },
    "extreme logistic": (extreme("Regressor", objective="reg:logistic"), UNIT),
    "extreme quantiles": (
        extreme("Regressor", objective="reg:quantileerror", quantile_alpha=[0.2, 0.8]),
        DIABETES,
    ),
    "extreme targets": (
        extreme("Regressor"),
        (DIABETES[0], np.column_stack([DIABETES[1], -(DIABETES[1] ** 2)])),
    ),
    "extreme two classes": (extreme("Classifier", base_score=0.2), CANCER),
    "extreme three classes": (extreme("Classifier"), WINE),
    "extreme softmax": (extreme("Classifier", objective="multi:softmax"), WINE),
    "extreme dart": (extreme("Classifier", booster="dart", rate_drop=0.3), WINE),
    "extreme forest": (extreme("RFClassifier"), WINE),
    "extreme forest regressor": (extreme("RFRegressor"), DIABETES),
    "extreme parallel": (extreme("Classifier", num_parallel_tree=3), WINE),
    "extreme pruned": (extreme("Regressor", tree_method="exact", gamma=3000.0, max_depth=6), DIABETES),
    "extreme holes": (extreme("Classifier"), with_holes(WINE)),
    "light scaled": (make_pipeline(StandardScaler(), light("Classifier")), CANCER),
    "light filled": (
        make_pipeline(SimpleImputer(), RobustScaler(), light("Regressor")),
        with_holes(DIABETES),
    ),
    "extreme scaled": (make_pipeline(MinMaxScaler(), extreme("Regressor")), DIABETES),
    "extreme filled": (
        make_pipeline(SimpleImputer(), StandardScaler(), extreme("Classifier")),
        with_holes(WINE),
    ),
}
"""Configurations whose every split is proved."""


@pytest.mark.parametrize("name", CASES)
def test_every_split_is_proved_and_every_row_agrees(name: str) -> None:
    estimator, (X, y) = CASES[name]
    model, report = prove(estimator.fit(X, y), data=X)
    assert report.passed, report.comparisons
    found = report.proof.witnesses
    assert found is not None
    assert found.complete, found.unproved
    assert (found.splits > 0) != (name == "light no split")
    assert all(bound.exact for bound in found.sums)
    assert all(tensor.accepts_nan for tensor in model.interface.inputs)
    if name.startswith("light"):
        assert max(output.max_ulp for gate in report.comparisons for output in gate.outputs) <= 1


def early_stopped(make: Callable[..., Any], data: Data, **options: Any) -> Any:
    X, y = data
    model = make("Classifier", n_estimators=200, learning_rate=0.9, **options)
    if make is extreme:
        return model.fit(X[::2], y[::2], eval_set=[(X[1::2], y[1::2])], verbose=False)
    stop = lightgbm.early_stopping(2, verbose=False)
    return model.fit(X[::2], y[::2], eval_X=X[1::2], eval_y=y[1::2], callbacks=[stop])


@pytest.mark.parametrize("data", [CANCER, WINE], ids=["two classes", "three classes"])
def test_trees_behind_the_best_iteration_are_left_out(data: Data) -> None:
    model = early_stopped(extreme, data, early_stopping_rounds=3)
    together = 3 if data is WINE else 1
    assert len(model.get_booster().get_dump()) > (model.best_iteration + 1) * together
    proven(model, data=data[0])
    stopped = early_stopped(light, data)
    assert 0 < stopped.best_iteration_ < 200
    proven(stopped, data=data[0])


def categorical_rows() -> Data:
    generator = np.random.default_rng(5)
    X = np.column_stack(
        [generator.integers(0, 40, 800), generator.integers(0, 5, 800), generator.normal(size=(800, 2))]
    ).astype(np.float64)
    return X, np.sin(X[:, 0] * 7.0) * 3.0 + X[:, 1] % 3 + X[:, 2]


def test_categories_of_lightgbm_are_cut_to_whole_numbers() -> None:
    X, y = categorical_rows()
    model = light("Regressor", min_data_per_group=5, cat_smooth=1.0)
    model.fit(X, y, categorical_feature=[0, 1])
    assert "cat_threshold" in model.booster_.model_to_string()
    strange = np.vstack([X, X + 0.5, -X, X - 0.3, X * 1e10, np.full((1, 4), np.nan)])
    converted = proven(model, data=strange)
    assert converted.exact_outputs == ("variable",)
    found = witness(model, converted)
    assert found.proved == 0
    assert found.unproved[0] == "LGBMRegressor splits on categories"


def test_a_scaler_beside_categories_is_folded_a_scaler_of_categories_stays() -> None:
    X, y = categorical_rows()
    beside = ColumnTransformer([("codes", "passthrough", [0, 1]), ("scaled", StandardScaler(), [2, 3])])
    for first, exact in ((beside, ("variable",)), (StandardScaler(), ())):
        model = make_pipeline(first, light("Regressor", min_data_per_group=5, cat_smooth=1.0))
        converted = proven(model.fit(X, y, lgbmregressor__categorical_feature=[0, 1]))
        assert converted.exact_outputs == exact


def test_zero_counts_as_missing_where_lightgbm_was_told_so() -> None:
    X, y = with_zeros(DIABETES)
    model = light("Regressor", zero_as_missing=True).fit(X, y)
    around = [np.full((1, 10), value) for value in (0.0, -0.0, 1e-35, -1e-35, 1.1e-35, -1.1e-35)]
    proven(model, data=np.vstack([X, *around]))


def test_tiny_numbers_are_zero_to_lightgbm_and_themselves_to_xgboost() -> None:
    generator = np.random.default_rng(1)
    tiny = np.array([0.0, -0.0, 1e-36, -1e-36, 1e-35, -1e-35, 3e-35, -3e-35, 1.0], dtype=np.float32)
    X = generator.choice(tiny, (600, 3))
    y = (X[:, 0] > 0) + 2.0 * (X[:, 1] < 0) + generator.normal(size=600) * 0.1
    model = light("Regressor").fit(X, y)
    assert "-1.0000000180025095e-35" in model.booster_.model_to_string()
    for fitted in (model, extreme("Regressor").fit(X, y)):
        converted = proven(fitted, data=X)
        assert witness(fitted, converted).complete


def test_a_balanced_row_is_the_first_class() -> None:
    X, y = np.tile([[0.0], [0.0], [1.0], [1.0]], (20, 1)), np.tile([0, 1, 1, 0], 20)
    model = light("Classifier").fit(X, y)
    assert model.predict_proba(X).tolist() == [[0.5, 0.5]] * 80
    proven(model, data=X)


def wrappers(make: Callable[..., Any]) -> dict[str, tuple[Any, Data]]:
    forest = RandomForestClassifier(5, random_state=0)
    pair = [("a", make("Classifier")), ("b", forest)]
    return {
        "soft vote": (VotingClassifier(pair, voting="soft"), WINE),
        "hard vote": (VotingClassifier(pair, voting="hard"), CANCER),
        "mean": (VotingRegressor([("a", make("Regressor")), ("b", Ridge())]), DIABETES),
        "calibrated": (CalibratedClassifierCV(make("Classifier"), cv=2), CANCER),
        "stacked": (StackingClassifier([("a", make("Classifier"))], cv=2), CANCER),
        "bagged": (BaggingRegressor(make("Regressor"), n_estimators=2, max_features=0.5), DIABETES),
        "selecting": (
            make_pipeline(SelectFromModel(make("Classifier")), StandardScaler(), LogisticRegression()),
            WINE,
        ),
        "transformed": (
            TransformedTargetRegressor(make("Regressor"), func=np.log, inverse_func=np.exp),
            POSITIVE,
        ),
    }


@pytest.mark.parametrize("make", [light, extreme])
@pytest.mark.parametrize("name", wrappers(light))
def test_inside_another_estimator(make: Callable[..., Any], name: str) -> None:
    estimator, (X, y) = wrappers(make)[name]
    proven(estimator.fit(X, y))


@pytest.mark.parametrize("make", [light, extreme])
def test_named_columns_keep_their_names(make: Callable[..., Any]) -> None:
    frame = pd.DataFrame(WINE[0][:, :3], columns=["speed", "load", "rate"])
    model = proven(make("Classifier").fit(frame, WINE[1]), data=frame)
    assert [tensor.name for tensor in model.interface.inputs] == ["speed", "load", "rate"]


def test_the_decision_function_of_lightgbm() -> None:
    for data in (CANCER, WINE):
        words = ModelDescription(chosen=("label", "decision_function"))
        model = proven(light("Classifier").fit(*data), data=data[0], words=words)
        assert model.exact_outputs == ("label", "decision_function")


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "linear leaves": (
        lambda: light("Regressor", linear_tree=True).fit(*DIABETES),
        "linear models into the leaves",
    ),
    "early prediction": (lambda: light("Classifier", pred_early_stop=True).fit(*CANCER), "leaves out trees"),
    "objective of the user": (
        lambda: light("Regressor", objective=lambda y, p: (p - y, np.ones_like(y))).fit(*DIABETES),
        "no rule for the objective of the user",
    ),
    "ranking": (
        lambda: lightgbm.LGBMRanker(n_estimators=2, verbose=-1).fit(
            DIABETES[0], DIABETES[1] // 100, group=[442]
        ),
        "there is no converter for it",
    ),
    "column of categories": (
        lambda: light("Classifier").fit(pd.DataFrame({"gear": pd.Categorical(["P", "R"] * 40)}), [0, 1] * 40),
        "columns of a category type",
    ),
    "regression by a classifier": (
        lambda: light("Classifier", objective="regression").fit(*CANCER),
        "gives no probabilities",
    ),
    "hinge": (
        lambda: extreme("Classifier", objective="binary:hinge").fit(*CANCER),
        "no rule for the objective binary:hinge",
    ),
    "number for missing": (lambda: extreme("Classifier", missing=-1.0).fit(*CANCER), "missing=-1.0"),
    "categories of XGBoost": (
        lambda: extreme("Classifier", enable_categorical=True).fit(
            pd.DataFrame({"gear": pd.Categorical(["P", "R"] * 40)}), [0, 1] * 40
        ),
        "it splits on categories",
    ),
    "leaves of several values": (
        lambda: extreme("Regressor", multi_strategy="multi_output_tree").fit(
            DIABETES[0], np.column_stack([DIABETES[1], DIABETES[1]])
        ),
        "leaves of several values",
    ),
    "no trees": (
        lambda: extreme("Regressor", booster="gblinear", max_depth=None).fit(*DIABETES),
        "has no trees",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_converted_is_refused_by_name(what: str) -> None:
    make, reason = REFUSED[what]
    model = make()
    with pytest.raises(UnsupportedModelError, match=reason) as caught:
        convert(from_estimator(model))
    assert caught.value.cause.startswith(f"{type(model).__name__} cannot be converted: ")
    assert caught.value.place == f"{type(model).__module__}.{type(model).__name__}"


def test_the_reference_says_whose_arithmetic_it_is() -> None:
    voting = VotingClassifier([("a", light("Classifier")), ("b", extreme("Classifier"))]).fit(*CANCER)
    assert "LightGBM's models by its own predict, which computes in float64" in definition_of(voting)
    assert "XGBoost's models by its own predict, which adds leaves" in definition_of(voting)
    assert "LightGBM" not in definition_of(RandomForestClassifier(2).fit(*CANCER))


Graph = onnx.GraphProto


def damaged(attribute: str, change: Callable[[list[Any], list[bytes]], list[Any]]) -> Callable[[Graph], None]:
    """Changes an attribute of the trees; ``change`` is also given the kinds of the nodes."""

    def damage(graph: Graph) -> None:
        node = next(n for n in graph.node if n.op_type == "TreeEnsembleRegressor")
        values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        changed = change(list(values[attribute]), list(values["nodes_modes"]))
        assert changed != list(values[attribute])
        kept = [a for a in node.attribute if a.name != attribute]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute(attribute, changed)])

    return damage


def moved(direction: float) -> Callable[[list[Any], list[bytes]], list[Any]]:
    """The threshold of the first split, one float32 up or down."""

    def change(values: list[Any], modes: list[bytes]) -> list[Any]:
        first = modes.index(b"BRANCH_LEQ")
        values[first] = float(np.nextafter(np.float32(values[first]), np.float32(direction)))
        return values

    return change


def largest_scaled(values: list[Any], modes: list[bytes]) -> list[Any]:
    del modes
    place = int(np.argmax(np.abs(values)))
    values[place] *= 1.001
    return values


SEEDED = {
    "threshold one float32 up": damaged("nodes_values", moved(np.inf)),
    "threshold one float32 down": damaged("nodes_values", moved(-np.inf)),
    "< for <=": damaged(
        "nodes_modes", lambda modes, _: [b"BRANCH_LT" if m == b"BRANCH_LEQ" else m for m in modes]
    ),
    "missing rule inverted": damaged(
        "nodes_missing_value_tracks_true", lambda flags, _: [1 - flag for flag in flags]
    ),
    "leaf 0.1 % off": damaged("target_weights", largest_scaled),
}


@pytest.fixture(scope="module")
def converted() -> list[tuple[Any, OnnxModel]]:
    models = [
        light("Regressor").fit(*with_holes(DIABETES)),
        light("Classifier").fit(*CANCER),
        extreme("Regressor").fit(*with_holes(DIABETES)),
        extreme("Classifier").fit(*WINE),
    ]
    return [(model, convert(from_estimator(model))) for model in models]


@pytest.mark.parametrize("error", SEEDED)
def test_a_seeded_error_is_caught(error: str, converted: list[tuple[Any, OnnxModel]]) -> None:
    for estimator, model in converted:
        proto = copy.deepcopy(model.proto)
        SEEDED[error](proto.graph)
        with pytest.raises(VerificationError):
            report = check_parity(from_estimator(estimator), dataclasses.replace(model, proto=proto))
            require(report.comparisons[0])
