"""What the user says about a model beyond the model itself: names, units, ranges, class names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class InputDescription:
    """Words for one input column. ``name`` selects a named column; for models without column names
    the descriptions name the columns by position."""

    name: str
    unit: str = ""
    minimum: float = -math.inf
    maximum: float = math.inf
    description: str = ""


@dataclass(frozen=True, slots=True)
class OutputDescription:
    """Words for one output; ``rename`` replaces the standard name, for instance ``variable`` by ``mpg``."""

    rename: str = ""
    unit: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """All words for a model. Empty fields leave what the model itself says."""

    name: str = ""
    title: str = ""
    version: str = ""
    inputs: tuple[InputDescription, ...] = ()
    outputs: Mapping[str, OutputDescription] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
