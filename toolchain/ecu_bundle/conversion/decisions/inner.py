"""The outputs of an estimator inside another one, in float64, for what is computed on them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from onnx import TensorProto

from ecu_bundle.conversion.decisions.lookup import constant_rows
from ecu_bundle.conversion.nodes import Nodes, real_type
from ecu_bundle.parts import last_step


class Inner:
    """Places estimators that are parts of the converted one into the graph.

    All values come as float64. An inner model that is exact rounds to float32 at its end; the pass of
    `ecu_bundle.conversion.decisions.widening` takes that rounding away, so that what is decided here is
    decided on exact values.

    Args:
        scope, container: of the converter.
        nodes: the writer of the converter.
    """

    def __init__(self, scope: Any, container: Any, nodes: Nodes) -> None:
        self._scope = scope
        self._container = container
        self._nodes = nodes

    def variable(self, operator: Any, columns: int, source: str) -> Any:
        """An input for inner estimators, (rows, columns), with the values of ``source``."""
        from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

        double = real_type(operator) is np.float64
        kind = (DoubleTensorType if double else FloatTensorType)([None, columns])
        variable = self._scope.declare_local_variable("inner", kind)
        self._nodes.cast(source, TensorProto.DOUBLE if double else TensorProto.FLOAT, variable.full_name)
        return variable

    def values(self, model: Any, variable: Any, targets: int = 1) -> str:
        """Name of what a regressor predicts, (rows, targets)."""
        predicted = self._nodes.cast(self._outputs(model, variable)[0], TensorProto.DOUBLE)
        return self._shaped(predicted, targets)

    def labels(self, model: Any, variable: Any) -> str:
        """Name of the whole-number labels that a classifier predicts, int64 (rows, 1)."""
        return self._shaped(self._outputs(model, variable)[0], 1)

    def probabilities(self, model: Any, variable: Any) -> str:
        """Name of what ``predict_proba`` gives, (rows, classes)."""
        second = self._outputs(model, variable)[1]
        return self._shaped(self._nodes.cast(second, TensorProto.DOUBLE), len(model.classes_))

    def scores(self, model: Any, variable: Any) -> str:
        """Name of what ``decision_function`` gives: (rows, 1) for two classes, else (rows, scores).

        Raises:
            NotImplementedError: the converter of the model cannot give its scores.
        """
        from ecu_bundle.conversion.registry import converter_options

        model = _twin(model)
        last = last_step(model)
        known = converter_options(last) or {}
        if "raw_scores" in known:
            self._container.add_options(id(last), {"raw_scores": True})
            self._scope.add_options(id(last), {"raw_scores": True})
        elif hasattr(last, "predict_proba"):
            raise NotImplementedError(f"the decision scores of {type(last).__name__} are not available")
        second = self._nodes.cast(self._outputs(model, variable)[1], TensorProto.DOUBLE)
        classes = len(last.classes_)
        if classes > 2:
            return second
        return self.column(self._shaped(second, classes), 1)

    def binary_scores(self, model: Any, variable: Any) -> str:
        """Name of one number a row: prediction, decision score or probability of the second class."""
        from sklearn.base import is_regressor

        if type(model).__name__ == "_ConstantPredictor":  # a question with one answer in training
            constant = np.reshape(model.y_, (1, 1)).astype(np.float64)
            return constant_rows(self._nodes, variable.full_name, constant)
        if is_regressor(model):
            return self.values(model, variable)
        if hasattr(model, "decision_function"):
            return self.scores(model, variable)
        return self.column(self.probabilities(model, variable), 1)

    def taken(self, operator: Any, source: str, positions: Any) -> Any:
        """An input for inner estimators that read some of the columns of ``source``."""
        index = self._nodes.constant(np.asarray(positions, dtype=np.int64))
        return self.variable(operator, len(positions), self._nodes.add("Gather", [source, index], axis=1))

    def column(self, source: str, position: int) -> str:
        """Name of one column of a matrix, (rows, 1)."""
        index = self._nodes.constant(np.array([position], dtype=np.int64))
        return self._nodes.add("Gather", [source, index], axis=1)

    def _shaped(self, source: str, columns: int) -> str:
        shape = self._nodes.constant(np.array([-1, columns], dtype=np.int64))
        return self._nodes.add("Reshape", [source, shape])

    def _outputs(self, model: Any, variable: Any) -> list[str]:
        from skl2onnx._parse import _parse_sklearn

        from ecu_bundle.conversion.registry import converter_options

        last = last_step(model)
        if converter_options(last):  # a copy has no options yet
            self._container.add_options(id(last), {"zipmap": False})
            self._scope.add_options(id(last), {"zipmap": False})
        return [output.full_name for output in _parse_sklearn(self._scope, model, [variable])]


def _twin(model: Any) -> Any:
    """A shallow copy whose last step has an identity of its own: options of a converter belong to one."""
    twin = copy.copy(model)
    if hasattr(twin, "steps"):
        *before, (name, last) = twin.steps
        twin.steps = [*before, (name, _twin(last))]
    return twin
