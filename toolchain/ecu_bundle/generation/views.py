"""What the templates see: dataclasses whose fields are final C++ words.

All naming, escaping and number formatting happens here, so that templates only place text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ecu_bundle.generation import literals
from ecu_bundle.identifiers import Scope, pascal, snake
from ecu_bundle.interface import MISSING_CODE, UNKNOWN_CODE, Code, Interface, Tensor

RESERVED_CODES = (Code(MISSING_CODE, "missing"), Code(UNKNOWN_CODE, "unknown"))
"""Categories that stand for a value that is not there, the better one first."""


@dataclass(frozen=True, slots=True)
class CodeView:
    """One value of an enumeration.

    Attributes:
        enumerator: ``kEurope``, unique in its enum class.
        macro: ``AUTO_MPG_ORIGIN_EUROPE``, unique in the C header; empty for the invalid value.
        value: the number as C++ text.
        text: the user's name for it, fit for one Markdown cell.
        literal: the user's name for it as a C++ string literal; empty for the invalid value.
        doc: comment lines of the C++ enum class, indent 2.
        c_doc: one comment line of the C header, without the marks.
    """

    enumerator: str
    macro: str
    value: str
    text: str
    literal: str
    doc: tuple[str, ...]
    c_doc: str


@dataclass(frozen=True, slots=True)
class EnumView:
    """The enum class of an int32 tensor with codes."""

    name: str
    doc: tuple[str, ...]
    c_doc: str
    codes: tuple[CodeView, ...]

    @property
    def c_codes(self) -> tuple[CodeView, ...]:
        """The codes of the interface, without the invalid value that only C++ names."""
        return tuple(code for code in self.codes if code.macro)


@dataclass(frozen=True, slots=True)
class FieldView:
    """One input or output.

    Attributes:
        name: field of ``Inputs`` or ``Outputs``.
        type: C++ type of the field.
        initial: value of a field that nobody set: refused by the model, or means missing.
        pointer: C++ expression of type pointer to the values, in ``inputs`` or ``outputs``.
        doc: comment lines, indent 2.
        range_name: name of the constant with the declared range; empty without one.
        range_value: initialiser of that constant.
        index: name of the index constant in the C header.
        c_doc: one comment line of the C header, without the marks.
        c_type: ``float[1]``, ``int32_t[1]``, ...
        text, unit, bounds, description: cells of Markdown tables.
        missing: cell that says what to pass when there is no value; empty for outputs.
        enum: enumeration of the values, or None.
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
    enum: EnumView | None


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


@dataclass(frozen=True, slots=True)
class _Header:
    """Scopes of one generated header, filled while its names are chosen.

    Attributes:
        upper: prefix of the C constants, for instance ``AUTO_MPG``.
        types: names in the C++ namespace.
        macros: names in the C header.
    """

    upper: str
    types: Scope
    macros: Scope


def interface_view(interface: Interface, upper: str) -> InterfaceView:
    """Names everything in the interface.

    Args:
        interface: inputs and outputs in device order.
        upper: prefix of the C constants, for instance ``AUTO_MPG``.
    """
    own = ("H", "HPP", "IMAGE_SIZE", "ARENA_SIZE", "INPUT_COUNT", "OUTPUT_COUNT")
    header = _Header(
        upper,
        types=Scope("Model", "Inputs", "Outputs", "kInterfaceHash"),
        macros=Scope(*(f"{upper}_{suffix}" for suffix in own)),
    )
    return InterfaceView(
        _fields(interface.inputs, "INPUT", header), _fields(interface.outputs, "OUTPUT", header)
    )


def _fields(tensors: tuple[Tensor, ...], side: str, header: _Header) -> tuple[FieldView, ...]:
    scope = Scope()
    views = []
    for number, tensor in enumerate(tensors):
        name = scope.unique(snake(tensor.name, fallback=f"{side.lower()}{number}"))
        bounded = math.isfinite(tensor.minimum) or math.isfinite(tensor.maximum)
        has_range = bounded and tensor.dtype == "float32"
        range_name = scope.unique(f"k{pascal(name, fallback='Field')}Range") if has_range else ""
        views.append(_field(tensor, name, range_name, side, header))
    return tuple(views)


def _field(tensor: Tensor, name: str, range_name: str, side: str, header: _Header) -> FieldView:
    enum = _enum(tensor, name, side, header) if tensor.codes else None
    if tensor.dtype == "float32":
        scalar, c_scalar, initial = "float", "float", "ecu::kNoValue"
    elif enum:
        scalar, c_scalar, initial = enum.name, "int32_t", f"{enum.name}::kUnknown"
    else:
        scalar, c_scalar, initial = "std::int32_t", "int32_t", "-1"
    single = tensor.elements == 1
    c_type = f"{c_scalar}[{tensor.elements}]"
    return FieldView(
        name=name,
        type=scalar if single else f"std::array<{scalar}, {tensor.elements}>",
        initial=initial if single else f"ecu::filled<{tensor.elements}>({initial})",
        pointer=f"&{side.lower()}s.{name}" if single else f"{side.lower()}s.{name}.data()",
        doc=tuple(literals.comment_lines(_summary(tensor), indent=2, mark="///")),
        range_name=range_name,
        range_value=f"{{{literals.float32(tensor.minimum)}, {literals.float32(tensor.maximum)}}}",
        index=header.macros.unique(f"{header.upper}_{side}_{name.upper()}"),
        c_doc=f"{literals.comment(tensor.name)}: {c_type}",
        c_type=c_type,
        text=literals.markdown(tensor.name),
        unit=literals.markdown(tensor.unit) or "-",
        bounds=_bounds(tensor) or "-",
        description=literals.markdown(tensor.description) or "-",
        missing=_missing(tensor, enum) if side == "INPUT" else "",
        enum=enum,
    )


def _missing(tensor: Tensor, enum: EnumView | None) -> str:
    """What a program passes when it has no value for an input."""
    if enum is None:
        return "`ecu::kNoValue` (NaN)" if tensor.accepts_nan else "not possible: `ECU_NAN_REFUSED`"
    for reserved in RESERVED_CODES:
        if reserved in tensor.codes:
            value = literals.int32(reserved.value)
            enumerator = next(code.enumerator for code in enum.codes if code.value == value)
            return f"`{enum.name}::{enumerator}`"
    return "not possible: `ECU_BAD_CATEGORY`"


def _bounds(tensor: Tensor) -> str:
    low, high = math.isfinite(tensor.minimum), math.isfinite(tensor.maximum)
    if low and high:
        return f"{literals.number_text(tensor.minimum)} to {literals.number_text(tensor.maximum)}"
    if low:
        return f"at least {literals.number_text(tensor.minimum)}"
    return f"at most {literals.number_text(tensor.maximum)}" if high else ""


def _summary(tensor: Tensor) -> str:
    """``"horse power" [hp], 46 to 230. Rated power. NaN means missing.``"""
    text = f'"{tensor.name}"'
    text += f" [{tensor.unit}]" if tensor.unit else ""
    text += f", {bounds}" if (bounds := _bounds(tensor)) else ""
    text += f". {tensor.description}" if tensor.description else ""
    text = text if text.endswith((".", "!", "?")) else text + "."
    return text + (" NaN means missing." if tensor.accepts_nan else "")


def _enum(tensor: Tensor, field: str, side: str, header: _Header) -> EnumView:
    word = pascal(field, fallback="Code")
    is_input = side == "INPUT"
    kind = "Categories of input" if is_input else "Values of output"
    title = f'{kind} "{tensor.name}".'
    return EnumView(
        name=header.types.unique(word),
        doc=tuple(literals.comment_lines(title, indent=0, mark="///")),
        c_doc=literals.comment(title),
        codes=(*_invalid_code(tensor, is_input=is_input), *_codes(tensor, field, header, is_input=is_input)),
    )


def _invalid_code(tensor: Tensor, *, is_input: bool) -> tuple[CodeView, ...]:
    """What a field holds that nobody set; none where the model accepts an unknown category."""
    uses_minus_one = any(code.value == UNKNOWN_CODE for code in tensor.codes)
    if is_input and uses_minus_one:
        return ()
    # An output may use -1 for a class of its own; then the invalid value must be another one.
    value = literals.INT32_MIN if uses_minus_one else UNKNOWN_CODE
    meaning = "Not set; refused with ECU_BAD_CATEGORY." if is_input else "No result."
    return (
        CodeView(
            "kUnknown",
            macro="",
            value=literals.int32(value),
            text=meaning,
            literal="",
            doc=(f"/// {meaning}",),
            c_doc=meaning,
        ),
    )


def _codes(tensor: Tensor, field: str, header: _Header, *, is_input: bool) -> Iterator[CodeView]:
    scope = Scope("kUnknown")
    for code in sorted(tensor.codes, key=lambda code: code.value):
        fallback = f"Value{'Minus' if code.value < 0 else ''}{abs(code.value)}"
        is_unknown = is_input and code.value == UNKNOWN_CODE
        word = pascal(code.name, fallback=fallback)
        enumerator = "kUnknown" if is_unknown else scope.unique(f"k{word}")
        suffix = snake(enumerator[1:], fallback="value").upper()
        yield CodeView(
            enumerator=enumerator,
            macro=header.macros.unique(f"{header.upper}_{field.upper()}_{suffix}"),
            value=literals.int32(code.value),
            text=literals.markdown(code.name),
            literal=literals.string(code.name),
            doc=tuple(literals.comment_lines(f'"{code.name}"', indent=2, mark="///")),
            c_doc=f'"{literals.comment(code.name)}"',
        )
