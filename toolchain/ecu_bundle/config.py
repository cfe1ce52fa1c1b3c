"""``ecu-bundle.toml``: every option of a build, beside the model. All mistakes are reported at once."""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ecu_bundle.conversion.description import InputDescription, ModelDescription, OutputDescription
from ecu_bundle.errors import UsageError

FILE_NAME = "ecu-bundle.toml"
MAX_BYTES = 1 << 20

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
    """``[[inputs]]``: one column: unit, range and meaning."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    unit: Annotated[str, Field(max_length=40)] = ""
    min: Finite | None = None
    max: Finite | None = None
    description: Text = ""

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


class BuildTable(_Table):
    """``[build]``: what is built, and where it goes."""

    target: str | None = None
    engine: Literal["auto", "ort", "native", "both"] | None = None
    output: str | None = None


class LoadTable(_Table):
    """``[load]``: how the model file may be read."""

    trust_pickle: bool = False
    allow_version_skew: bool = False
    member: str | None = None


class ParityTable(_Table):
    """``[parity]``: rows and tolerance of the proof."""

    data: str | None = None
    tolerance: Annotated[float, Field(gt=0.0, le=0.01)] = 1e-5


class Config(_Table):
    """The whole file."""

    model: ModelTable = ModelTable()
    inputs: tuple[InputTable, ...] = ()
    outputs: dict[
        Literal["label", "probabilities", "decision_function", "scores", "variable"], OutputTable
    ] = Field(default_factory=dict)
    classes: dict[str, Annotated[str, Field(min_length=1, max_length=200)]] = Field(default_factory=dict)
    build: BuildTable = BuildTable()
    load: LoadTable = LoadTable()
    parity: ParityTable = ParityTable()

    @field_validator("inputs", mode="before")
    @classmethod
    def _as_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _distinct(self) -> Config:
        names = [entry.name for entry in self.inputs]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the input {twice[0]!r} is described twice")
        return self

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
                )
                for entry in self.inputs
            ),
            outputs={
                str(key): OutputDescription(entry.name, entry.unit, entry.description)
                for key, entry in self.outputs.items()
            },
            classes=dict(self.classes),
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
            raise UsageError("configuration", f"{path.name} is larger than 1 MiB", place=str(path))
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise UsageError(
            "configuration", f"cannot read {path.name}: {error.strerror}", place=str(path)
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError("configuration", f"{path.name} is not UTF-8 text", place=str(path)) from error
    except RecursionError as error:
        raise UsageError(
            "configuration", f"{path.name} is not TOML that can be read: nested too deeply", place=str(path)
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError("configuration", f"{path.name} is not TOML: {error}", place=str(path)) from error
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        lines = _line_numbers(text)
        mistakes = [_mistake(detail, lines) for detail in error.errors()]
        count = len(mistakes)
        raise UsageError(
            "configuration",
            f"{path.name} has {count} mistake{'s' if count > 1 else ''}:\n    " + "\n    ".join(mistakes),
            place=str(path),
            hint="`ecu-bundle init MODEL` writes a commented example",
        ) from error


def _mistake(detail: Any, lines: dict[tuple[str, ...], int]) -> str:
    location = tuple(str(part) for part in detail["loc"] if part != "[key]")
    found = location
    while found and found not in lines:
        found = found[:-1]
    where = f"line {lines[found]}: " if found else ""
    name = ".".join(location) or "the file"
    message = {
        "extra_forbidden": "there is no such option",
        "missing": "is missing",
        "literal_error": f"must be {detail.get('ctx', {}).get('expected', 'one of the known names')}",
    }.get(detail["type"], str(detail["msg"]).removeprefix("Value error, "))
    return f"{where}{name}: {message}"


_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")


def _line_numbers(text: str) -> dict[tuple[str, ...], int]:
    """Line of every table and key, by its path; good enough to point at a mistake."""
    lines: dict[tuple[str, ...], int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _path(header.group(2))
            if header.group(1) == "[[":
                index = counts.get(table, 0)
                counts[table] = index + 1
                table = (*table, str(index))
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_path(key.group(1))), number)
    return lines


def _path(dotted: str) -> tuple[str, ...]:
    return tuple(next(g for g in match.groups() if g is not None) for match in _PART.finditer(dotted))
