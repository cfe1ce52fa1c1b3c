"""Golden vectors as C++ tables of bit patterns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecu_bundle.artifacts import GoldenVectors
from ecu_bundle.errors import InternalError
from ecu_bundle.generation import literals
from ecu_bundle.interface import Array, Interface, Tensor


@dataclass(frozen=True, slots=True)
class TableView:
    """The values of one tensor over all rows.

    Attributes:
        array: name of the C++ array.
        words: its bit patterns.
        initialiser: ``{type, elements, array, absolute tolerance, relative tolerance}``.
    """

    array: str
    words: str
    initialiser: str


@dataclass(frozen=True, slots=True)
class GoldenView:
    """All tables of the self-test."""

    rows: int
    inputs: tuple[TableView, ...]
    outputs: tuple[TableView, ...]
    input_elements: int
    output_elements: int

    @property
    def tensors(self) -> tuple[TableView, ...]:
        return self.inputs + self.outputs


def golden_view(golden: GoldenVectors, interface: Interface) -> GoldenView:
    """Tables in interface order.

    Raises:
        InternalError: the vectors do not fit the interface, or there are none.
    """
    rows = len(golden.rows)
    if rows == 0:
        raise InternalError("generate", "there are no golden vectors")
    inputs = [
        _table(f"kInput{i}", tensor, golden.rows.tensors.get(tensor.name), rows, (0.0, 0.0))
        for i, tensor in enumerate(interface.inputs)
    ]
    outputs = [
        _table(
            f"kOutput{i}",
            tensor,
            golden.outputs.get(tensor.name),
            rows,
            (golden.abs_tolerance.get(tensor.name, 0.0), golden.rel_tolerance.get(tensor.name, 0.0)),
        )
        for i, tensor in enumerate(interface.outputs)
    ]
    return GoldenView(
        rows,
        tuple(inputs),
        tuple(outputs),
        interface.features,
        sum(tensor.elements for tensor in interface.outputs),
    )


def _table(
    name: str, tensor: Tensor, values: Array | None, rows: int, tolerances: tuple[float, float]
) -> TableView:
    place = f"tensor {tensor.name!r}"
    if values is None:
        raise InternalError("generate", "the golden vectors lack a tensor", place=place)
    if values.shape != (rows, tensor.elements) or values.dtype != tensor.numpy_dtype:
        raise InternalError(
            "generate",
            f"golden values are {values.dtype} {values.shape}, "
            f"expected {tensor.dtype} {(rows, tensor.elements)}",
            place=place,
        )
    if not (np.isfinite(tolerances).all() and min(tolerances) >= 0):
        raise InternalError("generate", "a golden tolerance is negative or not finite", place=place)
    dtype = "ECU_FLOAT32" if tensor.dtype == "float32" else "ECU_INT32"
    limits = ", ".join(literals.float32(tolerance) for tolerance in tolerances)
    return TableView(
        array=name,
        words=literals.table(literals.bits(values), indent=4),
        initialiser=f"{{{dtype}, {tensor.elements}U, {name}, {limits}}}",
    )
