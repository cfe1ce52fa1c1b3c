"""Packages beside scikit-learn whose models take part in a reference, and what they compute in."""

from __future__ import annotations

from typing import Any

from ecu_bundle.parts import walk

_NAMES = {"lightgbm": "LightGBM", "xgboost": "XGBoost"}

DEFINITION = (
    "scikit-learn's own float64 arithmetic on inputs rounded to float32; its results are rounded to "
    "float32 once, at the end"
)
_DEFINITIONS = {
    "lightgbm": "LightGBM's models by its own predict, which computes in float64",
    "xgboost": "XGBoost's models by its own predict, which adds leaves one after another in float32, so that "
    "exact sums differ from it by its rounding",
}


def boosters_of(estimator: Any) -> tuple[str, ...]:
    """The packages ``lightgbm`` and ``xgboost``, where a model of theirs is in the estimator; sorted."""
    found = {type(part).__module__.partition(".")[0] for part in walk(estimator)}
    return tuple(sorted(found & _NAMES.keys()))


def in_single_precision(estimator: Any) -> bool:
    """True where XGBoost takes part: its float32 sums depend on the order of the trees."""
    return "xgboost" in boosters_of(estimator)


def definition_of(estimator: Any) -> str:
    """What counts as right, in words."""
    return "; ".join([DEFINITION, *(_DEFINITIONS[package] for package in boosters_of(estimator))])
