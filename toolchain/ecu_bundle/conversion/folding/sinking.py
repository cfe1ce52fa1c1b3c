"""Move column-wise steps through pipelines and meta-estimators into the trees that read them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from ecu_bundle.conversion.folding.blocks import foldable_blocks, strip_blocks
from ecu_bundle.conversion.folding.columnwise import Blocks, Chain, Selection, columnwise
from ecu_bundle.conversion.folding.places import inner_places, is_pipeline, places_of, steps_of
from ecu_bundle.conversion.folding.splits import fold, foldable, splits_of


def fold_scalers(estimator: Any) -> list[str]:
    """Folds the column-wise steps before every tree model inside an estimator, in place.

    Args:
        estimator: a deep copy without aliases (`separate`); its pipelines lose steps, its trees get
            other thresholds.

    Returns:
        A sentence for each kind of step that was folded.
    """
    notes: list[str] = []
    _sink(estimator, [], notes)
    return notes


def _sink(model: Any, before: Sequence[Any], notes: list[str]) -> Any:
    """An estimator that computes what the model behind fitted transformers computes.

    The transformers belong to the result alone. The model is changed in place; a pipeline that is left
    with one step comes back as that step.
    """
    if is_pipeline(model):
        return _sink_into_pipeline(model, before, notes)
    trees = splits_of(model)
    if trees is not None:
        kept, chain, sentences = _split(copy.deepcopy(before))
        if chain is None or not foldable(chain, trees):
            return _behind(before, model)
        fold(chain, model, trees)
        notes += sentences
        return _behind(kept, model)
    places = places_of(model)
    if before and any(_has_trees(place.model) for place in places):
        if all(_takes_all(place.model) for place in places):
            return _sink_into_all(model, before, notes)
        if (shared := _shared(model, before)) is not None:
            for place in places:
                place.put(_sink(place.model, copy.deepcopy(shared), notes))
            return _behind(before[: len(before) - len(shared)], model)
    for place in inner_places(model):
        place.put(_sink(place.model, [], notes))
    return _behind(before, model)


def _sink_into_pipeline(model: Any, before: Sequence[Any], notes: list[str]) -> Any:
    steps = list(before)
    inner = steps_of(model)
    if not any(_has_trees(step) for step in inner):
        return _behind(before, model)
    for step in inner:
        sinks = _has_trees(step) and (step is inner[-1] or splits_of(step) is not None)
        result = _sink(step, steps if sinks else [], notes)
        steps = steps_of(result) if sinks else [*steps, result]
    model.steps = _named(steps)
    return model if len(steps) > 1 else steps[0]


def _sink_into_all(model: Any, before: Sequence[Any], notes: list[str]) -> Any:
    """Every part of the model that reads its input consists of trees: nothing of the chain stays."""
    kept, chain, sentences = _split(before)
    if chain is None:
        for place in inner_places(model):
            place.put(_sink(place.model, [], notes))
        return _behind(before, model)
    notes += sentences
    for position, place in enumerate(places_of(model)):
        steps: list[Any] = [chain]
        if place.behind:
            steps = [Blocks((Chain(place.behind), chain))]
        elif place.columns is not None:
            steps.append(Selection(len(chain.sources), place.columns))
            model.estimators_features_[position] = list(range(chain.width))
        place.put(_sink(place.model, steps, []))
    if "n_features_in_" in vars(model):
        model.n_features_in_ = chain.width
    vars(model).pop("feature_names_in_", None)
    return _behind(kept, model)


def _split(before: Sequence[Any]) -> tuple[list[Any], Chain | None, list[str]]:
    """What stays, the column-wise steps at the end as one chain, and a sentence for each of them."""
    kept = list(before)
    steps: list[Any] = []
    sentences: list[str] = []
    while kept and (step := columnwise(kept[-1])) is not None:
        steps.insert(0, step)
        if step is not kept[-1] and not isinstance(step, Selection):
            sentences.insert(0, _sentence(kept[-1]))
        kept.pop()
    if kept and foldable_blocks(kept[-1]):
        blocks, names = strip_blocks(kept[-1])
        steps.insert(0, blocks)
        sentences += [_sentence(step, block) for step, block in names]
    if not steps:
        return kept, None, []
    return kept, Chain(steps[0].width, tuple(steps)), sentences


def _shared(model: Any, before: Sequence[Any]) -> list[Any] | None:
    """The steps that each part of a model of several kinds gets as a copy; None: they stay in front."""
    if any(place.behind or place.columns is not None for place in places_of(model)):
        return None
    start = len(before)
    while start and columnwise(before[start - 1]) is not None:
        start -= 1
    if start and foldable_blocks(before[start - 1]):
        start -= 1
    return list(before[start:]) or None


def _takes_all(model: Any) -> bool:
    """True for models that consist of trees, and pipelines and meta-estimators of nothing else."""
    if is_pipeline(model):
        steps = steps_of(model)
        return _takes_all(steps[-1]) and all(columnwise(step) is not None for step in steps[:-1])
    trees = splits_of(model)
    if trees is not None:
        return not any(tree.fixed for tree in trees)
    places = places_of(model)
    return bool(places) and all(_takes_all(place.model) for place in places)


def _has_trees(model: Any) -> bool:
    return splits_of(model) is not None or any(_has_trees(place.model) for place in inner_places(model))


def _behind(before: Sequence[Any], model: Any) -> Any:
    """The model in a pipeline behind transformers, where there are any."""
    from sklearn.pipeline import Pipeline

    return Pipeline(_named([*before, *steps_of(model)])) if before else model


def _named(steps: Sequence[Any]) -> list[tuple[str, Any]]:
    return [(f"step {i}", step) for i, step in enumerate(steps)]


def _sentence(step: Any, block: str = "") -> str:
    of = f" of {block!r}" if block else ""
    return f"{type(step).__name__}{of} is folded into the thresholds of the trees"
