"""The gate catches wrong conversions: each is seeded into a right graph, and the proof must fail."""

from __future__ import annotations

import copy
import dataclasses
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
    leaf,
    less_for_less_or_equal,
    missing_rule_inverted,
    operand,
    other_feature,
    outputs_swapped,
    reversed_order,
    threshold,
    training_point,
    without,
)
from .victims import (
    boosted_classifier,
    boosting,
    classifier_tree,
    encoded,
    filled,
    forest,
    histogram,
    linear,
    neighbours,
    network,
    regression_forest,
    rotated_forest,
    rotated_tree,
    scaled,
    three_classes,
    tree,
    vectors,
)

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
    "a neighbour moved by 0.001": (neighbours, training_point(7, 0.001)),
}
"""Errors that move a decision and nothing else; the label is the only output."""

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
    report = check_parity(loaded, dataclasses.replace(model, proto=proto))
    assert not report.passed
    with pytest.raises(VerificationError, match="differs from scikit-learn") as caught:
        require(report.comparisons[0])
    assert caught.value.exit_code == 1
    assert caught.value.place.startswith("row ")
