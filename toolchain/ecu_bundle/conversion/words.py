"""Put the user's words on the tensors of an interface."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ecu_bundle.conversion.description import InputDescription, ModelDescription
from ecu_bundle.errors import UsageError
from ecu_bundle.interface import Tensor


def match_inputs(names: Sequence[str], words: ModelDescription) -> dict[str, InputDescription]:
    """The descriptions by input name.

    Raises:
        UsageError: a description of an input that the model does not have.
    """
    unknown = [said.name for said in words.inputs if said.name not in names]
    if unknown:
        raise UsageError(
            "convert",
            f"the configuration describes the input {unknown[0]!r}, which the model does not have",
            hint="inputs of the model: " + ", ".join(names),
        )
    return {said.name: said for said in words.inputs}


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
