"""``ecu-bundle.toml``: every option of a build, beside the model. All mistakes are reported at once."""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ecu_bundle.config_mistakes import line_numbers, mistakes
from ecu_bundle.conversion.description import InputDescription, ModelDescription, OutputDescription
from ecu_bundle.errors import UsageError

FILE_NAME = "ecu-bundle.toml"
MAX_BYTES = 1 << 20
_EXAMPLE = "`ecu-bundle init MODEL` writes a commented example"

Text = Annotated[str, Field(max_length=500)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ModelTable(_Table):
    """``[model]``: what the model is called."""

    name: Annotated[str, Field(max_length=48, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")] | None = None
    title: Text = ""
    version: Annotated[str, Field(max_length=60)] = ""


class InputTable(_Table):
    """``[[inputs]]``: one column: unit, range and meaning; ``accepts_nan = false`` refuses missing values."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    unit: Annotated[str, Field(max_length=40)] = ""
    min: Finite | None = None
    max: Finite | None = None
    description: Text = ""
    accepts_nan: bool | None = None

    @model_validator(mode="after")
    def _ordered(self) -> InputTable:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class OutputTable(_Table):
    """``[outputs.<standard name>]``: a better name, unit and meaning of an output."""

    name: Annotated[str, Field(min_length=1, max_length=200)] = ""
    unit: Annotated[str, Field(max_length=40)] = ""
    description: Text = ""


class ConvertTable(_Table):
    """``[convert]``: how the model is converted."""

    precision: Literal["float", "double"] = "float"
    outputs: tuple[Literal["label", "probabilities", "decision_function", "scores", "variable"], ...] = ()

    @field_validator("outputs", mode="before")
    @classmethod
    def _as_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


class BuildTable(_Table):
    """``[build]``: what is built, and where it goes."""

    target: str | None = None
    engine: Literal["auto", "ort", "native", "both"] | None = None
    output: str | None = None
    update: Literal["ed25519", "p256"] | None = None

    @field_validator("target")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        from ecu_bundle.building.targets import load_targets

        if value is not None and value not in load_targets():
            raise PydanticCustomError("unknown", "unknown target", {"known": list(load_targets())})
        return value


class LoadTable(_Table):
    """``[load]``: how the model file may be read."""

    trust_pickle: bool = False
    allow_version_skew: bool = False
    member: str | None = None


class ParityTable(_Table):
    """``[parity]``: rows and tolerance of the proof."""

    data: str | None = None
    tolerance: Annotated[float, Field(gt=0.0, le=0.01)] = 1e-5


_UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20}


def _as_bytes(value: Any) -> Any:
    """``"64 KiB"`` as a number; anything else is left for the check of the type."""
    found = re.fullmatch(r"(\d{1,9}) ?([KM]iB|B|)", value) if isinstance(value, str) else None
    if isinstance(value, str) and found is None:
        raise ValueError('write bytes as a number, or as text like "512 B", "64 KiB", "2 MiB"')
    return int(found[1]) * _UNITS[found[2]] if found else value


Bytes = Annotated[int, Field(ge=0), BeforeValidator(_as_bytes)]


class BudgetTable(_Table):
    """``[budget]``: what the bundle may cost on its target; a build beyond it fails."""

    max_flash: Bytes | None = None
    max_ram: Bytes | None = None
    max_stack: Bytes | None = None
    max_instructions: Annotated[int, Field(ge=0)] | None = None


Sequence32 = Annotated[int, Field(ge=1, le=0xFFFFFFFF)]
Number32 = Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
ShortText = Annotated[str, Field(min_length=1, max_length=64)]


class UpdateTable(_Table):
    """``[update]``: what an update package says beside its bundle."""

    vendor: ShortText | None = None
    device_class: ShortText | None = None
    sequence: Sequence32 | None = None
    part_number: ShortText | None = None
    rxswin: Annotated[tuple[ShortText, ...], Field(max_length=8)] = ()
    hardware: Annotated[tuple[Number32, ...], Field(max_length=4)] = ()
    commit: ShortText | None = None
    training_data: str | None = None
    replaces: Annotated[tuple[str, ...], Field(max_length=8)] = ()
    golden_rows: Annotated[int, Field(ge=1, le=65535)] | None = None

    @field_validator("rxswin", "hardware", "replaces", mode="before")
    @classmethod
    def _as_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


class Config(_Table):
    """The whole file."""

    model: ModelTable = ModelTable()
    inputs: tuple[InputTable, ...] = ()
    outputs: dict[
        Literal["label", "probabilities", "decision_function", "scores", "variable"], OutputTable
    ] = Field(default_factory=dict)
    classes: dict[str, Annotated[str, Field(min_length=1, max_length=200)]] = Field(default_factory=dict)
    convert: ConvertTable = ConvertTable()
    build: BuildTable = BuildTable()
    load: LoadTable = LoadTable()
    parity: ParityTable = ParityTable()
    budget: BudgetTable = BudgetTable()
    update: UpdateTable = UpdateTable()
    _places: dict[tuple[str, ...], str] = PrivateAttr(default_factory=dict)
    """File and line of what the file says, by its path."""

    @field_validator("inputs", mode="before")
    @classmethod
    def _as_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _distinct(self) -> Config:
        names = [entry.name for entry in self.inputs]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            second = names.index(twice[0], names.index(twice[0]) + 1)
            raise PydanticCustomError("twice", "is described twice", {"at": ("inputs", str(second))})
        return self

    def place(self, *path: str) -> str:
        """File and line of a table or option, for messages; empty when the file does not say it."""
        return self._places.get(path, "")

    def refusals(self) -> dict[str, str]:
        """Places of ``accepts_nan = false``, by the name of the input."""
        return {
            entry.name: self.place("inputs", str(index), "accepts_nan")
            for index, entry in enumerate(self.inputs)
            if entry.accepts_nan is False
        }

    def description(self) -> ModelDescription:
        """The words for the conversion."""
        return ModelDescription(
            name=self.model.name or "",
            title=self.model.title,
            version=self.model.version,
            inputs=tuple(
                InputDescription(
                    name=entry.name,
                    unit=entry.unit,
                    minimum=-math.inf if entry.min is None else entry.min,
                    maximum=math.inf if entry.max is None else entry.max,
                    description=entry.description,
                    accepts_nan=entry.accepts_nan,
                )
                for entry in self.inputs
            ),
            outputs={
                str(key): OutputDescription(entry.name, entry.unit, entry.description)
                for key, entry in self.outputs.items()
            },
            classes=dict(self.classes),
            precision=self.convert.precision,
            chosen=self.convert.outputs,
            places=dict(self._places),
        )


def config_beside(model: Path) -> Path | None:
    """The configuration file next to a model, if there is one."""
    candidate = (model if model.is_dir() else model.parent) / FILE_NAME
    return candidate if candidate.is_file() else None


def read_config(path: Path | None) -> Config:
    """Reads and checks a configuration; None gives the defaults.

    Raises:
        UsageError: with every mistake and its line.
    """
    if path is None:
        return Config()
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(
                "configuration", f"{path.name} is larger than 1 MiB", place=str(path), hint=_EXAMPLE
            )
        text = path.read_text(encoding="utf-8-sig")  # editors of Windows begin with a byte order mark
        content = tomllib.loads(text)
    except OSError as error:
        raise UsageError(
            "configuration",
            f"cannot read {path.name}: {error.strerror}",
            place=str(path),
            hint="give a file that can be read with --config",
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            "configuration", f"{path.name} is not UTF-8 text", place=str(path), hint="save it as UTF-8"
        ) from error
    except RecursionError as error:
        raise UsageError(
            "configuration",
            f"{path.name} is not TOML that can be read: nested too deeply",
            place=str(path),
            hint=_EXAMPLE,
        ) from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"\(at (line \d+),", str(error))
        raise UsageError(
            "configuration",
            f"{path.name} is not TOML: {error}",
            place=f"{path}, {line[1]}" if line else str(path),
            hint="texts stand in quotes, paths with a backslash in single quotes; " + _EXAMPLE,
        ) from error
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        found = mistakes(error, content, text, Config)
        count = len(found)
        raise UsageError(
            "configuration",
            f"{path.name} has {count} mistake{'s' if count > 1 else ''}:"
            + "".join(f"\n    {path.name}{mistake}" for mistake in found),
            place=str(path),
            hint=_EXAMPLE,
        ) from error
    config._places.update(
        {key: f"{path}, line {line}" for key, line in line_numbers(text).items() if len(key) > 1}
    )
    return config
