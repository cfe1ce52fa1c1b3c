"""SimpleImputer with empty columns, or with columns that say where values were missing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.conversion.decisions.labels import write_real
from ecu_bundle.conversion.nodes import Nodes, real_input
from ecu_bundle.conversion.registry import Converter, Family
from ecu_bundle.conversion.signatures import shape_of_values


def _convert_with(other: Converter) -> Converter:
    """The usual conversion, without empty columns; behind it 1 where a watched column was NaN, else 0.

    skl2onnx leaves empty columns in and indicators out.
    """

    def convert(scope: Any, operator: Any, container: Any) -> None:
        imputer = operator.raw_operator
        if not _is_special(imputer):
            other(scope, operator, container)
            return
        if imputer.indicator_ is not None and not _of_nan(imputer):
            raise NotImplementedError("add_indicator with missing_values other than NaN is not supported")
        from skl2onnx._parse import _parse_sklearn

        nodes, plain = Nodes(scope, container), copy.copy(imputer)
        plain.indicator_, plain.add_indicator = None, False
        plain.statistics_ = np.nan_to_num(np.asarray(imputer.statistics_, dtype=np.float64))
        (filled,) = _parse_sklearn(scope, plain, [operator.inputs[0]])
        kept = nodes.constant(_kept(imputer))
        values = nodes.add("Gather", [nodes.cast(filled.full_name, TensorProto.DOUBLE), kept], axis=1)
        if imputer.indicator_ is not None:
            columns = nodes.constant(np.asarray(imputer.indicator_.features_, dtype=np.int64))
            watched = nodes.add("Gather", [real_input(nodes, operator), columns], axis=1)
            missing = nodes.cast(nodes.add("IsNaN", [watched]), TensorProto.DOUBLE)
            values = nodes.add("Concat", [values, missing], axis=1)
        write_real(nodes, operator, values)

    return convert


def _is_special(imputer: Any) -> bool:
    """With indicators, or with columns that were empty in training: these are left out, or 0."""
    if imputer.indicator_ is not None:
        return True
    return np.asarray(imputer.statistics_).dtype.kind == "f" and bool(np.isnan(imputer.statistics_).any())


def _of_nan(imputer: Any) -> bool:
    return isinstance(imputer.missing_values, float) and bool(np.isnan(imputer.missing_values))


def _kept(imputer: Any) -> NDArray[np.int64]:
    """The columns that are not left out."""
    statistics = np.asarray(imputer.statistics_, dtype=np.float64)
    whole = np.arange(len(statistics), dtype=np.int64)
    return whole if imputer.keep_empty_features else whole[~np.isnan(statistics)]


def _shape_with(other: Callable[[Any], None]) -> Callable[[Any], None]:
    def calculate(operator: Any) -> None:
        (shape_of_values(_width) if _is_special(operator.raw_operator) else other)(operator)

    return calculate


def _width(imputer: Any) -> int:
    indicator = imputer.indicator_
    return len(_kept(imputer)) + (0 if indicator is None else len(indicator.features_))


def families() -> list[Family]:
    """SimpleImputer."""
    from skl2onnx.common._registration import get_converter, get_shape_calculator
    from sklearn.impute import SimpleImputer

    alias = "SklearnSimpleImputer"
    return [
        Family(
            SimpleImputer,
            _convert_with(get_converter(alias)),
            shape=_shape_with(get_shape_calculator(alias)),
        )
    ]
