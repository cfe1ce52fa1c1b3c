"""Mistakes of ``ecu-bundle.toml`` in words: line, place, and what was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

Lines = Mapping[tuple[str, ...], int]
"""Line of every table and key, by its path; entries of a list of tables have their index as text."""

_WORDS = {
    "missing": "is missing",
    "string_type": "must be a text in quotes",
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must be letters, digits and _, beginning with a letter",
    "greater_than": "must be above {gt:g}",
    "less_than_equal": "must be at most {le:g}",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be a list of tables, written [[{name}]]",
    "literal_error": "must be {expected}",
}


def mistakes(error: ValidationError, content: Any, text: str, schema: type[BaseModel]) -> list[str]:
    """The mistakes as they follow the name of the file: ``, line 3: model.colour: there is no ...``.

    Args:
        error: what pydantic found.
        content: the parsed file.
        text: the file itself.
        schema: what the file should be.
    """
    lines = line_numbers(text)
    return [_mistake(detail, content, lines, schema) for detail in error.errors()]


def _mistake(detail: Any, content: Any, lines: Lines, schema: type[BaseModel]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    location = tuple(str(part) for part in detail["loc"] if part != "[key]") + tuple(context.get("at", ()))
    found = location
    while found and found not in lines:
        found = found[:-1]
    where = f", line {lines[found]}: " if found else ": "
    if kind == "extra_forbidden":
        message = _unknown(location, content, schema)
    elif kind == "unknown":
        known, given = context["known"], detail["input"]
        message = f"{detail['msg']} {given!r}, there are {', '.join(known)}{_meant(given, known)}"
    elif kind in _WORDS:
        message = _WORDS[kind].format(**context, name=".".join(location))
    else:
        message = str(detail["msg"]).removeprefix("Value error, ")
    if kind == "literal_error":
        given = location[-1] if detail["loc"][-1] == "[key]" else detail["input"]
        message += _meant(given, re.findall(r"'([^']*)'", context["expected"]))
    return f"{where}{_name(location, content)}: {message}"


def _unknown(location: tuple[str, ...], content: Any, schema: type[BaseModel]) -> str:
    value = _value(location, content)
    is_table = isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    )
    known = _known(location[:-1], schema)
    meant = _meant(location[-1], known) or _elsewhere(location[-1], schema)
    return f"there is no such {'table' if is_table else 'option'}" + (
        meant or f"; known here: {', '.join(known)}"
    )


def _elsewhere(name: str, schema: type[BaseModel]) -> str:
    """The table that has an option of this name, which stands in another one or in none."""
    for table, field in schema.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel) and name in kind.model_fields:
            return f"; it belongs into [{table}]"
    return ""


def _known(location: Sequence[str], schema: type[BaseModel]) -> list[str]:
    """Names that may stand in the table at a location."""
    current: Any = schema
    for part in location:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[part].annotation
        else:  # a list or mapping of tables
            current = next(a for a in current.__args__ if isinstance(a, type) and issubclass(a, BaseModel))
    return list(current.model_fields)


def _meant(given: Any, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(str(given).lower(), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _name(location: tuple[str, ...], content: Any) -> str:
    """``model.name``, ``input 'speed', min`` or ``input 2, unit``: inputs by name, else counted from 1."""
    if len(location) < 2 or location[0] != "inputs" or not location[1].isdigit():
        return ".".join(location) or "the file"
    said = _value((*location[:2], "name"), content)
    label = repr(said) if isinstance(said, str) and said else str(int(location[1]) + 1)
    return ", ".join([f"input {label}", *location[2:]])


def _value(location: Sequence[str], content: Any) -> Any:
    """What stands at a location; None when there is nothing."""
    for part in location:
        if isinstance(content, dict):
            content = content.get(part)
        elif isinstance(content, list) and part.isdigit() and int(part) < len(content):
            content = content[int(part)]
        else:
            return None
    return content


_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")


def line_numbers(text: str) -> dict[tuple[str, ...], int]:
    """Line of every table and key; good enough to point at a mistake."""
    lines: dict[tuple[str, ...], int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _path(header.group(2))
            if header.group(1) == "[[":
                lines.setdefault(table, number)
                index = counts.get(table, 0)
                counts[table] = index + 1
                table = (*table, str(index))
            _note(lines, table, number)
        elif key := _KEY.match(line):
            _note(lines, (*table, *_path(key.group(1))), number)
    return lines


def _note(lines: dict[tuple[str, ...], int], path: tuple[str, ...], number: int) -> None:
    """Notes the line of a path, and of the tables above it that no line before has named."""
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], number)


def _path(dotted: str) -> tuple[str, ...]:
    return tuple(next(g for g in match.groups() if g is not None) for match in _PART.finditer(dotted))
