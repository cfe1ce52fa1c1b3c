"""Write the arithmetic of a smooth family: operands by name or as numbers, in one precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto

from ecu_bundle.conversion.nodes import Nodes, real_input, real_type

Operand = str | float | NDArray[Any]
"""The name of a tensor, or numbers that become a constant."""

_KINDS = {np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE}


class Arithmetic:
    """Adds the nodes of one operator of skl2onnx.

    Args:
        scope, operator, container: as a converter gets them.
        double: compute in float64 also where the graph holds float32; the results are rounded once.

    Attributes:
        dtype: float32 or float64; of the input and of every constant.
        nodes: for what the methods do not cover.
    """

    def __init__(self, scope: Any, operator: Any, container: Any, *, double: bool = False) -> None:
        self.nodes = Nodes(scope, container)
        self._operator = operator
        self._outside: type[np.float32] | type[np.float64] = real_type(operator)
        self.dtype: type[np.float32] | type[np.float64] = np.float64 if double else self._outside

    def input(self) -> str:
        """Name of the operator's input (rows, features) as ``dtype``."""
        name = real_input(self.nodes, self._operator)
        return name if self.dtype is self._outside else self.real(name)

    def op(self, op_type: str, *operands: Operand, **attributes: Any) -> str:
        """Adds a node of one output; returns its name."""
        return self.nodes.add(op_type, [self._name(operand) for operand in operands], **attributes)

    def real(self, name: str) -> str:
        """Any numbers or truth values as ``dtype``."""
        return self.nodes.cast(name, _KINDS[self.dtype])

    def integers(self, values: ArrayLike) -> str:
        """A constant of int64."""
        return self.nodes.constant(np.asarray(values, dtype=np.int64))

    def sum(self, name: str, axis: int, *, keep: bool = False) -> str:
        """The sum over one axis."""
        return self._reduce("ReduceSum", name, axis, keep)

    def maximum(self, name: str, axis: int, *, keep: bool = False) -> str:
        """The largest value along one axis."""
        return self._reduce("ReduceMax", name, axis, keep)

    def minimum(self, name: str, axis: int, *, keep: bool = False) -> str:
        """The smallest value along one axis."""
        return self._reduce("ReduceMin", name, axis, keep)

    def at(self, name: str, axis: int) -> str:
        """The tensor with a new axis of length 1."""
        return self.op("Unsqueeze", name, self.integers([axis]))

    def columns(self, name: str, positions: ArrayLike, axis: int = 1) -> str:
        """Chosen positions along one axis."""
        return self.nodes.add("Gather", [name, self.integers(positions)], axis=axis)

    def offset(self, name: str, values: NDArray[np.float64]) -> str:
        """``name - values`` with a small relative error, also where both are large and close.

        In float32 the float64 values are subtracted as two float32 limbs. The first difference is
        exact where the operands are within a factor of two (Sterbenz), so that only the roundings
        of the two results remain; one limb would add the rounding of ``values`` itself. The sign is
        exact: the result is zero only for equal numbers.
        """
        high = values.astype(self.dtype)
        low = np.subtract(values, high, dtype=np.float64).astype(self.dtype)
        difference = self.op("Sub", name, high)
        return self.op("Sub", difference, low) if low.any() else difference

    def write(self, name: str, output: int = 0) -> None:
        """Makes a tensor an output of the operator, in the precision of the graph."""
        target = self._operator.outputs[output].full_name
        if self.dtype is self._outside:
            self.nodes.add("Identity", [name], target)
        else:
            self.nodes.cast(name, _KINDS[self._outside], target)

    def write_label(self, index: str, labels: Sequence[int] | NDArray[np.int64]) -> None:
        """Makes ``labels[index]`` the first output, int64 (rows); ``index`` is int64 (rows)."""
        target = self._operator.outputs[0].full_name
        self.nodes.add("Gather", [self.integers(labels), index], target, axis=0)

    def _reduce(self, op_type: str, name: str, axis: int, keep: bool) -> str:
        return self.nodes.add(op_type, [name, self.integers([axis])], keepdims=int(keep))

    def _name(self, operand: Operand) -> str:
        if isinstance(operand, str):
            return operand
        return self.nodes.constant(np.asarray(operand, dtype=self.dtype))
