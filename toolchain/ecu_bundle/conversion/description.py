"""What the user says about a model beyond the model itself: names, units, ranges, class names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class InputDescription:
    """Words for one input column.

    Attributes:
        name: selects a named column; for models without column names the descriptions name the
            columns by position.
        unit, minimum, maximum, description: as in `ecu_bundle.interface.Tensor`.
        accepts_nan: False: the device refuses NaN though the model has a rule for it. True: the
            model must have a rule. None: as the model is.
    """

    name: str
    unit: str = ""
    minimum: float = -math.inf
    maximum: float = math.inf
    description: str = ""
    accepts_nan: bool | None = None


@dataclass(frozen=True, slots=True)
class OutputDescription:
    """Words for one output; ``rename`` replaces the standard name, for instance ``variable`` by ``mpg``."""

    rename: str = ""
    unit: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """All words for a model. Empty fields leave what the model itself says.

    Attributes:
        name, title, version: of the model.
        inputs: in the order of the columns where those have no names.
        outputs: by standard name, for instance ``variable``.
        classes: new name of a class, by the name that the model has.
        precision: ``"double"``: smooth models compute in float64.
        chosen: standard names of the outputs to keep; empty: the usual ones.
        places: where a word stands, by its path (``("inputs", "0")``), for messages; may be empty.
    """

    name: str = ""
    title: str = ""
    version: str = ""
    inputs: tuple[InputDescription, ...] = ()
    outputs: Mapping[str, OutputDescription] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
    precision: Literal["float", "double"] = "float"
    chosen: tuple[str, ...] = ()
    places: Mapping[tuple[str, ...], str] = field(default_factory=dict)
