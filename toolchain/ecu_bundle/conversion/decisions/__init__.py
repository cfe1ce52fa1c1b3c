"""Estimators that decide by rules on their own input, or on what estimators inside them say."""

from __future__ import annotations

from ecu_bundle.conversion.registry import Family


def families() -> list[Family]:
    """Every family of this package."""
    from ecu_bundle.conversion.decisions import (
        calibration,
        dummies,
        laplace,
        linear,
        one_class,
        propagation,
        rest,
        stacks,
        support,
        targets,
        thresholds,
        votes,
    )

    modules = (
        calibration,
        dummies,
        laplace,
        linear,
        one_class,
        propagation,
        rest,
        stacks,
        support,
        targets,
        thresholds,
        votes,
    )
    return [family for module in modules for family in module.families()]
