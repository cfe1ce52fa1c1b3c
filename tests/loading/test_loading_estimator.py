"""Only fitted estimators are models; what is missing is named."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sklearn
from sklearn.cluster import Birch
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.loading import from_estimator, load

from .models import IRIS, pipeline, skops_bytes, tree


def _half_fitted() -> Any:
    model = pipeline()
    model.steps[0] = ("scale", StandardScaler())
    return model


def _half_fitted_columns() -> Any:
    columns = ColumnTransformer([("scale", StandardScaler(), [0, 1])], remainder="passthrough").fit(IRIS[0])
    columns.transformers_[0] = ("scale", StandardScaler(), [0, 1])
    return Pipeline([("columns", columns), ("tree", tree())])


UNFITTED: list[tuple[Callable[[], Any], str, str]] = [
    (DecisionTreeClassifier, "DecisionTreeClassifier", "DecisionTreeClassifier"),
    (SVC, "SVC", "SVC"),
    (lambda: GridSearchCV(SVC(), {}), "GridSearchCV", "GridSearchCV"),
    (lambda: make_pipeline(StandardScaler(), SVC()), "StandardScaler", "Pipeline > 'standardscaler'"),
    (lambda: make_pipeline(Normalizer(), SVC()), "SVC", "Pipeline > 'svc'"),
    (_half_fitted, "StandardScaler", "Pipeline > 'scale'"),
    (_half_fitted_columns, "StandardScaler", "Pipeline > 'columns' (ColumnTransformer) > 'scale'"),
    (lambda: ColumnTransformer([("s", StandardScaler(), [0])]), "ColumnTransformer", "ColumnTransformer"),
    (lambda: FeatureUnion([("s", StandardScaler())]), "StandardScaler", "FeatureUnion > 's'"),
]


@pytest.mark.parametrize(("make", "named", "place"), UNFITTED)
def test_an_unfitted_estimator_is_named(
    tmp_path: Path, make: Callable[[], Any], named: str, place: str
) -> None:
    path = tmp_path / "model.skops"
    path.write_bytes(skops_bytes(make()))
    for take, value in ((load, path), (from_estimator, make())):
        with pytest.raises(UnsupportedModelError, match=f"{named} is not fitted") as caught:
            take(value)
        assert place in caught.value.place
        assert "fit()" in caught.value.hint


@pytest.mark.parametrize(
    "make",
    [
        tree,
        pipeline,
        Normalizer,
        lambda: GridSearchCV(LogisticRegression(max_iter=500), {"C": [1.0]}).fit(*IRIS),
        lambda: make_pipeline("passthrough", None, FunctionTransformer(), tree()).fit(*IRIS),
        lambda: ColumnTransformer([("a", "drop", [0]), ("b", "passthrough", [1])]).fit(IRIS[0]),
        lambda: FeatureUnion([("a", "drop"), ("b", StandardScaler())]).fit(IRIS[0]),
    ],
)
def test_a_fitted_estimator_is_taken(make: Callable[[], Any]) -> None:
    estimator = make()
    model = from_estimator(estimator, "engine")
    assert model.estimator is estimator
    assert (model.name, model.format, model.sklearn_version) == ("engine", "memory", sklearn.__version__)
    assert model.onnx_bytes is None and not model.trusted_pickle


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (DecisionTreeClassifier, "the class DecisionTreeClassifier itself"),
        (None, "but NoneType"),
        ({"model": tree(), "name": 1}, "dict with estimators at 'model'"),
        ([1, tree()], r"list with estimators at \[1\]"),
        (IRIS[0], "but numpy.ndarray"),
    ],
)
def test_what_is_no_estimator_is_described(value: Any, cause: str) -> None:
    with pytest.raises(UnsupportedModelError, match=cause):
        from_estimator(value)


def test_a_skops_file_with_something_else_is_described(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    path.write_bytes(skops_bytes({"model": tree()}))
    with pytest.raises(UnsupportedModelError, match="dict with estimators at 'model'"):
        load(path)


def test_an_estimator_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="Birch cannot be written"):
        from_estimator(Birch(n_clusters=2).fit(IRIS[0]))


DIGEST = """
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from ecu_bundle.loading import from_estimator
forest = RandomForestClassifier(3, random_state=0).fit(*load_iris(return_X_y=True))
forest.set_ = {"a", "b", "c", "d"}
print(from_estimator(forest).digest)
"""


def test_the_digest_follows_the_content_and_not_the_process() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] and len(runs[0].strip()) == 64
    assert from_estimator(tree()).digest == from_estimator(tree()).digest
    assert from_estimator(tree()).digest != from_estimator(pipeline()).digest
