"""The gate catches wrong conversions: each is seeded into a right graph, and the proof must fail."""

from __future__ import annotations

import copy
import dataclasses
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest

from ecu_bundle.artifacts import LoadedModel, OnnxModel
from ecu_bundle.conversion import convert
from ecu_bundle.errors import VerificationError
from ecu_bundle.loading import from_estimator
from ecu_bundle.parity import check_parity, require

from .damage import (
    Damage,
    all_of,
    all_splits,
    at,
    children_swapped,
    classes_swapped,
    columns_swapped,
    constant,
    edit,
    edited,
    element,
    leaf,
    less_for_less_or_equal,
    missing_rule_inverted,
    operand,
    other_feature,
    outputs_swapped,
    put,
    reversed_order,
    threshold,
    training_point,
    without,
)
from .victims import (
    bayes,
    boosted_classifier,
    boosted_stumps,
    boosting,
    chosen_threshold,
    classifier_tree,
    clipped,
    encoded,
    envelope,
    filled,
    filled_lines,
    forest,
    histogram,
    layers,
    linear,
    lines,
    means,
    mixture,
    neighbours,
    network,
    one_class,
    poisson,
    quadratic,
    regression_forest,
    rotated_forest,
    rotated_lines,
    rotated_tree,
    scaled,
    scaled_columns,
    three_classes,
    three_vectors,
    tree,
    vectors,
)


def two_up(value: float) -> float:
    """Two units in the last place more."""
    return float(np.nextafter(np.nextafter(np.float32(value), np.float32(np.inf)), np.float32(np.inf)))


UP = threshold(lambda t: float(np.nextafter(t, np.float32(np.inf))))
DOWN = threshold(lambda t: float(np.nextafter(t, np.float32(-np.inf))))

Seed = tuple[Callable[[], Any], Damage]

SEEDED: dict[str, Seed] = {
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
    "one leaf two ulp up": (regression_forest, leaf("target_weights", two_up)),
    "one leaf of boosting two ulp up": (boosting, leaf("target_weights", two_up)),
    "softmax over the rows": (boosted_classifier, lambda g: put(g, "Softmax", "axis", 0)),
    "link of a Poisson regression lost": (poisson, without("Exp")),
    "an imputed value 0.001 off": (
        filled,
        edited("Imputer", "imputed_value_floats", at(1, lambda v: v + 1e-3)),
    ),
    "a clip lost": (clipped, without("Clip")),
    "offset of an SVM lost": (vectors, all_of("SVMClassifier", "rho", lambda _: 0.0)),
}


LABEL_ONLY: dict[str, Seed] = {
    "an intercept 0.01 off": (
        three_classes,
        edited("LinearClassifier", "intercepts", at(0, lambda v: v + 0.01)),
    ),
    "an intercept 1e-4 off": (
        three_classes,
        edited("LinearClassifier", "intercepts", at(0, lambda v: v + 1e-4)),
    ),
    "an intercept 1e-5 off": (
        three_classes,
        edited("LinearClassifier", "intercepts", at(0, lambda v: v + 1e-5)),
    ),
    "thresholds behind a rotation 1e-4 off": (rotated_tree, all_splits(lambda v: v + 1e-4)),
    "thresholds behind a rotation 0.01 % off": (rotated_tree, all_splits(lambda v: v * 1.0001)),
    "thresholds of a rotated forest 0.01 % off": (rotated_forest, all_splits(lambda v: v * 1.0001)),
    "one support vector 0.1 % off": (
        three_vectors,
        edited("SVMClassifier", "coefficients", at(3, lambda v: v * 1.001)),
    ),
    "a rho of an SVM 1e-4 off": (
        three_vectors,
        edited("SVMClassifier", "rho", at(0, lambda v: v + 1e-4)),
    ),
    "an intercept of a ridge classifier 1e-4 off": (
        lines,
        edited("LinearClassifier", "intercepts", at(0, lambda v: v + 1e-4)),
    ),
    "a weight of a network 0.01 % off": (layers, element(5, lambda v: v * 1.0001)),
    "a mean of naive Bayes 1e-4 off": (bayes, element(0, lambda v: v + 1e-4)),
    "a rotation of discriminant analysis 0.01 % off": (quadratic, element(0, lambda v: v * 1.0001)),
    "a centre moved by 1e-4": (means, element(2, lambda v: v + 1e-4)),
    "a component of a mixture 0.01 % off": (mixture, element(0, lambda v: v * 1.0001)),
    "the offset of an outlier detector 1e-4 off": (
        one_class,
        edited("SVMRegressor", "rho", at(0, lambda v: v + 1e-4)),
    ),
    "a rotation 0.01 % off": (rotated_lines, element(0, lambda v: v * 1.0001)),
    "one row of a scaler dropped": (scaled_columns, edited("Scaler", "offset", at(1, lambda _: 0.0))),
    "a vote of AdaBoost 0.1 % heavier": (boosted_stumps, element(0, lambda v: v * 1.001)),
    "a decision threshold 1e-4 off": (chosen_threshold, operand("GreaterOrEqual", lambda v: v + 1e-4)),
    "an imputed value 0.001 off": (
        filled_lines,
        edited("Imputer", "imputed_value_floats", at(1, lambda v: v + 1e-3)),
    ),
    "a covariance 0.01 % off": (envelope, element(0, lambda v: v * 1.0001)),
    "a clip lost": (clipped, without("Clip")),
    "a neighbour moved by 0.001": (neighbours, training_point(8, 0.001)),
}
"""Errors that move a decision and nothing else; the label is the only output."""

FOUND = "differs from scikit-learn|converted trees are not scikit-learn's"
PLACE = r"row \d+ |\w+, tree \d+, node \d+"
USUAL: tuple[str, ...] = ()
CASES = [
    *((name, *seed, USUAL) for name, seed in SEEDED.items()),
    *((f"{name}, label alone", *seed, ("label",)) for name, seed in LABEL_ONLY.items()),
]


@pytest.fixture(scope="module")
def converted() -> dict[tuple[str, ...], tuple[LoadedModel, OnnxModel]]:
    return {}


@pytest.mark.parametrize(("make", "damage", "outputs"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_seeded_error_is_caught(
    make: Callable[[], Any],
    damage: Damage,
    outputs: tuple[str, ...],
    converted: dict[tuple[str, ...], tuple[LoadedModel, OnnxModel]],
) -> None:
    key = (make.__name__, *outputs)
    if key not in converted:
        loaded = from_estimator(make())
        model = convert(loaded, outputs=outputs)
        assert check_parity(loaded, model).passed
        converted[key] = loaded, model
    loaded, model = converted[key]
    proto = copy.deepcopy(model.proto)
    damage(proto.graph)
    onnx.checker.check_model(proto)
    with pytest.raises(VerificationError, match=FOUND) as caught:
        require(check_parity(loaded, dataclasses.replace(model, proto=proto)).comparisons[0])
    assert caught.value.exit_code == 1
    assert re.match(PLACE, caught.value.place)
