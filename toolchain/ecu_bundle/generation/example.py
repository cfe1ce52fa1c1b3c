"""Example programs of the integration guide: one real row in, what the model says out."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from ecu_bundle.artifacts import GoldenVectors
from ecu_bundle.generation import literals
from ecu_bundle.generation.enumerations import PositionsView, PositionView
from ecu_bundle.generation.views import FieldView, InterfaceView
from ecu_bundle.interface import UNKNOWN_CODE, Array, Interface, Tensor

MAX_FEATURES = 256
"""A wider row is not written out: its example fills each input with one value."""

_MOST_POSITIONS = 8
"""More elements than this are printed in a loop instead of by name."""

_ORIGINS = ("data", "range")
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Example:
    """Statements that compile, and what the programs print.

    Attributes:
        cpp_inputs: assignments to every field of ``inputs``.
        cpp_prints: statements that print every field of ``outputs``.
        c_buffers: buffers and pointer tables for ``ecu_model_run``.
        c_prints: statements that print every output buffer.
        printed: lines that the C++ program prints; empty when it is not known beforehand.
        c_printed: lines that the C program prints; a label is its number there.
    """

    cpp_inputs: tuple[str, ...]
    cpp_prints: tuple[str, ...]
    c_buffers: tuple[str, ...]
    c_prints: tuple[str, ...]
    printed: tuple[str, ...]
    c_printed: tuple[str, ...]


def example(
    interface: Interface, view: InterfaceView, golden: GoldenVectors, *, namespace: str, upper: str
) -> Example:
    """Makes the example from a golden vector, so that its result is known.

    Args:
        interface, view: inputs and outputs, and their names in C and C++.
        golden: the vectors; a row of the user's data is preferred.
        namespace, upper: prefixes of names in C++ and of constants in C.
    """
    row = _chosen_row(golden) if interface.features <= MAX_FEATURES else None
    pairs = list(zip(interface.inputs, view.inputs, strict=True))
    values = [_plausible(t) if row is None else golden.rows.tensors[t.name][row] for t, _ in pairs]
    cpp: list[str] = []
    c = [f"const void* inputs[{upper}_INPUT_COUNT];", f"void* outputs[{upper}_OUTPUT_COUNT];"]
    for number, ((tensor, field), array) in enumerate(zip(pairs, values, strict=True)):
        cpp += _assignment(tensor, field, array, namespace)
        c += _c_input(tensor, field, array, f"input_{number}")
    for number, (tensor, field) in enumerate(zip(interface.outputs, view.outputs, strict=True)):
        c.append(f"static {_c_type(tensor)} output_{number}[{tensor.elements}];")
        c.append(f"outputs[{field.index}] = output_{number};")
    outputs = list(zip(interface.outputs, view.outputs, strict=True))
    return Example(
        cpp_inputs=tuple(cpp),
        cpp_prints=tuple(line for _, field in outputs for line in _cpp_print(field, namespace)),
        c_buffers=tuple(c),
        c_prints=tuple(line for i, (t, f) in enumerate(outputs) for line in _c_print(t, f, f"output_{i}")),
        printed=() if row is None else _printed(interface, view, golden, row, named=True),
        c_printed=() if row is None else _printed(interface, view, golden, row, named=False),
    )


def _chosen_row(golden: GoldenVectors) -> int | None:
    """The first row without NaN and infinity, the user's data first; None when there is none."""
    origins = golden.rows.origins or ("",) * len(golden.rows)
    finite = np.logical_and.reduce([np.isfinite(a).all(axis=1) for a in golden.rows.tensors.values()])
    ranks = {origin: rank for rank, origin in enumerate(_ORIGINS)}
    candidates = np.flatnonzero(finite).tolist()
    return min(candidates, key=lambda i: (ranks.get(origins[i], len(ranks)), i), default=None)


def _plausible(tensor: Tensor) -> Array:
    """One value for all elements: a known category, or a short number inside the declared range."""
    if tensor.codes:
        code = next((c.value for c in tensor.codes if c.value != UNKNOWN_CODE), UNKNOWN_CODE)
        return np.full(1, code, dtype=np.int32)
    bounds = [bound for bound in (tensor.minimum, tensor.maximum) if math.isfinite(bound)]
    middle = sum(bound / len(bounds) for bound in bounds)
    return np.full(1, float(f"{middle:.4g}") if 1e-4 <= abs(middle) < 1e15 else 0.0, dtype=np.float32)


def _assignment(tensor: Tensor, field: FieldView, values: Array, namespace: str) -> Iterator[str]:
    words = [_cpp_value(field, value, namespace) for value in values]
    if tensor.elements == 1:
        yield f"inputs.{field.name} = {words[0]};"
    elif len(words) < tensor.elements:
        yield f"inputs.{field.name}.fill({words[0]});"
    else:
        yield from _wrapped(f"inputs.{field.name} = {{{', '.join(words)}}};")


def _c_input(tensor: Tensor, field: FieldView, values: Array, name: str) -> Iterator[str]:
    words = ", ".join(_c_value(field, value) for value in values)
    yield from _wrapped(f"static const {_c_type(tensor)} {name}[{tensor.elements}] = {{{words}}};")
    yield f"inputs[{field.index}] = {name};"


def _wrapped(statement: str) -> list[str]:
    return textwrap.wrap(
        statement, _WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _cpp_value(field: FieldView, value: np.generic, namespace: str) -> str:
    if field.enum is None:
        return f"{value!s}F"
    enumerators = {code.value: code.enumerator for code in field.enum.codes}
    return f"{namespace}::{field.enum.name}::{enumerators[literals.int32(int(value))]}"


def _c_value(field: FieldView, value: np.generic) -> str:
    if field.enum is None:
        return f"{value!s}F"
    return next(code.macro for code in field.enum.c_codes if code.value == literals.int32(int(value)))


def _c_type(tensor: Tensor) -> str:
    return "float" if tensor.dtype == "float32" else "int32_t"


def _cpp_print(field: FieldView, namespace: str) -> Iterator[str]:
    name = f"outputs.{field.name}"
    if positions := _named_positions(field):
        for item in positions.items:
            yield f'std::printf("{_item_name(field, item)} = %g\\n",'
            index = f"{namespace}::{positions.name}::{item.enumerator}"
            yield f"            static_cast<double>({name}[{index}]));"
    elif field.type.startswith("std::array"):
        yield f"for (const auto value : {name}) {{"
        yield f"  {_cpp_printf(field, 'value', namespace)}"
        yield "}"
    else:
        yield _cpp_printf(field, name, namespace)


def _cpp_printf(field: FieldView, value: str, namespace: str) -> str:
    if field.enum:
        return f'std::printf("{field.name} = %s\\n", {namespace}::text_of({value}));'
    if field.c_type.startswith("float"):
        return f'std::printf("{field.name} = %g\\n", static_cast<double>({value}));'
    return f'std::printf("{field.name} = %ld\\n", static_cast<long>({value}));'


def _c_print(tensor: Tensor, field: FieldView, buffer: str) -> Iterator[str]:
    form, cast = ("%g", "double") if tensor.dtype == "float32" else ("%ld", "long")
    if positions := _named_positions(field):
        for item in positions.items:
            yield f'printf("{_item_name(field, item)} = %g\\n", (double){buffer}[{item.macro}]);'
    elif tensor.elements == 1:
        yield f'printf("{field.name} = {form}\\n", ({cast}){buffer}[0]);'
    else:
        yield f"for (int i = 0; i < {tensor.elements}; ++i) {{"
        yield f'  printf("{field.name} = {form}\\n", ({cast}){buffer}[i]);'
        yield "}"


def _named_positions(field: FieldView) -> PositionsView | None:
    """The elements of an output that the programs print by name; None where they print them in a loop."""
    positions = field.positions
    return positions if positions and len(positions.items) <= _MOST_POSITIONS else None


def _item_name(field: FieldView, item: PositionView) -> str:
    return f"{field.name}[{item.enumerator}]"


def _printed(
    interface: Interface, view: InterfaceView, golden: GoldenVectors, row: int, *, named: bool
) -> tuple[str, ...]:
    lines = []
    for tensor, field in zip(interface.outputs, view.outputs, strict=True):
        names = {code.value: code.name for code in tensor.codes} if named else {}
        values = golden.outputs[tensor.name][row].tolist()
        positions = _named_positions(field)
        heads = [_item_name(field, item) for item in positions.items] if positions else repeat(field.name)
        for head, value in zip(heads, values, strict=False):
            text = names[value] if names else f"{value:g}"
            if text != literals.plain(text) or "`" in text:
                return ()  # a label that a page of text cannot show as it is
            lines.append(f"{head} = {text}")
    return tuple(lines)
