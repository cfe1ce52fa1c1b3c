"""Per-split witnesses: whole on right conversions, and every seeded error is found and named."""

from __future__ import annotations

import copy
import dataclasses
import re
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import helper
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler
from sklearn.tree import DecisionTreeRegressor, ExtraTreeRegressor

from conversion.models import FRAME, THREE, VALUE, WORDS, X
from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.errors import VerificationError
from ecu_bundle.parity.proof import claims
from ecu_bundle.parity.witnesses import leaf_errors, witness

HOLES = np.where(np.random.default_rng(1).random(X.shape) < 0.2, np.nan, X)


def mirrored() -> Any:
    """Two columns have a negative scale, so that a larger input is a smaller number for the trees."""
    scaler = StandardScaler().fit(X)
    scaler.scale_ = scaler.scale_ * np.array([1.0, -1.0, 1.0, -1.0])
    trees = HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=3)
    return make_pipeline(scaler, trees.fit(scaler.transform(HOLES), VALUE))


def columns() -> Any:
    transformer = ColumnTransformer(
        [
            ("codes", OneHotEncoder(handle_unknown="ignore"), ["gear", "cylinders"]),
            ("numbers", make_pipeline(StandardScaler(), MinMaxScaler()), ["load", "speed"]),
        ],
        remainder="passthrough",
    )
    return make_pipeline(transformer, RandomForestRegressor(5, random_state=0)).fit(
        FRAME.drop(columns="fuel"), VALUE
    )


def scaled_forest() -> Any:
    return make_pipeline(StandardScaler(), RandomForestRegressor(10, random_state=0)).fit(X, VALUE)


def histogram() -> Any:
    trees = HistGradientBoostingClassifier(max_iter=8, min_samples_leaf=3)
    return make_pipeline(RobustScaler(), trees).fit(HOLES, THREE)


def boosting() -> Any:
    return GradientBoostingClassifier(n_estimators=8, random_state=0).fit(X, THREE)


def bagging() -> Any:
    return BaggingRegressor(n_estimators=6, max_features=0.5, random_state=0).fit(X, VALUE)


WHOLE: dict[str, Callable[[], Any]] = {
    "decision tree": lambda: DecisionTreeRegressor(random_state=0).fit(X, VALUE),
    "extra tree": lambda: ExtraTreeRegressor(random_state=0).fit(X, VALUE),
    "forest": lambda: RandomForestClassifier(10, random_state=0).fit(X, WORDS),
    "extra trees": lambda: ExtraTreesClassifier(10, random_state=0).fit(X, THREE),
    "forest behind a scaler": scaled_forest,
    "forest behind an imputer": lambda: make_pipeline(SimpleImputer(), RandomForestRegressor(5)).fit(
        HOLES, VALUE
    ),
    "forest behind categories": columns,
    "boosting": boosting,
    "histograms behind a scaler": histogram,
    "negative scale": mirrored,
    "bagging": bagging,
    "adaboost": lambda: AdaBoostClassifier(n_estimators=5, random_state=0).fit(X, THREE),
    "vote": lambda: VotingRegressor([("a", RandomForestRegressor(4)), ("b", scaled_forest())]).fit(X, VALUE),
}


@pytest.mark.parametrize("name", WHOLE)
def test_every_split_is_witnessed(name: str) -> None:
    estimator = WHOLE[name]()
    found = witness(estimator, convert(estimator))
    assert found.splits == found.proved > 0
    assert found.unproved == ()
    assert found.complete
    assert re.fullmatch("[0-9a-f]{64}", found.digest)
    for bound in found.sums:
        assert bound.exact
        # half a grid for each tree, where leaves are on one grid; limbs are finer
        assert bound.absolute <= bound.trees * 2.0**-41 * bound.largest


def test_what_mixes_columns_is_not_proved() -> None:
    estimator = make_pipeline(PCA(2), DecisionTreeRegressor(random_state=0)).fit(X, VALUE)
    found = witness(estimator, convert(estimator))
    assert found.proved == 0
    assert found.unproved == (f"PCA stands before the trees ({found.splits})",)
    assert not found.complete


def test_a_model_without_trees_has_nothing_to_prove() -> None:
    estimator = Ridge().fit(X, VALUE)
    found = witness(estimator, convert(estimator))
    assert (found.splits, found.proved, found.unproved) == (0, 0, ())


def test_the_digest_holds_every_witness() -> None:
    one, other = scaled_forest(), scaled_forest()
    assert witness(one, convert(one)).digest == witness(other, convert(other)).digest
    other.steps[1][1].set_params(random_state=1).fit(other.steps[0][1].transform(X), VALUE)
    assert witness(one, convert(one)).digest != witness(other, convert(other)).digest


# Errors of a conversion, each seeded into a right graph


def damaged(model: OnnxModel, change: Callable[[dict[str, Any]], Any]) -> OnnxModel:
    """The model with a change to the attributes of its first tree ensemble."""
    proto = copy.deepcopy(model.proto)
    node = next(n for n in proto.graph.node if n.op_type.startswith("TreeEnsemble"))
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    before = copy.deepcopy(attributes)
    change(attributes)
    assert attributes != before
    del node.attribute[:]
    node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
    return dataclasses.replace(model, proto=proto)


def split_of(attributes: dict[str, Any], tree: int, count: int) -> int:
    """Position of the split number ``count`` of a tree."""
    found = [
        i
        for i, (t, mode) in enumerate(
            zip(attributes["nodes_treeids"], attributes["nodes_modes"], strict=True)
        )
        if t == tree and mode != b"LEAF"
    ]
    return found[count]


def move(ulps: int) -> Callable[[dict[str, Any]], None]:
    def change(attributes: dict[str, Any]) -> None:
        at = split_of(attributes, 3, 2)
        end = np.float32(np.inf if ulps > 0 else -np.inf)
        attributes["nodes_values"][at] = float(np.nextafter(np.float32(attributes["nodes_values"][at]), end))

    return change


def swap_children(attributes: dict[str, Any]) -> None:
    at = split_of(attributes, 3, 0)
    true, false = attributes["nodes_truenodeids"], attributes["nodes_falsenodeids"]
    true[at], false[at] = false[at], true[at]


def less_for_less_or_equal(attributes: dict[str, Any]) -> None:
    attributes["nodes_modes"][split_of(attributes, 3, 1)] = b"BRANCH_LT"


def another_feature(attributes: dict[str, Any]) -> None:
    at = split_of(attributes, 3, 1)
    attributes["nodes_featureids"][at] = (attributes["nodes_featureids"][at] + 1) % 4


def missing_inverted(attributes: dict[str, Any]) -> None:
    at = split_of(attributes, 3, 1)
    attributes["nodes_missing_value_tracks_true"][at] ^= 1


def leaf_larger(attributes: dict[str, Any]) -> None:
    at = attributes["target_treeids"].index(3)
    attributes["target_weights"][at] *= 1.0 + 2.0**-20


ERRORS = {
    "one ulp up": (move(1), "at .* scikit-learn goes"),
    "one ulp down": (move(-1), "at .* scikit-learn goes"),
    "children swapped": (swap_children, "not scikit-learn's"),
    "less for less or equal": (less_for_less_or_equal, "at .* scikit-learn goes"),
    "another feature": (another_feature, "the converted split tests 'X"),
    "missing rule inverted": (missing_inverted, "at nan scikit-learn goes"),
    "leaf larger": (leaf_larger, "a leaf has another value"),
}


@pytest.fixture(scope="module")
def histograms() -> tuple[Any, OnnxModel]:
    estimator = histogram()
    return estimator, convert(estimator)


@pytest.mark.parametrize("name", ERRORS)
def test_a_seeded_error_is_found_and_named(name: str, histograms: tuple[Any, OnnxModel]) -> None:
    estimator, model = histograms
    change, text = ERRORS[name]
    with pytest.raises(VerificationError, match=text) as caught:
        witness(estimator, damaged(model, change))
    place = r"HistGradientBoostingClassifier, tree 3, node \d+"
    if name not in ("children swapped", "leaf larger"):
        place += r", feature X\[[0-3]\]"
    assert re.match(place, caught.value.place)


@pytest.mark.parametrize("make", [mirrored, scaled_forest, boosting, bagging, columns])
def test_every_threshold_matters(make: Callable[[], Any]) -> None:
    """Each split of the first ensemble moved in turn: a number's by one ulp, a category's past 0 or 1."""
    estimator = make()
    model = convert(estimator)
    node = next(n for n in model.proto.graph.node if n.op_type.startswith("TreeEnsemble"))
    modes = next(helper.get_attribute_value(a) for a in node.attribute if a.name == "nodes_modes")
    generator = np.random.default_rng(0)
    splits = [i for i, mode in enumerate(modes) if mode != b"LEAF"]
    for at in generator.choice(splits, min(12, len(splits)), replace=False):

        def change(attributes: dict[str, Any], at: int = int(at)) -> None:
            value = np.float32(attributes["nodes_values"][at])
            moved = np.float32(2.0) if value == np.float32(0.5) else np.nextafter(value, np.float32(-np.inf))
            attributes["nodes_values"][at] = float(moved)

        with pytest.raises(VerificationError):
            witness(estimator, damaged(model, change))


def test_a_dropped_scaler_is_found() -> None:
    estimator = scaled_forest()
    bare = convert(estimator.steps[1][1])
    with pytest.raises(VerificationError, match="RandomForestRegressor, tree 0, node 0, feature"):
        witness(estimator, bare)


def test_a_scaler_left_in_the_graph_is_not_proved() -> None:
    """The graph would scale in float32: that is what folding avoids, and it is no witness."""
    estimator = scaled_forest()
    model = convert(estimator)
    proto = copy.deepcopy(model.proto)
    tree = next(n for n in proto.graph.node if n.op_type.startswith("TreeEnsemble"))
    scaler = helper.make_node(
        "Scaler", [tree.input[0]], ["scaled"], domain="ai.onnx.ml", offset=[0.0] * 4, scale=[1.0] * 4
    )
    tree.input[0] = "scaled"
    proto.graph.node.insert(0, scaler)
    found = witness(estimator, dataclasses.replace(model, proto=proto))
    assert found.proved == 0
    assert "Scaler in the graph" in found.unproved[0]


def test_trees_that_are_missing_are_said() -> None:
    whole = RandomForestRegressor(6, random_state=0).fit(X, VALUE)
    part = copy.deepcopy(whole)
    part.estimators_ = part.estimators_[:5]
    found = witness(whole, convert(part))
    assert found.proved == 0
    assert any("no ensemble of the graph" in text for text in found.unproved)


def test_leaf_errors_are_exact() -> None:
    generator = np.random.default_rng(0)
    leaves = generator.normal(size=(200, 1)) * 10.0 ** generator.integers(-12, 12, (200, 1))
    limbs: list[NDArray[np.float64]] = []
    rest = leaves.copy()
    for _ in range(2):
        limbs.append(rest.astype(np.float32).astype(np.float64))
        rest = rest - limbs[-1]
    bounds = leaf_errors(np.stack(limbs), leaves)
    for leaf, bound, parts in zip(leaves[:, 0], bounds[:, 0], np.stack(limbs)[:, :, 0].T, strict=True):
        true = abs(sum(Fraction(float(p)) for p in parts) - Fraction(float(leaf)))
        assert true <= Fraction(float(bound)) <= true * Fraction(1001, 1000)


def test_the_sum_bound_holds() -> None:
    """Sums in fractions, by scikit-learn's own leaves, against the sum of the graph in float64."""
    estimator = RandomForestRegressor(20, random_state=0).fit(X, VALUE)
    model = convert(estimator)
    (bound,) = witness(estimator, model).sums
    from ecu_bundle.parity.session import open_session
    from ecu_bundle.parity.witnesses.graph import prefix

    division = next(n for n in model.proto.graph.node if n.op_type == "Div")
    cut = prefix(model.proto, [division.input[0]])
    cut.graph.output[0].type.tensor_type.elem_type = 11
    rows = X.astype(np.float32)
    sums = open_session(cut).run(None, {"X": rows})[0].ravel()
    for row, actual in zip(rows, sums, strict=True):
        leaves = [member.predict(row[None].astype(np.float64))[0] for member in estimator.estimators_]
        true = sum((Fraction(float(leaf)) for leaf in leaves), Fraction(0))
        assert abs(Fraction(float(actual)) - true) <= Fraction(bound.absolute)


def test_a_claimed_bound_is_short_and_rounded_up() -> None:
    estimator = RandomForestRegressor(5, max_depth=4, random_state=0).fit(X, VALUE)
    found = witness(estimator, convert(estimator))
    said = claims(found)[-1].rsplit(" ", 1)[1]
    largest = max(bound.absolute for bound in found.sums)
    assert largest <= float(said) <= 1.01 * largest
    assert len(said) <= len("1.23e-100")


def test_a_large_forest_takes_seconds() -> None:
    generator = np.random.default_rng(0)
    data = generator.normal(size=(3000, 10))
    target = data[:, 0] * data[:, 1] + data[:, 2]
    forest = RandomForestRegressor(100, max_depth=10, random_state=0).fit(data, target)
    estimator = make_pipeline(StandardScaler().fit(data), forest)
    model = convert(estimator)
    start = time.process_time()
    found = witness(estimator, model)
    assert time.process_time() - start < 20.0
    assert found.proved == found.splits > 20_000
