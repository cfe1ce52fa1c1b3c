"""Regressors around regressors: a transformed target, and a chain of targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto

from ecu_bundle.conversion.decisions.inner import Inner
from ecu_bundle.conversion.decisions.interpolation import interpolate
from ecu_bundle.conversion.decisions.labels import write_real
from ecu_bundle.conversion.encoders.functions import write_function
from ecu_bundle.conversion.nodes import Nodes, real_input
from ecu_bundle.conversion.registry import Family
from ecu_bundle.conversion.signatures import shape_of_values


def convert_transformed_target(scope: Any, operator: Any, container: Any) -> None:
    """TransformedTargetRegressor: the inverse of its transformer, in float64."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    columns = _targets(model)
    predicted = Inner(scope, container, nodes).values(model.regressor_, operator.inputs[0], columns)
    write_real(nodes, operator, _Inverses(nodes, columns).add(model.transformer_, predicted))


def _targets(model: Any) -> int:
    """Targets of the inner regressor."""
    return int(getattr(model.transformer_, "n_features_in_", 1)) if model._training_dim > 1 else 1


class _Inverses:
    """Adds ``inverse_transform`` of known transformers of a target, in float64.

    Args:
        nodes: where to add.
        columns: targets.
    """

    def __init__(self, nodes: Nodes, columns: int) -> None:
        self._nodes = nodes
        self._columns = columns

    def add(self, transformer: Any, source: str) -> str:
        """Adds the inverse on (rows, targets); returns the name of the result.

        Raises:
            NotImplementedError: the transformer has no inverse here.
        """
        from sklearn import pipeline, preprocessing

        writers: dict[type, Callable[[Any, str], str]] = {
            pipeline.Pipeline: self._steps,
            preprocessing.FunctionTransformer: self._function,
            preprocessing.MaxAbsScaler: self._scaled,
            preprocessing.MinMaxScaler: self._range,
            preprocessing.PowerTransformer: self._power,
            preprocessing.QuantileTransformer: self._quantile,
            preprocessing.RobustScaler: self._scaled,
            preprocessing.StandardScaler: self._scaled,
        }
        writer = writers.get(type(transformer))
        if writer is None:
            raise NotImplementedError(f"the inverse of {type(transformer).__name__} has no converter")
        return writer(transformer, source)

    def _row(self, values: Any) -> str:
        row = np.broadcast_to(np.asarray(values, dtype=np.float64), (1, self._columns))
        return self._nodes.constant(row.copy())

    def _steps(self, transformer: Any, source: str) -> str:
        for _, step in reversed(transformer.steps):
            if step is not None and step != "passthrough":
                source = self.add(step, source)
        return source

    def _function(self, transformer: Any, source: str) -> str:
        if transformer.inv_kw_args:
            raise NotImplementedError("inv_kw_args are not supported")
        return write_function(self._nodes, transformer.inverse_func, source, np.float64)

    def _scaled(self, transformer: Any, source: str) -> str:
        """StandardScaler, RobustScaler and MaxAbsScaler: times the scale, plus the centre."""
        centre = getattr(transformer, "mean_", getattr(transformer, "center_", None))
        if getattr(transformer, "with_mean", True) is False:
            centre = None
        if transformer.scale_ is not None:
            source = self._nodes.add("Mul", [source, self._row(transformer.scale_)])
        return source if centre is None else self._nodes.add("Add", [source, self._row(centre)])

    def _range(self, transformer: Any, source: str) -> str:
        shifted = self._nodes.add("Sub", [source, self._row(transformer.min_)])
        return self._nodes.add("Div", [shifted, self._row(transformer.scale_)])

    def _power(self, transformer: Any, source: str) -> str:
        if transformer.standardize:
            source = self.add(transformer._scaler, source)
        inverse = _box_cox if transformer.method == "box-cox" else _yeo_johnson
        columns = [
            inverse(self._nodes, self._column(source, position), float(exponent))
            for position, exponent in enumerate(transformer.lambdas_)
        ]
        return self._nodes.add("Concat", columns, axis=1)

    def _quantile(self, transformer: Any, source: str) -> str:
        if transformer.output_distribution != "uniform":
            raise NotImplementedError(
                "the inverse of QuantileTransformer needs output_distribution='uniform'"
            )
        zero, one = (self._nodes.constant(np.array([v])) for v in (0.0, 1.0))
        source = self._nodes.add("Min", [self._nodes.add("Max", [source, zero]), one])
        references = np.asarray(transformer.references_, dtype=np.float64)
        columns = [
            interpolate(self._nodes, self._column(source, position), references, quantiles)
            for position, quantiles in enumerate(np.asarray(transformer.quantiles_, dtype=np.float64).T)
        ]
        return self._nodes.add("Concat", columns, axis=1)

    def _column(self, source: str, position: int) -> str:
        index = self._nodes.constant(np.array([position], dtype=np.int64))
        return self._nodes.add("Gather", [source, index], axis=1)


def _box_cox(nodes: Nodes, x: str, exponent: float) -> str:
    """``(x * l + 1) ** (1 / l)``, and ``exp(x)`` for l = 0."""
    if exponent == 0.0:
        return nodes.add("Exp", [x])
    return _root(nodes, x, exponent, exponent)


def _yeo_johnson(nodes: Nodes, x: str, exponent: float) -> str:
    """scikit-learn's ``_yeo_johnson_inverse_transform``: one formula from 0 on, another below."""
    one, zero = (nodes.constant(np.array([v])) for v in (1.0, 0.0))
    if abs(exponent) < np.spacing(1.0):
        upper = nodes.add("Sub", [nodes.add("Exp", [x]), one])
    else:
        upper = nodes.add("Sub", [_root(nodes, x, exponent, exponent), one])
    if abs(exponent - 2.0) > np.spacing(1.0):
        lower = nodes.add("Sub", [one, _root(nodes, x, exponent - 2.0, 2.0 - exponent)])
    else:
        lower = nodes.add("Sub", [one, nodes.add("Exp", [nodes.add("Neg", [x])])])
    return nodes.add("Where", [nodes.add("GreaterOrEqual", [x, zero]), upper, lower])


def _root(nodes: Nodes, x: str, slope: float, degree: float) -> str:
    """``(x * slope + 1) ** (1 / degree)``."""
    scaled = nodes.add("Mul", [x, nodes.constant(np.array([slope]))])
    base = nodes.add("Add", [scaled, nodes.constant(np.array([1.0]))])
    return nodes.add("Pow", [base, nodes.constant(np.array([1.0 / degree]))])


def convert_regressor_chain(scope: Any, operator: Any, container: Any) -> None:
    """RegressorChain: each regressor sees the predictions before it; the targets come out in their order."""
    nodes, model = Nodes(scope, container), operator.raw_operator
    inner, source = (
        Inner(scope, container, nodes),
        nodes.cast(real_input(nodes, operator), TensorProto.DOUBLE),
    )
    predictions: list[str] = []
    for position, regressor in enumerate(model.estimators_):
        variable = operator.inputs[0]
        if predictions:
            seen = nodes.add("Concat", [source, *predictions], axis=1)
            variable = inner.variable(operator, model.n_features_in_ + position, seen)
        predictions.append(inner.values(regressor, variable))
    order = np.argsort(np.asarray(model.order_))
    write_real(nodes, operator, nodes.add("Concat", [predictions[i] for i in order], axis=1))


def families() -> list[Family]:
    """The regressors around regressors."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.multioutput import RegressorChain

    chained = shape_of_values(lambda model: len(model.estimators_))
    return [
        Family(TransformedTargetRegressor, convert_transformed_target, shape=shape_of_values(_targets)),
        Family(RegressorChain, convert_regressor_chain, shape=chained),
    ]
