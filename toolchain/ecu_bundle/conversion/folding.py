"""Fold scalers into the thresholds of a following tree model, on a copy of a fitted estimator.

A tree behind a scaler tests ``cast(g(x)) <= t`` with g the scaler's own float64 arithmetic on one
column. Every step of g (subtract, divide or multiply by a constant, clip, round) is monotone in floating
point, so the float32 x that pass are exactly those up to some x0 (or from x0 on, for a falling g). x0
is found by bisection over the float32 numbers with scikit-learn's own ``transform``; the test becomes
``x <= x0`` and the scaler goes. No float32 input then reaches another leaf than before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.conversion.parts import walk

Transform = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_ROWS_AT_ONCE = 4096


def fold_scalers(estimator: Any) -> list[str]:
    """Folds the scalers of every pipeline inside an estimator, in place.

    Args:
        estimator: a deep copy; its pipelines lose scalers, its trees get other thresholds.

    Returns:
        A sentence for each scaler that was folded.
    """
    from sklearn.pipeline import Pipeline

    notes: list[str] = []
    for part in list(walk(estimator)):
        if isinstance(part, Pipeline) and part.steps and _is_fitted(part.steps[-1][1]):
            trees = _trees_of(part.steps[-1][1])
            if trees is not None:
                _fold_pipeline(part, trees, notes)
    return notes


@dataclass(frozen=True, slots=True)
class _Step:
    """A scaler on the way to the trees; its column 0 is column ``offset`` of the trees' input."""

    scaler: Any
    offset: int


def _fold_pipeline(pipeline: Any, trees: Sequence[_Splits], notes: list[str]) -> None:
    """Folds the scalers right before the trees, and those of a ColumnTransformer before them."""
    from sklearn.compose import ColumnTransformer

    run = _trailing_scalers([step for _, step in pipeline.steps[:-1]])
    kept = len(pipeline.steps) - 1 - len(run)
    chain = [_Step(scaler, 0) for scaler in run]
    before = pipeline.steps[kept - 1][1] if kept else None
    if isinstance(before, ColumnTransformer):
        _fold_columns(before, trees, chain, notes)
    elif chain:
        _fold(chain, trees, range(run[0].n_features_in_))
    notes += [f"{type(scaler).__name__} is folded into the thresholds of the trees" for scaler in run]
    pipeline.steps = [*pipeline.steps[:kept], pipeline.steps[-1]]


def _fold_columns(transformer: Any, trees: Sequence[_Splits], chain: list[_Step], notes: list[str]) -> None:
    """Folds the scalers at the end of each block, which then passes its columns on, and the chain."""
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    blocks = []
    for name, given, columns in transformer.transformers_:
        block = given
        place = transformer.output_indices_.get(name, slice(0, 0))
        steps = [block] if not isinstance(block, Pipeline) else [step for _, step in block.steps]
        run = _trailing_scalers(steps)
        own = [_Step(scaler, place.start) for scaler in run]
        if own or chain:
            _fold([*own, *chain], trees, range(place.start, place.stop))
        notes += [
            f"{type(scaler).__name__} of {name!r} is folded into the thresholds of the trees"
            for scaler in run
        ]
        if run and len(run) == len(steps):
            block = FunctionTransformer(feature_names_out="one-to-one").fit(np.zeros((1, len(columns))))
        elif run:
            block.steps = block.steps[: -len(run)]
        blocks.append((name, block, columns))
    transformer.transformers_ = blocks


def _trailing_scalers(steps: Sequence[Any]) -> list[Any]:
    count = 0
    while count < len(steps) and _is_scaler(steps[-1 - count]):
        count += 1
    return list(steps[len(steps) - count :])


def _is_fitted(model: Any) -> bool:
    """False for the template that a meta-estimator keeps beside its fitted copies."""
    return any(hasattr(model, name) for name in ("tree_", "estimators_", "_predictors"))


def _is_scaler(step: Any) -> bool:
    """Exactly scikit-learn's own per-column monotone scalers; a subclass may do anything."""
    from sklearn import preprocessing

    return type(step) in (
        preprocessing.MaxAbsScaler,
        preprocessing.MinMaxScaler,
        preprocessing.RobustScaler,
        preprocessing.StandardScaler,
    )


@dataclass(frozen=True, slots=True)
class _Splits:
    """The split nodes of one tree, as views that write into it.

    Attributes:
        feature, threshold: of all nodes.
        left, right: children.
        missing_left: NaN goes left; 0 or 1.
        splits: positions of the split nodes.
        columns: the column of the model's input for each feature of the tree; None: the same.
        single: the tree casts its input to float32 before it compares.
    """

    feature: NDArray[Any]
    threshold: NDArray[Any]
    left: NDArray[Any]
    right: NDArray[Any]
    missing_left: NDArray[Any]
    splits: NDArray[np.intp]
    columns: NDArray[np.intp] | None
    single: bool

    def column_of(self) -> NDArray[np.intp]:
        features = self.feature[self.splits].astype(np.intp)
        return features if self.columns is None else self.columns[features]


def _trees_of(model: Any) -> list[_Splits] | None:
    """The trees of a model that consists of trees alone; None for any other model."""
    from sklearn import ensemble, tree

    if isinstance(model, ensemble.HistGradientBoostingClassifier | ensemble.HistGradientBoostingRegressor):
        tables = [predictor.nodes for iteration in model._predictors for predictor in iteration]
        if any(table["is_categorical"].any() for table in tables):
            return None
        return [_of_predictor(table) for table in tables]
    known = (
        ensemble.AdaBoostClassifier,
        ensemble.AdaBoostRegressor,
        ensemble.BaggingClassifier,
        ensemble.BaggingRegressor,
        ensemble.ExtraTreesClassifier,
        ensemble.ExtraTreesRegressor,
        ensemble.GradientBoostingClassifier,
        ensemble.GradientBoostingRegressor,
        ensemble.IsolationForest,
        ensemble.RandomForestClassifier,
        ensemble.RandomForestRegressor,
    )
    members = [model]
    if isinstance(model, known):
        members = np.ravel(np.asarray(model.estimators_, dtype=object)).tolist()
    if not all(isinstance(m, tree.DecisionTreeClassifier | tree.DecisionTreeRegressor) for m in members):
        return None
    parts = getattr(model, "estimators_features_", None) or [None] * len(members)
    return [_of_tree(member.tree_, part) for member, part in zip(members, parts, strict=True)]


def _of_tree(tree: Any, columns: Any) -> _Splits:
    return _Splits(
        feature=tree.feature,
        threshold=tree.threshold,
        left=tree.children_left,
        right=tree.children_right,
        missing_left=tree.missing_go_to_left,
        splits=np.flatnonzero(tree.children_left != tree.children_right),
        columns=None if columns is None else np.asarray(columns, dtype=np.intp),
        single=True,
    )


def _of_predictor(nodes: NDArray[Any]) -> _Splits:
    return _Splits(
        feature=nodes["feature_idx"],
        threshold=nodes["num_threshold"],
        left=nodes["left"],
        right=nodes["right"],
        missing_left=nodes["missing_go_to_left"],
        splits=np.flatnonzero(nodes["is_leaf"] == 0),
        columns=None,
        single=False,
    )


def _fold(chain: Sequence[_Step], trees: Sequence[_Splits], outputs: range) -> None:
    """Moves a chain of scalers into the thresholds on the columns ``outputs`` of the trees' input."""
    for tree in trees:
        columns = tree.column_of()
        behind = (columns >= outputs.start) & (columns < outputs.stop)
        nodes = tree.splits[behind]
        for start in range(0, len(nodes), _ROWS_AT_ONCE):
            part = nodes[start : start + _ROWS_AT_ONCE]
            g = _column_function(chain, columns[behind][start : start + _ROWS_AT_ONCE], single=tree.single)
            edges, falling = _bisect(g, tree.threshold[part].astype(np.float64))
            tree.threshold[part] = edges
            turned = part[falling]
            tree.left[turned], tree.right[turned] = tree.right[turned], tree.left[turned].copy()
            tree.missing_left[turned] = 1 - tree.missing_left[turned]


def _column_function(chain: Sequence[_Step], columns: NDArray[np.intp], *, single: bool) -> Transform:
    """x (one value per threshold) -> what the trees compare, in the column of each threshold."""
    rows = np.arange(len(columns))

    def g(x: NDArray[np.float64]) -> NDArray[np.float64]:
        for step in chain:
            matrix = np.zeros((len(columns), step.scaler.n_features_in_))
            matrix[rows, columns - step.offset] = x
            x = _transform(step.scaler, matrix)[rows, columns - step.offset]
        with np.errstate(over="ignore"):
            return x.astype(np.float32).astype(np.float64) if single else x

    return g


def _transform(scaler: Any, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result: NDArray[np.float64] = np.asarray(scaler.transform(matrix))
        return result


def _bisect(g: Transform, thresholds: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Edges for the tests ``g(x) <= threshold``, by bisection over the float32 numbers in order.

    Returns:
        (edges, falling): float32 values in float64. ``x <= edge`` holds for exactly the float32 x that
        pass the test, or, where g falls, for exactly those that do not.
    """
    count = len(thresholds)
    lowest, highest = _key(np.float32(-np.finfo(np.float32).max)), _key(np.finfo(np.float32).max)
    low = np.full(count, lowest, dtype=np.int64)
    high = np.full(count, highest, dtype=np.int64)
    falling = g(_value(low)) > g(_value(high))

    def lower_side(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        passed: NDArray[np.bool_] = (g(_value(keys)) <= thresholds) != falling
        return passed

    low, high = np.where(lower_side(low), low, lowest - 1), np.where(lower_side(high), highest, high)
    whole = lower_side(high)
    for _ in range(34):
        middle = (low + high) // 2
        inside = lower_side(np.maximum(middle, lowest))
        low = np.where(inside & (middle >= lowest), middle, low)
        high = np.where(inside & (middle >= lowest), high, middle)
    edges = np.where(low < lowest, -np.inf, _value(np.maximum(low, lowest)))
    return np.where(whole, np.inf, edges), falling


def _key(value: Any) -> Any:
    """Integers in the order of the float32 numbers."""
    bits = np.asarray(value, dtype=np.float32).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF) - 1, bits)


def _value(keys: NDArray[np.int64]) -> NDArray[np.float64]:
    bits = np.where(keys < 0, (-(keys + 1)) | 0x80000000, keys).astype(np.uint32)
    return bits.view(np.float32).astype(np.float64)
