"""The models and data sets of docs/truth.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

CLASSIFIER, REGRESSOR = "classifier", "regressor"
MOST_ROWS = 600
MISSING_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Data:
    """A data set.

    Attributes:
        kind: ``classifier`` or ``regressor``: what is learned from it.
        rows: (rows, features) float64, each value a float32 number.
        target: (rows,).
    """

    name: str
    kind: str
    rows: NDArray[np.float64]
    target: NDArray[Any]

    def holed(self) -> NDArray[np.float64]:
        """The rows with a share of values missing."""
        holes = np.random.default_rng(2).random(self.rows.shape) < MISSING_SHARE
        return np.where(holes, np.nan, self.rows)


@cache
def data_sets(most: int = MOST_ROWS) -> tuple[Data, ...]:
    """At most so many rows each of four data sets of scikit-learn and bokeh-sampledata."""
    from bokeh_sampledata.autompg import autompg_clean
    from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

    cars = autompg_clean[["cyl", "displ", "hp", "weight", "accel", "yr"]].to_numpy(np.float64)
    return tuple(
        Data(data.name, data.kind, data.rows[:most], data.target[:most])
        for data in (
            _data("breast cancer", CLASSIFIER, *load_breast_cancer(return_X_y=True)),
            _data("digits", CLASSIFIER, *load_digits(return_X_y=True)),
            _data("diabetes", REGRESSOR, *load_diabetes(return_X_y=True)),
            _data("auto-mpg", REGRESSOR, cars, autompg_clean["mpg"].to_numpy(np.float64)),
        )
    )


def _data(name: str, kind: str, rows: Any, target: Any) -> Data:
    narrow = np.asarray(rows, dtype=np.float32).astype(np.float64)
    return Data(name, kind, narrow, np.asarray(target))


@dataclass(frozen=True, slots=True)
class TreeCase:
    """A tree model, for either kind of data.

    Attributes:
        make: gives the estimator for a kind of data.
        missing: it is trained with missing values.
    """

    name: str
    make: Callable[[str], Any]
    missing: bool = False

    def fitted(self, data: Data) -> Any:
        return self.make(data.kind).fit(data.holed() if self.missing else data.rows, data.target)


def _ensemble(name: str, **options: Any) -> Callable[[str], Any]:
    def make(kind: str) -> Any:
        from sklearn import ensemble, tree

        classes = {**vars(ensemble), **vars(tree)}
        return classes[f"{name}{kind.title()}"](**options)

    return make


def _forest(**options: Any) -> Callable[[str], Any]:
    return _ensemble("RandomForest", **{"n_estimators": 20, "max_depth": 8, "random_state": 0, **options})


def _behind(scaler: str, make: Callable[[str], Any]) -> Callable[[str], Any]:
    def made(kind: str) -> Any:
        from sklearn import preprocessing
        from sklearn.pipeline import make_pipeline

        return make_pipeline(getattr(preprocessing, scaler)(), make(kind))

    return made


def _isolation(kind: str) -> Any:  # noqa: ARG001
    from sklearn.ensemble import IsolationForest

    return IsolationForest(n_estimators=20, random_state=0)


_BOOSTING = _ensemble("GradientBoosting", n_estimators=10, random_state=0)
_HIST = _ensemble("HistGradientBoosting", max_iter=10)

TREES = (
    TreeCase("tree", _ensemble("DecisionTree", random_state=0)),
    TreeCase("forest", _forest()),
    TreeCase("extra trees", _ensemble("ExtraTrees", n_estimators=20, max_depth=8, random_state=0)),
    TreeCase("StandardScaler, forest", _behind("StandardScaler", _forest())),
    TreeCase("MinMaxScaler, forest", _behind("MinMaxScaler", _forest())),
    TreeCase("RobustScaler, forest", _behind("RobustScaler", _forest())),
    TreeCase("MaxAbsScaler, forest", _behind("MaxAbsScaler", _forest())),
    TreeCase("forest, missing values", _forest(), missing=True),
    TreeCase("boosting", _BOOSTING),
    TreeCase("StandardScaler, boosting", _behind("StandardScaler", _BOOSTING)),
    TreeCase("hist boosting, missing values", _HIST, missing=True),
    TreeCase("RobustScaler, hist boosting", _behind("RobustScaler", _HIST)),
    TreeCase("AdaBoost", _ensemble("AdaBoost", n_estimators=20, random_state=0)),
    TreeCase("bagging", _ensemble("Bagging", n_estimators=10, max_features=0.5, random_state=0)),
    TreeCase("isolation", _isolation),
)


def smooth_models() -> dict[str, tuple[str, Any]]:
    """Smooth models by name, with the data set of each; all behind a StandardScaler."""
    from sklearn import decomposition, gaussian_process, linear_model, mixture, neighbors, neural_network, svm
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
    from sklearn.pipeline import make_pipeline

    mlp = {"hidden_layer_sizes": (30,), "max_iter": 1000, "random_state": 0}
    return {
        "LogisticRegression": ("digits", linear_model.LogisticRegression(max_iter=2000)),
        "PCA, LogisticRegression": (
            "digits",
            make_pipeline(decomposition.PCA(20), linear_model.LogisticRegression(max_iter=2000)),
        ),
        "MLPClassifier": ("breast cancer", neural_network.MLPClassifier(**mlp)),
        "MLPRegressor": ("auto-mpg", neural_network.MLPRegressor(**{**mlp, "solver": "lbfgs"})),
        "SVC": ("breast cancer", svm.SVC()),
        "SVR": ("diabetes", svm.SVR(C=100.0)),
        "GaussianProcessRegressor": (
            "auto-mpg",
            gaussian_process.GaussianProcessRegressor(alpha=1.0, optimizer=None, normalize_y=True),
        ),
        "KNeighborsClassifier": ("breast cancer", neighbors.KNeighborsClassifier(weights="distance")),
        "KNeighborsRegressor": ("diabetes", neighbors.KNeighborsRegressor()),
        "GaussianMixture": ("auto-mpg", mixture.GaussianMixture(3, random_state=0)),
        "QuadraticDiscriminantAnalysis": ("breast cancer", QuadraticDiscriminantAnalysis(reg_param=0.1)),
    }
