"""Write ONNX nodes from a converter of our own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

_OPSET = 21
_ML_OPERATORS = {"ArrayFeatureExtractor": 1, "LabelEncoder": 2, "TreeEnsembleRegressor": 1}
"""Operators of ``ai.onnx.ml`` with the version that they come from."""


class Nodes:
    """Adds nodes to a skl2onnx container under names that are free."""

    def __init__(self, scope: Any, container: Any) -> None:
        self._scope = scope
        self._container = container

    def add(self, op_type: str, inputs: Sequence[str], output: str | None = None, **attributes: Any) -> str:
        """Adds a node of one output, by default under a new name; returns the name of the output."""
        name = output or self._fresh(op_type)
        self._write(op_type, inputs, [name], attributes)
        return name

    def add_many(self, op_type: str, inputs: Sequence[str], count: int, **attributes: Any) -> list[str]:
        """Adds a node of several outputs; returns their names."""
        names = [self._fresh(op_type) for _ in range(count)]
        self._write(op_type, inputs, names, attributes)
        return names

    def constant(self, values: NDArray[Any]) -> str:
        """Adds an initializer: float64, float32 or int64."""
        kinds = {"float64": TensorProto.DOUBLE, "float32": TensorProto.FLOAT, "int64": TensorProto.INT64}
        name: str = self._scope.get_unique_variable_name("ecu_constant")
        kind = kinds[values.dtype.name]
        self._container.add_initializer(name, kind, list(values.shape), values.ravel().tolist())
        return name

    def cast(self, source: str, kind: int, output: str | None = None) -> str:
        """Adds a Cast."""
        return self.add("Cast", [source], output, to=int(kind))

    def _fresh(self, op_type: str) -> str:
        name: str = self._scope.get_unique_variable_name(f"ecu_{op_type.lower()}")
        return name

    def _write(
        self, op_type: str, inputs: Sequence[str], outputs: list[str], attributes: dict[str, Any]
    ) -> None:
        domain = "ai.onnx.ml" if op_type in _ML_OPERATORS else ""
        self._container.add_node(
            op_type,
            list(inputs),
            outputs,
            op_domain=domain,
            op_version=_ML_OPERATORS.get(op_type, _OPSET),
            name=self._scope.get_unique_operator_name(f"ecu_{op_type}"),
            **attributes,
        )


def real_type(operator: Any) -> type[np.float32] | type[np.float64]:
    """What a smooth family computes in: float64 where the input of the operator is, else float32."""
    from skl2onnx.common.data_types import DoubleTensorType

    return np.float64 if isinstance(operator.inputs[0].type, DoubleTensorType) else np.float32


def real_input(nodes: Nodes, operator: Any) -> str:
    """Name of the operator's input as numbers of `real_type`; whole numbers are cast."""
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    name: str = operator.inputs[0].full_name
    if isinstance(operator.inputs[0].type, DoubleTensorType | FloatTensorType):
        return name
    return nodes.cast(name, TensorProto.FLOAT)
