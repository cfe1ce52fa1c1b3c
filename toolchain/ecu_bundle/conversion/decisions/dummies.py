"""DummyClassifier and DummyRegressor: a tree of one leaf."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecu_bundle.conversion.decisions.labels import classifier_shape, write_best, write_real
from ecu_bundle.conversion.decisions.lookup import constant_rows
from ecu_bundle.conversion.nodes import Nodes
from ecu_bundle.conversion.registry import CLASSIFIER_OPTIONS, Family
from ecu_bundle.conversion.signatures import shape_of_values


def convert_dummy_regressor(scope: Any, operator: Any, container: Any) -> None:
    """DummyRegressor: its constant."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    write_real(
        nodes,
        operator,
        constant_rows(nodes, operator.inputs[0].full_name, np.reshape(model.constant_, (1, -1))),
    )


def convert_dummy_classifier(scope: Any, operator: Any, container: Any) -> None:
    """DummyClassifier: its shares of classes, or 1 for the class that it always predicts."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    if model.strategy in ("stratified", "uniform"):
        raise NotImplementedError(f"strategy={model.strategy!r} draws its answers at random")
    shares = np.asarray(model.class_prior_, dtype=np.float64)
    if model.strategy == "most_frequent":
        shares = (np.arange(len(shares)) == shares.argmax()).astype(np.float64)
    elif model.strategy == "constant":
        shares = (model.classes_ == np.ravel(model.constant)[0]).astype(np.float64)
    write_best(nodes, operator, constant_rows(nodes, operator.inputs[0].full_name, shares[None, :]))


def families() -> list[Family]:
    """The two dummies."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return [
        Family(
            DummyRegressor,
            convert_dummy_regressor,
            shape=shape_of_values(lambda model: np.size(model.constant_)),
        ),
        Family(DummyClassifier, convert_dummy_classifier, shape=classifier_shape, options=CLASSIFIER_OPTIONS),
    ]
