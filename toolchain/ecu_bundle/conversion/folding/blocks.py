"""Take the column-wise steps off the ends of the blocks of a ColumnTransformer."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecu_bundle.conversion.folding.columnwise import Blocks, Chain, Columnwise, Selection, columnwise
from ecu_bundle.conversion.folding.places import steps_of


def foldable_blocks(step: Any) -> bool:
    """True for a fitted ColumnTransformer with a block that ends in a scaler or an imputer."""
    if type(step).__name__ != "ColumnTransformer" or not hasattr(step, "transformers_"):
        return False
    return any(_changes(_run(block)) for _, block, _ in step.transformers_)


def strip_blocks(transformer: Any) -> tuple[Blocks, list[tuple[Any, str]]]:
    """Takes the steps off, in place.

    Returns:
        The steps as one column-wise step behind what is left of the transformer; and each of them with
        the name of its block.
    """
    left: list[tuple[str, Any, Any]] = []
    chains: list[Chain] = []
    taken: list[tuple[Any, str]] = []
    for name, block, columns in transformer.transformers_:
        place = transformer.output_indices_.get(name, slice(0, 0))
        width = place.stop - place.start
        run = _run(block)
        if not _changes(run):
            chains.append(Chain(width))
            left.append((name, block, columns))
            continue
        steps = steps_of(block)
        rest = steps[: len(steps) - len(run)]
        chains.append(Chain(run[0].width, tuple(run)))
        taken += [(step, name) for step in steps[len(rest) :] if not isinstance(columnwise(step), Selection)]
        left.append((name, _joined(rest, run[0].width), columns))
    transformer.transformers_ = left
    start = 0
    for (name, _, _), chain in zip(left, chains, strict=True):
        transformer.output_indices_[name] = slice(start, start + chain.width)
        start += chain.width
    return Blocks(tuple(chains)), taken


def _joined(steps: list[Any], width: int) -> Any:
    """What is left of a block; columns that are passed on where nothing is."""
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    if not steps:
        return FunctionTransformer(feature_names_out="one-to-one").fit(np.zeros((1, width)))
    return steps[0] if len(steps) == 1 else Pipeline([(f"step {i}", step) for i, step in enumerate(steps)])


def _run(block: Any) -> list[Columnwise]:
    """The column-wise steps at the end of a block."""
    run: list[Columnwise] = []
    for step in reversed(steps_of(block)):
        found = columnwise(step)
        if found is None:
            break
        run.insert(0, found)
    return run


def _changes(run: list[Columnwise]) -> bool:
    return any(not isinstance(step, Selection) for step in run)
