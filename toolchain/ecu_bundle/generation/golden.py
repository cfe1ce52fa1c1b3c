"""Golden vectors as C++ tables of bit patterns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecu_bundle.artifacts import GoldenVectors
from ecu_bundle.errors import InternalError, VerificationError
from ecu_bundle.generation import literals
from ecu_bundle.interface import Array, Interface, Rows, Tensor


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


def read_rows(text: str, interface: Interface) -> Rows:
    """The input rows of a generated ``golden_vectors.cpp``.

    Args:
        text: the file, as `golden_view` and its template wrote it.
        interface: of the same bundle.

    Raises:
        VerificationError: the file does not hold the rows of this interface.
    """
    tensors = _read_tables(text, "kInput", interface.inputs)
    return Rows(tensors, ("golden",) * len(next(iter(tensors.values()))))


def read_vectors(text: str, interface: Interface) -> GoldenVectors:
    """The golden vectors of a generated ``golden_vectors.cpp``, as the self-test has them.

    Args:
        text: the file, as `golden_view` and its template wrote it.
        interface: of the same bundle.

    Raises:
        VerificationError: the file does not hold vectors of this interface.
    """
    rows = read_rows(text, interface)
    outputs = _read_tables(text, "kOutput", interface.outputs)
    if {len(values) for values in outputs.values()} != {len(rows)}:
        raise _unreadable("outputs of another length than the inputs")
    limits = re.findall(r"^    \{ECU_\w+, \d+U, (kOutput\d+), (\S+)F, (\S+)F\},$", text, re.M)
    if [array for array, *_ in limits] != [f"kOutput{index}" for index in range(len(outputs))]:
        raise _unreadable("outputs")
    found = dict(zip(outputs, limits, strict=True))
    floats = [tensor.name for tensor in interface.outputs if tensor.dtype == "float32"]
    return GoldenVectors(
        rows=rows,
        outputs=outputs,
        abs_tolerance={name: float.fromhex(found[name][1]) for name in floats},
        rel_tolerance={name: float.fromhex(found[name][2]) for name in floats},
    )


def _read_tables(text: str, array: str, interface: Sequence[Tensor]) -> dict[str, Array]:
    """The values of each tensor, (rows, elements); as many rows in each."""
    tables = dict(re.findall(rf"^const std::uint32_t ({array}\d+)\[\] = \{{\n(.*?)\}};$", text, re.M | re.S))
    tensors: dict[str, Array] = {}
    for index, tensor in enumerate(interface):
        words = [
            int(word[2:10], 16) for word in re.findall(r"0x[0-9a-f]{8}U", tables.get(f"{array}{index}", ""))
        ]
        if not words or len(words) % tensor.elements:
            raise _unreadable(f"{array[1:].lower()} {tensor.name!r}")
        bits = np.array(words, dtype=np.uint32).view(tensor.numpy_dtype)
        tensors[tensor.name] = np.ascontiguousarray(bits.reshape(-1, tensor.elements))
    if len({len(values) for values in tensors.values()}) != 1:
        raise _unreadable(f"{array[1:].lower()}s of different lengths")
    return tensors


def _unreadable(place: str) -> VerificationError:
    return VerificationError(
        "golden",
        "the golden vectors of the bundle cannot be read",
        place=f"tests/golden_vectors.cpp, {place}",
        hint="take the bundle again from where it was delivered",
    )
