"""Columns of a matrix: selectors, and selectors that predict with the estimator inside them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.base import BaseEstimator, TransformerMixin

from ecu_bundle.conversion.decisions.labels import write_real
from ecu_bundle.conversion.nodes import Nodes, real_input
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import shape_of_values
from ecu_bundle.parts import walk


class Columns(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Takes columns by position.

    Args:
        positions: of the columns, in the order in which they are wanted.
    """

    def __init__(self, positions: tuple[int, ...]) -> None:
        self.positions = positions

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, X: NDArray[Any]) -> NDArray[Any]:
        """The columns of X, (rows, positions)."""
        taken: NDArray[Any] = X[:, list(self.positions)]
        return taken


def spread_columns(estimator: Any) -> Any:
    """Replaces each ColumnTransformer that skl2onnx does not split truly, in place; returns the estimator.

    skl2onnx splits columns before it knows how many there are, which works on the input of the model
    alone; and it takes a block of as many columns as there are for the input itself, whatever their order.
    A FeatureUnion of pipelines that begin with `Columns` means the same.
    """
    return _spread(estimator, late=False)


def _spread(part: Any, *, late: bool) -> Any:
    """The part, or what replaces it; ``late``: its input is made by another step."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import FeatureUnion, Pipeline

    if isinstance(part, str) or part is None:
        return part
    if isinstance(part, Pipeline):
        steps = []
        for name, step in part.steps:
            steps.append((name, _spread(step, late=late)))
            late = late or not (step is None or step == "passthrough")
        part.steps = steps
    elif isinstance(part, FeatureUnion):
        part.transformer_list = [(name, _spread(inner, late=late)) for name, inner in part.transformer_list]
    elif isinstance(part, ColumnTransformer):
        # a meta-estimator keeps a template that was not fitted beside its fitted copies
        if hasattr(part, "transformers_") and (late or not _in_order(part)):
            return _as_union(part)
    else:
        for inner in walk(part):
            if isinstance(inner, Pipeline):
                _spread(inner, late=late)
    return part


def _in_order(transformer: Any) -> bool:
    """Whether each block takes rising columns: as many as there are is then all of them in order."""
    return all(
        inner == "drop" or all(a < b for a, b in pairwise(columns))
        for _, inner, columns in transformer.transformers_
    )


def _as_union(transformer: Any) -> Any:
    from sklearn.pipeline import FeatureUnion, Pipeline

    blocks = []
    for name, inner, columns in transformer.transformers_:
        if inner == "drop" or not len(columns):
            continue
        block: Any = Columns(tuple(int(column) for column in columns))
        if not isinstance(inner, str):
            block = Pipeline([("columns", block), ("then", _spread(inner, late=True))])
        blocks.append((name, block))
    return FeatureUnion(blocks, transformer_weights=transformer.transformer_weights)


def predicting_selectors(estimator: Any) -> Any:
    """An RFE at the end becomes a pipeline of the selection and the estimator inside it; in place."""
    from sklearn.feature_selection import RFE
    from sklearn.pipeline import Pipeline

    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        estimator.steps = [*estimator.steps[:-1], (name, predicting_selectors(last))]
        return estimator
    if isinstance(estimator, RFE):
        chosen = Columns(tuple(int(i) for i in estimator.get_support(indices=True)))
        return Pipeline([("selection", chosen), ("prediction", estimator.estimator_)])
    return estimator


def convert_selection(scope: Any, operator: Any, container: Any) -> None:
    """The chosen columns."""
    nodes = Nodes(scope, container)
    index = nodes.constant(_positions(operator.raw_operator))
    write_real(nodes, operator, nodes.add("Gather", [real_input(nodes, operator), index], axis=1))


def _positions(model: Any) -> NDArray[np.int64]:
    chosen = model.positions if isinstance(model, Columns) else model.get_support(indices=True)
    return np.asarray(chosen, dtype=np.int64)


def convert_missing_indicator(scope: Any, operator: Any, container: Any) -> None:
    """MissingIndicator: 1 where the value is missing, for the columns that it watches."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    index = nodes.constant(np.asarray(model.features_, dtype=np.int64))
    watched = nodes.add("Gather", [real_input(nodes, operator), index], axis=1)
    value = model.missing_values
    if isinstance(value, float) and np.isnan(value):
        missing = nodes.add("IsNaN", [watched])
    else:
        wide = nodes.cast(watched, TensorProto.DOUBLE)  # float32 may not hold the value itself
        missing = nodes.add("Equal", [wide, nodes.constant(np.array([float(value)]))])
    write_real(nodes, operator, missing)


def families() -> list[Family]:
    """Selections of columns, and the indicator of missing values."""
    from sklearn.feature_selection import SequentialFeatureSelector
    from sklearn.impute import MissingIndicator

    selected = shape_of_values(lambda model: len(_positions(model)))
    watched = shape_of_values(lambda model: len(model.features_))
    return [
        Family(Columns, convert_selection, shape=selected),
        Family(SequentialFeatureSelector, convert_selection, shape=selected),
        Family(MissingIndicator, convert_missing_indicator, shape=watched),
    ]
