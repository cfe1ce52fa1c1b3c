"""Named numbers of the generated headers: categories and labels, and the positions inside an output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from ecu_bundle.generation import literals
from ecu_bundle.identifiers import Scope, pascal, snake
from ecu_bundle.interface import MISSING_CODE, UNKNOWN_CODE, Code, Tensor

UNKNOWN = Code(UNKNOWN_CODE, "unknown")
"""Category of an input that stands for one that training did not have."""

MISSING = Code(MISSING_CODE, "missing")
"""Category of an input that stands for a value that is not there."""

_MEANINGS = {
    UNKNOWN: "A category that training did not have, and what a field holds that nobody set.",
    MISSING: "There is no value.",
}


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


Label = tuple[Tensor, EnumView]
"""The label of a classifier, clusterer or outlier detector, and its enumeration."""

SCORE_OF_A_PAIR = "A score of one class over another is positive for the first, negative for the second."


@dataclass(frozen=True, slots=True)
class PositionView:
    """One element of an output; `index` is its position as text, the others are as in `CodeView`."""

    enumerator: str
    macro: str
    index: int
    text: str
    doc: tuple[str, ...]
    c_doc: str


@dataclass(frozen=True, slots=True)
class PositionsView:
    """What stands where in an output of several elements.

    Attributes:
        name: ``ProbabilitiesIndex``, the struct of the constants.
        doc: comment lines of the struct, indent 0.
        c_doc: one comment line of the C header, without the marks.
        items: the elements in order.
        lookup: ``probabilities_of``, the function from label to element; empty where the elements do not
            belong to the labels.
        label: the enumeration of the label, whose enumerators the items then share; else None.
    """

    name: str
    doc: tuple[str, ...]
    c_doc: str
    items: tuple[PositionView, ...]
    lookup: str = ""
    label: EnumView | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """Scopes of one generated header, filled while its names are chosen.

    Attributes:
        upper: prefix of the C constants, for instance ``AUTO_MPG``.
        types: names in the C++ namespace.
        macros: names in the C header.
    """

    upper: str
    types: Scope
    macros: Scope


def enum_view(tensor: Tensor, field: str, header: Header, *, is_input: bool) -> EnumView:
    """The enumeration of a tensor with codes.

    Args:
        tensor, field: the tensor and the name of its field.
        header: its scopes.
        is_input: the codes are categories, and two of them are reserved.
    """
    kind = "Categories of input" if is_input else "Values of output"
    title = f'{kind} "{tensor.name}".'
    return EnumView(
        name=header.types.unique(pascal(field, fallback="Code")),
        doc=tuple(literals.comment_lines(title, indent=0, mark="///")),
        c_doc=literals.comment(title),
        codes=(*_invalid_code(tensor, is_input=is_input), *_codes(tensor, field, header, is_input=is_input)),
    )


def _invalid_code(tensor: Tensor, *, is_input: bool) -> tuple[CodeView, ...]:
    """What a field holds that nobody set; none where the model accepts an unknown category."""
    if is_input and UNKNOWN in tensor.codes:
        return ()
    # -1 unless it is a category or a class of its own.
    used = {code.value for code in tensor.codes}
    value = next(v for v in chain((UNKNOWN_CODE,), range(literals.INT32_MIN, 0)) if v not in used)
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


def _codes(tensor: Tensor, field: str, header: Header, *, is_input: bool) -> Iterator[CodeView]:
    scope = Scope("kUnknown")
    for code in sorted(tensor.codes, key=lambda code: code.value):
        fallback = f"Value{'Minus' if code.value < 0 else ''}{abs(code.value)}"
        is_unknown = is_input and code == UNKNOWN
        word = pascal(code.name, fallback=fallback)
        enumerator = "kUnknown" if is_unknown else scope.unique(f"k{word}")
        meaning = _MEANINGS.get(code, "") if is_input else ""
        said = meaning or f'"{code.name}"'
        yield CodeView(
            enumerator=enumerator,
            macro=header.macros.unique(f"{header.upper}_{field.upper()}_{_suffix(enumerator)}"),
            value=literals.int32(code.value),
            text=meaning or literals.markdown(code.name),
            literal=literals.string(code.name),
            doc=tuple(literals.comment_lines(said, indent=2, mark="///")),
            c_doc=literals.comment(said),
        )


def positions_view(tensor: Tensor, field: str, header: Header, label: Label | None) -> PositionsView | None:
    """The constants for the elements of an output; None for one element, or without names.

    Args:
        tensor, field: the output and the name of its field.
        header: its scopes.
        label: the label and its enumeration, where the model has one.
    """
    if tensor.elements == 1 or not tensor.element_names:
        return None
    enumerators = _label_enumerators(tensor, label)
    scope = Scope()
    items = []
    for index, name in enumerate(tensor.element_names):
        word = pascal(name, fallback=f"Value{index}")
        enumerator = enumerators[index] if enumerators else scope.unique(f"k{word}")
        items.append(
            PositionView(
                enumerator=enumerator,
                macro=header.macros.unique(f"{header.upper}_{field.upper()}_{_suffix(enumerator)}"),
                index=index,
                text=literals.markdown(name),
                doc=tuple(literals.comment_lines(f'"{name}"', indent=2, mark="///")),
                c_doc=f'"{literals.comment(name)}"',
            )
        )
    title = f'Position of each value in output "{tensor.name}".'
    return PositionsView(
        name=header.types.unique(f"{pascal(field, fallback='Output')}Index"),
        doc=tuple(literals.comment_lines(title, indent=0, mark="///")),
        c_doc=literals.comment(title),
        items=tuple(items),
        lookup=header.types.unique(f"{field}_of") if enumerators else "",
        label=label[1] if enumerators and label else None,
    )


def is_by_label(tensor: Tensor, label: Tensor) -> bool:
    """Whether an output has one element for each label, in the order of the label's codes."""
    return tensor.element_names == tuple(code.name for code in label.codes)


def is_by_pair(tensor: Tensor, label: Tensor) -> bool:
    """Whether the elements of an output are scores of one label over another: ``sound over faulty``."""
    return bool(tensor.element_names) and not is_by_label(tensor, label)


def _label_enumerators(tensor: Tensor, label: Label | None) -> tuple[str, ...]:
    """The enumerators of the labels in the order of the elements; empty where these are of another kind."""
    if label is None or not is_by_label(tensor, label[0]):
        return ()
    by_value = {code.value: code.enumerator for code in label[1].c_codes}
    return tuple(by_value[literals.int32(code.value)] for code in label[0].codes)


def _suffix(enumerator: str) -> str:
    return snake(enumerator[1:], fallback="value").upper()
