"""How each ONNX operator becomes steps: one module for each group of operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ecu_bundle.lowering.builder import Builder
from ecu_bundle.lowering.graph import Node, Value
from ecu_bundle.lowering.rules import (
    decisions,
    elementwise,
    linear,
    moves,
    reductions,
    scalers,
    scan,
    selections,
    svm,
    trees,
)

Rule = Callable[[Node, Builder], Sequence[Value]]
"""Writes the steps of a node and returns its outputs."""

RULES: Mapping[str, Rule] = {
    **moves.RULES,
    **selections.RULES,
    **elementwise.RULES,
    **reductions.RULES,
    **linear.RULES,
    **scalers.RULES,
    **decisions.RULES,
    **svm.RULES,
    **scan.RULES,
    **trees.RULES,
}
"""By ONNX operator."""
