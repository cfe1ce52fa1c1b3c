"""What the templates see: dataclasses whose fields are final C++ words.

All naming, escaping and number formatting happens here, so that templates only place text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ecu_bundle.generation import literals
from ecu_bundle.generation.enumerations import (
    MISSING,
    SCORE_OF_A_PAIR,
    UNKNOWN,
    EnumView,
    Header,
    Label,
    PositionsView,
    enum_view,
    is_by_pair,
    positions_view,
)
from ecu_bundle.identifiers import Scope, pascal, snake
from ecu_bundle.interface import Code, Interface, Tensor

_MOST_NAMES_IN_A_CELL = 12


@dataclass(frozen=True, slots=True)
class FieldView:
    """One input or output.

    Attributes:
        name: field of ``Inputs`` or ``Outputs``.
        type: C++ type of the field.
        initial: value of a field that nobody set: refused, unless the model accepts a missing value.
        pointer: C++ expression of type pointer to the values, in ``inputs`` or ``outputs``.
        doc: comment lines, indent 2.
        range_name: name of the constant with the declared range; empty without one.
        range_value: initialiser of that constant.
        index: name of the index constant in the C header.
        c_doc: one comment line of the C header, without the marks.
        c_type: ``float[1]``, ``int32_t[1]``, ...
        text, unit, bounds, description: cells of Markdown tables.
        missing: cell that says what to pass when there is no value; empty for outputs.
        order: cell that says what the elements are; empty for inputs.
        enum: enumeration of the values, or None.
        positions: constants for the elements of an output, or None.
    """

    name: str
    type: str
    initial: str
    pointer: str
    doc: tuple[str, ...]
    range_name: str
    range_value: str
    index: str
    c_doc: str
    c_type: str
    text: str
    unit: str
    bounds: str
    description: str
    missing: str
    order: str
    enum: EnumView | None
    positions: PositionsView | None


@dataclass(frozen=True, slots=True)
class InterfaceView:
    """All names of one generated header."""

    inputs: tuple[FieldView, ...]
    outputs: tuple[FieldView, ...]

    @property
    def enums(self) -> tuple[EnumView, ...]:
        return tuple(field.enum for field in (*self.inputs, *self.outputs) if field.enum)

    @property
    def output_enums(self) -> tuple[EnumView, ...]:
        return tuple(field.enum for field in self.outputs if field.enum)

    @property
    def positioned(self) -> tuple[FieldView, ...]:
        """The outputs of several elements that have names."""
        return tuple(field for field in self.outputs if field.positions)


def interface_view(interface: Interface, upper: str) -> InterfaceView:
    """Names everything in the interface.

    Args:
        interface: inputs and outputs in device order.
        upper: prefix of the C constants, for instance ``AUTO_MPG``.
    """
    own = ("H", "HPP", "IMAGE_SIZE", "ARENA_SIZE", "INPUT_COUNT", "OUTPUT_COUNT")
    header = Header(
        upper,
        types=Scope("Model", "Inputs", "Outputs", "kInterfaceHash"),
        macros=Scope(*(f"{upper}_{suffix}" for suffix in own)),
    )
    return InterfaceView(
        _fields(interface.inputs, "INPUT", header), _fields(interface.outputs, "OUTPUT", header)
    )


def _fields(tensors: tuple[Tensor, ...], side: str, header: Header) -> tuple[FieldView, ...]:
    scope = Scope()
    views: list[FieldView] = []
    label: Label | None = None
    for number, tensor in enumerate(tensors):
        name = scope.unique(snake(tensor.name, fallback=f"{side.lower()}{number}"))
        enum = enum_view(tensor, name, header, is_input=side == "INPUT") if tensor.codes else None
        view = _field(tensor, name, enum, label, side=side, header=header)
        views.append(replace(view, range_name=scope.unique(view.range_name)) if view.range_name else view)
        if side == "OUTPUT" and enum:
            label = tensor, enum
    return tuple(views)


def _field(
    tensor: Tensor, name: str, enum: EnumView | None, label: Label | None, *, side: str, header: Header
) -> FieldView:
    if tensor.dtype == "float32":
        scalar, c_scalar, initial = "float", "float", "ecu::kNoValue"
    elif enum:
        scalar, c_scalar, initial = enum.name, "int32_t", f"{enum.name}::kUnknown"
    else:
        scalar, c_scalar, initial = "std::int32_t", "int32_t", "-1"
    single = tensor.elements == 1
    is_input = side == "INPUT"
    c_type = f"{c_scalar}[{tensor.elements}]"
    has_range = tensor.dtype == "float32" and bool(_bounds(tensor))
    index = header.macros.unique(f"{header.upper}_{side}_{name.upper()}")
    positions = None if is_input else positions_view(tensor, name, header, label)
    accepted = _accepted(tensor, enum) if is_input else _contents(tensor, label, positions)
    return FieldView(
        name=name,
        type=scalar if single else f"std::array<{scalar}, {tensor.elements}>",
        initial=initial if single else f"ecu::filled<{tensor.elements}>({initial})",
        pointer=f"&{side.lower()}s.{name}" if single else f"{side.lower()}s.{name}.data()",
        doc=tuple(literals.comment_lines(_summary(tensor) + accepted, indent=2, mark="///")),
        range_name=f"k{pascal(name, fallback='Field')}Range" if has_range else "",
        range_value=f"{{{literals.float32(tensor.minimum)}, {literals.float32(tensor.maximum)}}}",
        index=index,
        c_doc=f"{literals.comment(tensor.name)}: {c_type}{_nan_in_c(tensor) if is_input else ''}",
        c_type=c_type,
        text=literals.markdown(tensor.name),
        unit=literals.markdown(tensor.unit) or "-",
        bounds=_bounds(tensor) or "-",
        description=literals.markdown(tensor.description) or "-",
        missing=_missing(tensor, enum) if is_input else "",
        order="" if is_input else _order(tensor, enum, positions),
        enum=enum,
        positions=positions,
    )


def _accepted(tensor: Tensor, enum: EnumView | None) -> str:
    """What an input accepts beside its values, for its comment."""
    if enum is None:
        return " NaN means missing." if tensor.accepts_nan else ""
    said = {UNKNOWN: "a category that training did not have", MISSING: "that there is no value"}
    return "".join(
        f" `{_enumerator(code, enum)}` means {meaning}."
        for code, meaning in said.items()
        if code in tensor.codes
    )


def _nan_in_c(tensor: Tensor) -> str:
    if tensor.dtype != "float32":
        return ""
    return "; NaN means missing" if tensor.accepts_nan else "; NaN is refused"


def _contents(tensor: Tensor, label: Label | None, positions: PositionsView | None) -> str:
    """What the elements of an output are, for its comment."""
    if positions:
        text = f" One value for each constant of `{positions.name}`."
    elif tensor.element_names:
        text = f' The value is "{tensor.element_names[0]}".'
    else:
        text = " In the order of the model's own output." if tensor.elements > 1 else ""
    return text + (f" {SCORE_OF_A_PAIR}" if label and is_by_pair(tensor, label[0]) else "")


def _order(tensor: Tensor, enum: EnumView | None, positions: PositionsView | None) -> str:
    """What the elements of an output are, for a table."""
    if enum:
        return f"one of `{enum.name}`"
    if positions is None:
        names = ", ".join(map(literals.markdown, tensor.element_names))
        return names or ("in the order of the model's own output" if tensor.elements > 1 else "-")
    shown = [f"`{item.enumerator}`" for item in positions.items[:_MOST_NAMES_IN_A_CELL]]
    rest = ", ..." if len(positions.items) > len(shown) else ""
    return f"one for each constant of `{positions.name}`: {', '.join(shown)}{rest}"


def _enumerator(code: Code, enum: EnumView) -> str:
    value = literals.int32(code.value)
    return next(view.enumerator for view in enum.codes if view.value == value)


def _missing(tensor: Tensor, enum: EnumView | None) -> str:
    """What a program passes when it has no value for an input."""
    if enum is None:
        return "`ecu::kNoValue` (NaN)" if tensor.accepts_nan else "not possible: `ECU_NAN_REFUSED`"
    for reserved in (MISSING, UNKNOWN):
        if reserved in tensor.codes:
            return f"`{enum.name}::{_enumerator(reserved, enum)}`"
    return "not possible: `ECU_BAD_CATEGORY`"


def _bounds(tensor: Tensor) -> str:
    low, high = math.isfinite(tensor.minimum), math.isfinite(tensor.maximum)
    if low and high:
        return f"{literals.number_text(tensor.minimum)} to {literals.number_text(tensor.maximum)}"
    if low:
        return f"at least {literals.number_text(tensor.minimum)}"
    return f"at most {literals.number_text(tensor.maximum)}" if high else ""


def _summary(tensor: Tensor) -> str:
    """``"horse power" [hp], 46 to 230. Rated power.``"""
    text = f'"{tensor.name}"'
    text += f" [{tensor.unit}]" if tensor.unit else ""
    text += f", {bounds}" if (bounds := _bounds(tensor)) else ""
    text += f". {tensor.description}" if tensor.description else ""
    return text if text.endswith((".", "!", "?")) else text + "."
