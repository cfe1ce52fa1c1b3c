"""Put the user's words on the tensors of an interface."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Sequence

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.conversion.description import InputDescription, ModelDescription
from ecu_bundle.errors import UsageError
from ecu_bundle.interface import Code, Tensor


def match_inputs(names: Sequence[str], words: ModelDescription) -> dict[str, InputDescription]:
    """The descriptions by input name.

    Raises:
        UsageError: a description of an input that the model does not have; names its place.
    """
    for index, said in enumerate(words.inputs):
        if said.name not in names:
            raise _unknown("input", said.name, names, words.places.get(("inputs", str(index)), ""))
    return {said.name: said for said in words.inputs}


def check_outputs(names: Sequence[str], codes: Sequence[Code], words: ModelDescription) -> None:
    """Refuses words about outputs and classes that the model does not have; they would be ignored.

    Args:
        names: standard names of the outputs that the model can give.
        codes: its classes.
        words: what the user says.

    Raises:
        UsageError: names the place of the first such word.
    """
    classes = [code.name for code in codes]
    for name in words.outputs:
        if name not in names:
            raise _unknown("output", name, names, words.places.get(("outputs", name), ""))
    for name in words.classes:
        if name not in classes:
            raise _unknown("class", name, classes, words.places.get(("classes", name), ""))


def _unknown(what: str, name: str, known: Sequence[str], place: str) -> UsageError:
    close = difflib.get_close_matches(name, known, n=1)
    known = list(dict.fromkeys(known))
    listed = ", ".join(known[:40]) + (", ..." if len(known) > 40 else "")
    several = "classes" if what == "class" else f"{what}s"
    return UsageError(
        "convert",
        f"the configuration describes the {what} {name!r}, which the model does not have",
        place=place,
        hint=(f"did you mean {close[0]!r}? " if close else "")
        + (f"{several} of the model: {listed}" if known else f"the model has no {several}"),
    )


def restrict_missing(model: OnnxModel, words: ModelDescription) -> OnnxModel:
    """The model with the inputs refusing NaN that the user wants to refuse it.

    Args:
        model: its interface says which inputs can accept NaN.

    Raises:
        UsageError: ``accepts_nan`` for a category, or true where the model has no rule for NaN.
    """
    indexed = {said.name: (index, said) for index, said in enumerate(words.inputs)}
    inputs = []
    for tensor in model.interface.inputs:
        index, said = indexed.get(tensor.name, (0, None))
        if said is None or said.accepts_nan is None:
            inputs.append(tensor)
            continue
        entry = ("inputs", str(index))
        place = words.places.get((*entry, "accepts_nan"), words.places.get(entry, ""))
        if tensor.codes:
            raise UsageError(
                "convert",
                f"accepts_nan is for numbers, and the input {tensor.name!r} is a category",
                place=place,
                hint="leave accepts_nan out",
            )
        if said.accepts_nan and not tensor.accepts_nan:
            raise UsageError(
                "convert",
                f"the input {tensor.name!r} cannot accept NaN: the model has no rule for it",
                place=place,
                hint="leave accepts_nan out, or train the model with an imputer",
            )
        inputs.append(dataclasses.replace(tensor, accepts_nan=said.accepts_nan))
    interface = dataclasses.replace(model.interface, inputs=tuple(inputs))
    return dataclasses.replace(model, interface=interface)


def describe_input(tensor: Tensor, said: InputDescription) -> Tensor:
    """The tensor with unit, range and meaning."""
    return dataclasses.replace(
        tensor,
        unit=said.unit,
        minimum=said.minimum,
        maximum=said.maximum,
        description=said.description,
    )


def describe_output(tensor: Tensor, words: ModelDescription) -> Tensor:
    """The tensor with its new name, unit, meaning and class names."""
    said = words.outputs.get(tensor.name)
    codes = tuple(dataclasses.replace(c, name=words.classes.get(c.name, c.name)) for c in tensor.codes)
    if said is None:
        return dataclasses.replace(tensor, codes=codes)
    return dataclasses.replace(
        tensor, name=said.rename or tensor.name, unit=said.unit, description=said.description, codes=codes
    )
