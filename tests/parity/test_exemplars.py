"""Rows are drawn where a model was trained, as far as the model itself remembers it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingRegressor, VotingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import Ridge
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR

from conversion.models import FRAME, THREE, VALUE, X
from ecu_bundle.conversion import convert
from ecu_bundle.conversion.description import InputDescription, ModelDescription
from ecu_bundle.parity.generation import ASSUMED_RANGE, generate_rows

FAR = X * np.array([1e3, 1.0, 0.01, 50.0]) + np.array([1e5, 0.0, 30.0, -2000.0])
"""Columns whose values an assumed range never meets."""

REMEMBERING: list[Any] = [
    SVC(),
    SVR(),
    KMeans(3, n_init=1, random_state=0),
    GaussianMixture(2, random_state=0),
    GaussianNB(),
    KNeighborsRegressor(),
    make_pipeline(StandardScaler(), Ridge()),
    make_pipeline(StandardScaler(), SVC()),
    make_pipeline(RobustScaler(), PCA(2), Ridge()),
    make_pipeline(MinMaxScaler(), SVR()),
    make_pipeline(QuantileTransformer(n_quantiles=20), Ridge()),
    make_pipeline(PowerTransformer(), Ridge()),
    make_pipeline(PCA(3), Ridge()),
    VotingRegressor([("a", SVR()), ("b", Ridge())]),
    BaggingRegressor(SVR(), 3, random_state=0),
]


@pytest.mark.parametrize("estimator", REMEMBERING, ids=lambda e: repr(e)[:60])
def test_rows_lie_where_the_model_was_trained(estimator: Any) -> None:
    labels = hasattr(estimator, "classes_") or "SVC" in repr(estimator) or "NB" in repr(estimator)
    fitted = estimator.fit(FAR, THREE if labels else VALUE)
    generated = generate_rows(convert(fitted), estimator=fitted)
    assert generated.assumptions == ()
    rows = generated.rows.tensors["X"][np.isin(generated.rows.origins, ["learned", "range"])]
    spread = FAR.max(axis=0) - FAR.min(axis=0)
    assert (rows.min(axis=0) > FAR.min(axis=0) - 2.5 * spread).all()
    assert (rows.max(axis=0) < FAR.max(axis=0) + 2.5 * spread).all()
    assert ((rows.max(axis=0) - rows.min(axis=0)) > 0.1 * spread).all()


def test_a_kernel_is_not_constant_on_the_rows() -> None:
    model = GaussianProcessRegressor().fit(FAR, VALUE)
    generated = generate_rows(convert(model), estimator=model).rows
    assert np.ptp(model.predict(generated.tensors["X"].astype(np.float64))) > 0.5 * np.ptp(VALUE)


def test_scalers_of_a_column_transformer_are_inverted_block_by_block() -> None:
    frame = FRAME.assign(speed=FRAME["speed"] * 10.0 + 500.0)
    columns = ColumnTransformer(
        [("scaled", StandardScaler(), ["speed", "load"]), ("gear", OneHotEncoder(), ["gear"])]
    )
    model = make_pipeline(columns, Ridge()).fit(frame[["speed", "gear", "load"]], VALUE)
    generated = generate_rows(convert(model), estimator=model)
    learned = np.array(generated.rows.origins) == "learned"
    speed = generated.rows.tensors["speed"][learned]
    assert abs(float(speed.mean()) - 500.0) < 20.0
    assert set(np.unique(generated.rows.tensors["gear"][learned])) == {0, 1, 2, 3}
    assert generated.assumptions == ()


def test_a_declared_range_holds_for_learned_rows() -> None:
    model = SVR().fit(FAR, VALUE)
    words = ModelDescription(
        inputs=tuple(InputDescription(f"x{i}", minimum=-1.0, maximum=2.0) for i in range(4))
    )
    generated = generate_rows(convert(model, description=words), estimator=model).rows
    for values in generated.tensors.values():
        assert values.min() >= -1.0
        assert values.max() <= 2.0


def test_a_model_that_remembers_nothing_is_tried_on_an_assumed_range_and_says_so() -> None:
    model = Ridge().fit(FAR, VALUE)
    generated = generate_rows(convert(model), estimator=model)
    assert generated.assumptions == (
        f"no range is known for X: {ASSUMED_RANGE[0]} to {ASSUMED_RANGE[1]} was assumed",
    )
