"""Sentences of the generated header and guide that depend on what the model accepts and gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecu_bundle.generation import literals
from ecu_bundle.generation.enumerations import MISSING, SCORE_OF_A_PAIR, UNKNOWN, is_by_pair
from ecu_bundle.interface import Interface, Tensor


@dataclass(frozen=True, slots=True)
class RulesView:
    """What the words for one interface are.

    Attributes:
        inputs_doc: comment lines above ``struct Inputs``.
        outputs_doc: comment lines above ``struct Outputs``.
        unset: what becomes of a field that nobody set; for the guide.
        meanings: what NaN and the reserved categories mean where they are accepted; for the guide.
        refuses: some input refuses a missing value.
        errors: which values of inputs give which status; for the guide.
        outputs: what the values of outputs mean, beyond the table; for the guide.
        no_result: what outputs hold after a failure, ``NaN and `kUnknown```.
    """

    inputs_doc: tuple[str, ...]
    outputs_doc: tuple[str, ...]
    unset: str
    meanings: tuple[str, ...]
    refuses: bool
    errors: str
    outputs: tuple[str, ...]
    no_result: str


def rules_view(interface: Interface, names: Sequence[str]) -> RulesView:
    """The sentences for an interface, whose inputs have these names in C++."""
    inputs = interface.inputs
    no_result = _no_result(interface)
    header, guide = _unset(inputs)
    return RulesView(
        inputs_doc=_comment(f"One row of inputs. {header}"),
        outputs_doc=_comment(f"One row of outputs. After a failure: {no_result}."),
        unset=guide,
        meanings=_meanings(inputs, names),
        refuses=not all(_has_word_for_missing(tensor) for tensor in inputs),
        errors=_errors(inputs),
        outputs=(SCORE_OF_A_PAIR,) if _has_pairs(interface) else (),
        no_result=no_result,
    )


def _has_pairs(interface: Interface) -> bool:
    label = next((tensor for tensor in interface.outputs if tensor.codes), None)
    others = [tensor for tensor in interface.outputs if not tensor.codes]
    return label is not None and any(is_by_pair(tensor, label) for tensor in others)


def _accepts_unset(tensor: Tensor) -> bool:
    """Whether the model computes with an input that nobody set: NaN, or the category ``kUnknown``."""
    return UNKNOWN in tensor.codes if tensor.codes else tensor.accepts_nan


def _has_word_for_missing(tensor: Tensor) -> bool:
    return _accepts_unset(tensor) or MISSING in tensor.codes


def _unset(inputs: tuple[Tensor, ...]) -> tuple[str, str]:
    """For the header and for the guide: what a field means that nobody set."""
    holds = _joined(
        [
            *(["NaN"] if any(not tensor.codes for tensor in inputs) else []),
            *(["`kUnknown`"] if any(tensor.codes for tensor in inputs) else []),
        ],
        "or",
    )
    accepting = sum(map(_accepts_unset, inputs))
    if accepting == 0:
        return (
            "Every field must be set: one that is not is refused.",
            f"Every field must be set: one that nobody set holds {holds}, and `predict` refuses it.",
        )
    unnoticed = "it computes a result, and a forgotten field is not noticed"
    if accepting == len(inputs):
        return (
            f"A field that is not set holds {holds}, which the model accepts; its comment says as what.",
            f"A field that nobody set holds {holds}. The model accepts that in every input: {unnoticed}.",
        )
    return (
        f"A field that is not set holds {holds}: refused, except where its comment says what that means.",
        f"A field that nobody set holds {holds}. Where the model accepts that, {unnoticed}; every other "
        "field must be set, and `predict` refuses one that is not.",
    )


def _meanings(inputs: tuple[Tensor, ...], names: Sequence[str]) -> tuple[str, ...]:
    """Which inputs accept NaN and the reserved categories, and what that means."""
    alike = "the model handles it as scikit-learn does, and the proof covers it"
    numbers = [tensor for tensor in inputs if not tensor.codes]
    nan = [name for tensor, name in zip(inputs, names, strict=True) if tensor.accepts_nan]
    said = []
    if nan:
        where = "every input of type `float`" if len(nan) == len(numbers) else _listed(nan)
        said.append(f"NaN in {where} means that the value is missing: {alike}. C has `NAN` in `math.h`.")
    for code, word, meaning in (
        (UNKNOWN, "kUnknown", "a category that training did not have"),
        (MISSING, "kMissing", "that the value is missing"),
    ):
        where = _listed([name for tensor, name in zip(inputs, names, strict=True) if code in tensor.codes])
        if where:
            said.append(f"`{word}` in {where} means {meaning}: {alike}.")
    return tuple(said)


def _listed(names: list[str]) -> str:
    return _joined([f"`{name}`" for name in names], "and")


def _errors(inputs: tuple[Tensor, ...]) -> str:
    numbers = [tensor for tensor in inputs if not tensor.codes]
    coded = [tensor for tensor in inputs if tensor.codes]
    said = []
    if coded:
        refusing = sum(UNKNOWN not in tensor.codes for tensor in coded)
        unknown = ", and so does `kUnknown`" if refusing else ""
        where = " where the model does not accept it" if 0 < refusing < len(coded) else ""
        said.append(
            f"A category whose number is not in its enumeration gives `ECU_BAD_CATEGORY`{unknown}{where}"
        )
    if any(not tensor.accepts_nan for tensor in numbers):
        where = " in an input that does not accept it" if any(t.accepts_nan for t in numbers) else ""
        said.append(f"NaN{where} gives `ECU_NAN_REFUSED`")
    if not said:
        return "No value of an input is refused."
    return "; ".join((*said, "the handle stays usable")) + "."


def _no_result(interface: Interface) -> str:
    kinds = {
        "NaN": any(tensor.dtype == "float32" for tensor in interface.outputs),
        "`kUnknown`": any(tensor.codes for tensor in interface.outputs),
        "-1": any(tensor.dtype == "int32" and not tensor.codes for tensor in interface.outputs),
    }
    return _joined([word for word, used in kinds.items() if used], "and")


def _joined(words: list[str], last: str) -> str:
    return f" {last} ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _comment(text: str) -> tuple[str, ...]:
    return tuple(literals.comment_lines(text, indent=0, mark="///"))
