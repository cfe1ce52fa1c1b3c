"""The gate catches wrong conversions: each is seeded into a right graph, and the proof must fail."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from conversion.models import FRAME, THREE, TWO, VALUE, X
from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.errors import VerificationError
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import check_parity, require

Graph = onnx.GraphProto
Damage = Callable[[Graph], None]


def node(graph: Graph, kind: str) -> Any:
    found: onnx.NodeProto = next(n for n in graph.node if n.op_type.startswith(kind))
    return found


def get(graph: Graph, kind: str, name: str) -> Any:
    return next(helper.get_attribute_value(a) for a in node(graph, kind).attribute if a.name == name)


def put(graph: Graph, kind: str, name: str, value: Any) -> None:
    target = node(graph, kind)
    kept = [a for a in target.attribute if a.name != name]
    assert len(kept) < len(target.attribute)
    del target.attribute[:]
    target.attribute.extend([*kept, helper.make_attribute(name, value)])


def edit(graph: Graph, kind: str, name: str, change: Callable[[Any], Any]) -> None:
    value = get(graph, kind, name)
    changed = change(list(value))
    assert changed != list(value)
    put(graph, kind, name, changed)


def first_split(graph: Graph) -> int:
    return int(get(graph, "Tree", "nodes_modes").index(b"BRANCH_LEQ"))


def at(index: int, change: Callable[[Any], Any]) -> Callable[[list[Any]], list[Any]]:
    return lambda values: [change(v) if i == index else v for i, v in enumerate(values)]


def threshold(change: Callable[[np.float32], float]) -> Damage:
    def damage(graph: Graph) -> None:
        edit(graph, "Tree", "nodes_values", at(first_split(graph), lambda v: float(change(np.float32(v)))))

    return damage


def less_for_less_or_equal(graph: Graph) -> None:
    put(
        graph,
        "Tree",
        "nodes_modes",
        [b"BRANCH_LT" if m == b"BRANCH_LEQ" else m for m in get(graph, "Tree", "nodes_modes")],
    )


def children_swapped(graph: Graph) -> None:
    split = first_split(graph)
    left, right = (get(graph, "Tree", f"nodes_{side}nodeids") for side in ("true", "false"))
    edit(graph, "Tree", "nodes_truenodeids", at(split, lambda _: right[split]))
    edit(graph, "Tree", "nodes_falsenodeids", at(split, lambda _: left[split]))


def other_feature(graph: Graph) -> None:
    edit(graph, "Tree", "nodes_featureids", at(first_split(graph), lambda f: (f + 1) % 4))


def leaf(name: str, change: Callable[[float], float]) -> Damage:
    def damage(graph: Graph) -> None:
        largest = int(np.argmax(np.abs(get(graph, "Tree", name))))
        edit(graph, "Tree", name, at(largest, change))

    return damage


def all_of(kind: str, name: str, change: Callable[[float], float]) -> Damage:
    return lambda graph: edit(graph, kind, name, lambda values: [change(v) for v in values])


def reversed_order(kind: str, name: str) -> Damage:
    return lambda graph: edit(graph, kind, name, lambda values: values[::-1])


def missing_rule_inverted(graph: Graph) -> None:
    edit(graph, "Tree", "nodes_missing_value_tracks_true", lambda flags: [1 - f for f in flags])


def without(kind: str) -> Damage:
    """The first node of a kind passes its input on unchanged."""

    def damage(graph: Graph) -> None:
        lost = node(graph, kind)
        lost.op_type, lost.domain = "Identity", ""
        del lost.attribute[:]
        del lost.input[1:]

    return damage


def operand(kind: str, change: Callable[[Any], Any]) -> Damage:
    """Changes the constant operand of the last node of a kind that has one."""

    def damage(graph: Graph) -> None:
        constants = {tensor.name: tensor for tensor in graph.initializer}
        last = [n for n in graph.node if n.op_type == kind and set(n.input) & set(constants)][-1]
        tensor = next(constants[name] for name in last.input if name in constants)
        tensor.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(tensor)), tensor.name))

    return damage


def classes_swapped(graph: Graph) -> None:
    """The label constant, which Gather indexes, the other way round."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    tensor = next(
        constants[n.input[0]] for n in graph.node if n.op_type == "Gather" and n.input[0] in constants
    )
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor)[::-1].copy(), tensor.name))


def constant(part: str, change: Callable[[Any], Any]) -> Damage:
    """Changes the first float constant whose name holds a text."""

    def damage(graph: Graph) -> None:
        for tensor in graph.initializer:
            if part in tensor.name and tensor.data_type == onnx.TensorProto.FLOAT:
                values = numpy_helper.to_array(tensor)
                tensor.CopyFrom(numpy_helper.from_array(change(values).astype(np.float32), tensor.name))
                return
        raise AssertionError([t.name for t in graph.initializer])

    return damage


def outputs_swapped(graph: Graph) -> None:
    """Columns of the probabilities the other way round."""
    final = next(n for n in graph.node if n.output[0] == "probabilities")
    graph.initializer.append(numpy_helper.from_array(np.arange(2, -1, -1), "order"))
    graph.node.insert(
        len(graph.node) - 1, helper.make_node("Gather", [final.input[0], "order"], ["turned"], axis=1)
    )
    final.input[0] = "turned"


def columns_swapped(graph: Graph) -> None:
    join = node(graph, "Concat")
    join.input[0], join.input[2] = join.input[2], join.input[0]


def tree() -> Any:
    return DecisionTreeRegressor(max_depth=5, random_state=0).fit(X, VALUE)


def forest() -> Any:
    return RandomForestClassifier(7, max_depth=5, random_state=0).fit(X, THREE)


def regression_forest() -> Any:
    return RandomForestRegressor(5, max_depth=5, random_state=0).fit(X, VALUE)


def boosting() -> Any:
    return GradientBoostingRegressor(n_estimators=6, random_state=0).fit(X, VALUE + 10)


def boosted_classifier() -> Any:
    return GradientBoostingClassifier(n_estimators=6, random_state=0).fit(X, THREE)


def histogram() -> Any:
    holes = np.where(np.random.default_rng(1).random(X.shape) < 0.2, np.nan, X)
    return HistGradientBoostingRegressor(max_iter=6, min_samples_leaf=5).fit(holes, VALUE)


def scaled() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X * 3 + 1, THREE)


def linear() -> Any:
    return LinearRegression().fit(X, VALUE + 5)


def filled() -> Any:
    holes = np.where(np.random.default_rng(1).random(X.shape) < 0.2, np.nan, X)
    return make_pipeline(SimpleImputer(), LinearRegression()).fit(holes, VALUE)


def encoded() -> Any:
    columns = ColumnTransformer([("gear", OneHotEncoder(), ["gear"])], remainder="passthrough")
    return make_pipeline(columns, LogisticRegression()).fit(FRAME[["speed", "gear", "load"]], TWO)


def network() -> Any:
    return MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", max_iter=2000, random_state=0).fit(X, VALUE)


def vectors() -> Any:
    return SVC().fit(X, TWO)


def classifier_tree() -> Any:
    return DecisionTreeClassifier(max_depth=4, random_state=0).fit(X, THREE)


UP = threshold(lambda t: float(np.nextafter(t, np.float32(np.inf))))
DOWN = threshold(lambda t: float(np.nextafter(t, np.float32(-np.inf))))

SEEDED: dict[str, tuple[Callable[[], Any], Damage]] = {
    "a threshold one ulp up": (tree, UP),
    "a threshold one ulp down": (tree, DOWN),
    "a threshold one ulp up in one tree of a forest": (regression_forest, UP),
    "a threshold one ulp down in boosting": (boosting, DOWN),
    "a threshold one ulp up in a classifier": (forest, UP),
    "less for less or equal": (tree, less_for_less_or_equal),
    "less for less or equal in a forest": (forest, less_for_less_or_equal),
    "children swapped": (tree, children_swapped),
    "children swapped in one tree of a forest": (forest, children_swapped),
    "another feature": (tree, other_feature),
    "one leaf 0.1 % larger": (tree, leaf("target_weights", lambda v: v * 1.001)),
    "one leaf of boosting 0.1 % larger": (boosting, leaf("target_weights", lambda v: v * 1.001)),
    "all leaves 0.01 % larger": (regression_forest, all_of("Tree", "target_weights", lambda v: v * 1.0001)),
    "one leaf of a classifier lost": (forest, leaf("target_weights", lambda _: 0.0)),
    "class order swapped": (classifier_tree, classes_swapped),
    "class of the leaves swapped": (forest, reversed_order("Tree", "target_ids")),
    "probabilities swapped": (forest, outputs_swapped),
    "missing rule inverted": (histogram, missing_rule_inverted),
    "base value lost": (boosting, operand("Add", np.zeros_like)),
    "base values of classes swapped": (boosted_classifier, operand("Add", lambda v: v[:, ::-1].copy())),
    "softmax lost": (boosted_classifier, without("Softmax")),
    "scaler dropped": (scaled, without("Scaler")),
    "scaler without its offset": (scaled, all_of("Scaler", "offset", lambda _: 0.0)),
    "scaler 0.1 % off": (scaled, all_of("Scaler", "scale", lambda v: v * 1.001)),
    "intercept lost": (linear, all_of("LinearRegressor", "intercepts", lambda _: 0.0)),
    "sign of a coefficient": (linear, lambda g: edit(g, "Linear", "coefficients", at(0, lambda v: -v))),
    "coefficients swapped": (linear, reversed_order("LinearRegressor", "coefficients")),
    "classes of a linear model swapped": (scaled, reversed_order("LinearClassifier", "classlabels_ints")),
    "imputer fills zero": (filled, all_of("Imputer", "imputed_value_floats", lambda _: 0.0)),
    "categories swapped": (encoded, reversed_order("OneHotEncoder", "cats_int64s")),
    "columns swapped": (encoded, columns_swapped),
    "activation lost": (network, without("Relu")),
    "a weight 0.1 % off": (network, constant("coefficient", lambda w: w * 1.001)),
    "support vectors reversed": (vectors, reversed_order("SVMClassifier", "support_vectors")),
    "offset of an SVM lost": (vectors, all_of("SVMClassifier", "rho", lambda _: 0.0)),
}


@pytest.fixture(scope="module")
def converted() -> dict[str, tuple[LoadedModel, OnnxModel]]:
    return {}


@pytest.mark.parametrize("error", SEEDED)
def test_a_seeded_error_is_caught(error: str, converted: dict[str, tuple[LoadedModel, OnnxModel]]) -> None:
    make, damage = SEEDED[error]
    if make.__name__ not in converted:
        loaded = from_estimator(make())
        model = convert(loaded)
        assert check_parity(loaded, model).passed
        converted[make.__name__] = loaded, model
    loaded, model = converted[make.__name__]
    proto = copy.deepcopy(model.proto)
    damage(proto.graph)
    onnx.checker.check_model(proto)
    report = check_parity(loaded, dataclasses.replace(model, proto=proto))
    assert not report.passed
    with pytest.raises(VerificationError, match="differs from scikit-learn") as caught:
        require(report.comparisons[0])
    assert caught.value.exit_code == 1
    assert caught.value.place.startswith("row ")
