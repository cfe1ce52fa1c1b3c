"""Transformers that choose, compare or look up: columns, bins, categories, functions of one number."""

from __future__ import annotations

from ecu_bundle.conversion.registry import Family


def families() -> list[Family]:
    """Every family of this package."""
    from ecu_bundle.conversion.encoders import (
        bins,
        functions,
        imputing,
        scaling,
        selection,
        target,
        transforming,
    )

    modules = (bins, functions, imputing, scaling, selection, target, transforming)
    return [family for module in modules for family in module.families()]
