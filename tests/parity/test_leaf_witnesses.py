"""Witnesses of leaves that are looked up, of categories, and of members with steps of their own."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomTreesEmbedding,
    StackingRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from conversion.models import FOUR, FRAME, THREE, TWO, VALUE, WORDS, X
from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.errors import VerificationError
from ecu_bundle.parity.witnesses import Witnesses, witness

Change = Callable[[onnx.GraphProto], None]

SLOTS = np.column_stack([X, np.random.default_rng(5).choice([0.0, 2.0, 4.5, 7.0, 40.0], len(X))])
STEPS = VALUE + 3.0 * np.isin(SLOTS[:, 4], [2.0, 7.0])


def voting() -> Any:
    return AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=5, random_state=0).fit(
        X, THREE
    )


def ranked() -> Any:
    return AdaBoostRegressor(n_estimators=6, random_state=0).fit(X, VALUE)


def isolation() -> Any:
    return IsolationForest(n_estimators=7, max_features=0.5, random_state=0).fit(X)


def embedding() -> Any:
    return RandomTreesEmbedding(4, max_depth=3, random_state=0).fit(X)


def categories() -> Any:
    trees = HistGradientBoostingRegressor(max_iter=8, min_samples_leaf=3, categorical_features=[4])
    return trees.fit(SLOTS, STEPS)


def holed_categories() -> Any:
    holed = np.where(np.random.default_rng(2).random(SLOTS.shape) < 0.2, np.nan, SLOTS)
    trees = HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=3, categorical_features=[4])
    return trees.fit(holed, np.digitize(STEPS, [-1.0, 2.0]))


def bagged_pipelines() -> Any:
    member = make_pipeline(StandardScaler(), DecisionTreeRegressor(max_depth=4))
    return BaggingRegressor(member, n_estimators=5, max_features=0.7, random_state=0).fit(X, VALUE)


def few_rows() -> Any:
    """Members that saw a part of the classes, behind a scaler of their own and one of all."""
    member = make_pipeline(StandardScaler(), DecisionTreeClassifier())
    bag = BaggingClassifier(member, n_estimators=8, max_samples=4, random_state=0)
    return make_pipeline(MinMaxScaler(), bag).fit(X, FOUR)


WHOLE: dict[str, Callable[[], Any]] = {
    "adaboost": voting,
    "adaboost, two classes": lambda: AdaBoostClassifier(n_estimators=5, random_state=0).fit(X, WORDS),
    "adaboost behind a scaler": lambda: make_pipeline(StandardScaler(), voting()).fit(X, TWO),
    "adaboost regressor": ranked,
    "isolation": isolation,
    "isolation without splits": lambda: IsolationForest(n_estimators=3, max_samples=1, random_state=0).fit(X),
    "embedding": embedding,
    "embedding before a model": lambda: make_pipeline(embedding(), LogisticRegression()).fit(X, THREE),
    "categories": categories,
    "categories with missing values": holed_categories,
    "categories of a table": lambda: HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=3).fit(
        FRAME.astype({"fuel": "category", "gear": "category"}), VALUE
    ),
    "bagged pipelines": bagged_pipelines,
    "bagged pipelines of few rows": few_rows,
    "bagged adaboost": lambda: BaggingRegressor(ranked(), n_estimators=3, random_state=0).fit(X, VALUE),
    "stacked adaboost": lambda: StackingRegressor([("a", ranked()), ("b", categories())], cv=2).fit(
        SLOTS, STEPS
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_every_split_and_leaf_is_witnessed(name: str) -> None:
    estimator = WHOLE[name]()
    found = witness(estimator, convert(estimator))
    assert found.unproved == ()
    assert found.proved == found.splits
    assert found.complete


def test_what_is_not_understood_is_said() -> None:
    forest = RandomForestClassifier(3, max_depth=2, random_state=0)
    estimator = AdaBoostClassifier(forest, n_estimators=2, random_state=0).fit(X, THREE)
    found = witness(estimator, convert(estimator))
    assert found.unproved[0] == "trees inside AdaBoostClassifier are not traced"
    assert not found.complete


# Errors of a conversion, each seeded into a right graph


def table_of(graph: onnx.GraphProto, source: str) -> onnx.TensorProto:
    found: onnx.TensorProto = next(tensor for tensor in graph.initializer if tensor.name == source)
    return found


def gathers(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes that look up a row of a floating-point constant."""
    floating = {
        t.name for t in graph.initializer if t.data_type in (onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT)
    }
    return [node for node in graph.node if node.op_type == "Gather" and node.input[0] in floating]


def in_table(number: int, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Change:
    """Changes the constant of one lookup."""

    def seed(graph: onnx.GraphProto) -> None:
        tensor = table_of(graph, gathers(graph)[number].input[0])
        changed = change(numpy_helper.to_array(tensor).copy())
        tensor.CopyFrom(numpy_helper.from_array(changed, tensor.name))

    return seed


def in_node(operator: str, **changes: Callable[[list[Any]], list[Any]]) -> Change:
    """Changes attributes of the first node of a kind."""

    def seed(graph: onnx.GraphProto) -> None:
        node = next(n for n in graph.node if n.op_type == operator)
        for attribute in node.attribute:
            if attribute.name in changes:
                value = changes[attribute.name](list(helper.get_attribute_value(attribute)))
                attribute.CopyFrom(helper.make_attribute(attribute.name, value))

    return seed


def next_up(values: NDArray[Any]) -> NDArray[Any]:
    values.flat[0] = np.nextafter(values.flat[0], np.inf)
    return values


def swapped(values: Any) -> Any:
    values[[0, 1]] = values[[1, 0]]
    return values


def exchanged(values: list[Any]) -> list[Any]:
    """The last two different values change places."""
    last = len(values) - 1
    other = max(i for i in range(last) if values[i] != values[last])
    values[other], values[last] = values[last], values[other]
    return values


def one_ulp_up(values: list[Any]) -> list[Any]:
    return [float(np.nextafter(np.float32(value), np.float32(np.inf))) for value in values]


def one_side_turned(values: NDArray[Any]) -> NDArray[Any]:
    values[0] = 1.0 - values[0]
    return values


def unknown_turned(values: NDArray[Any]) -> NDArray[Any]:
    values[-1] = 1.0 - values[-1]
    return values


ERRORS: dict[str, tuple[Callable[[], Any], Change]] = {
    "a vote one ulp up": (voting, in_table(0, next_up)),
    "votes of two classes swapped": (voting, in_table(0, lambda table: table[:, [1, 0, 2]])),
    "leaf numbers exchanged": (voting, in_node("TreeEnsembleRegressor", target_weights=exchanged)),
    "results of two trees exchanged": (voting, in_node("TreeEnsembleRegressor", target_ids=exchanged)),
    "a path length one ulp up": (isolation, in_table(0, next_up)),
    "path lengths exchanged": (isolation, in_node("TreeEnsembleRegressor", target_weights=exchanged)),
    "a ranked value one ulp up": (ranked, in_table(1, next_up)),
    "ranked leaves exchanged": (ranked, in_node("TreeEnsembleRegressor", target_weights=exchanged)),
    "another column marked": (embedding, in_node("TreeEnsembleRegressor", target_ids=exchanged)),
    "a mark of two": (embedding, in_node("TreeEnsembleRegressor", target_weights=lambda w: [2.0, *w[1:]])),
    "a category on the other side": (categories, in_table(0, one_side_turned)),
    "unknown categories on the other side": (categories, in_table(0, unknown_turned)),
    "categories one ulp up": (categories, in_node("LabelEncoder", keys_floats=one_ulp_up)),
    "categories of holed columns one ulp up": (
        holed_categories,
        in_node("LabelEncoder", keys_floats=one_ulp_up),
    ),
    "missing categories on the other side": (holed_categories, in_table(0, unknown_turned)),
    "a bagged leaf larger": (
        bagged_pipelines,
        in_node("TreeEnsembleRegressor", target_weights=lambda w: [w[0] * 1.0001, *w[1:]]),
    ),
    "bagged splits one ulp up": (few_rows, in_node("TreeEnsembleRegressor", nodes_values=one_ulp_up)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_seeded_error_is_found(name: str) -> None:
    make, change = ERRORS[name]
    estimator = make()
    with pytest.raises(VerificationError, match="the converted trees are not scikit-learn's"):
        seeded(estimator, convert(estimator), change)


UNPROVED: dict[str, tuple[Change, str]] = {
    "weights of two trees swapped": (in_table(0, swapped), "has other weights of the trees"),
    "values in another order": (in_table(1, lambda table: table[::-1].copy()), "sorts them in another order"),
    "sorted the other way": (in_node("TopK"), "does not look them up"),
}


@pytest.mark.parametrize("name", UNPROVED)
def test_another_way_to_a_median_is_not_proved(name: str) -> None:
    change, text = UNPROVED[name]

    def seed(graph: onnx.GraphProto) -> None:
        change(graph)
        if "way" in name:
            node = next(n for n in graph.node if n.op_type == "TopK")
            next(a for a in node.attribute if a.name == "largest").i = 1

    estimator = ranked()
    found = seeded(estimator, convert(estimator), seed)
    assert not found.complete
    assert text in found.unproved[0]


def seeded(estimator: Any, model: OnnxModel, change: Change) -> Witnesses:
    """The witnesses of a model with an error."""
    proto = copy.deepcopy(model.proto)
    change(proto.graph)
    assert proto != model.proto
    return witness(estimator, dataclasses.replace(model, proto=proto))
