"""What differs between the certificate of a bundle and the same certificate computed again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from ecu_bundle.parity.certificate import Certificate

_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Change:
    """One field of the certificate that has another value now.

    Attributes:
        field: its place, for instance ``comparisons[0].outputs[1].max_ulp``.
        stored, now: the values as JSON text, shortened where they are long.
    """

    field: str
    stored: str
    now: str

    def __str__(self) -> str:
        return f"{self.field}: {self.stored} -> {self.now}"


def changes(stored: Certificate, now: Certificate) -> tuple[Change, ...]:
    """Every field that differs, in the order of the certificate."""
    return tuple(_differences("", stored, now))


def _differences(place: str, stored: Any, now: Any) -> Iterator[Change]:
    if isinstance(stored, BaseModel) and type(stored) is type(now):
        for name in type(stored).model_fields:
            inner = f"{place}.{name}" if place else name
            yield from _differences(inner, getattr(stored, name), getattr(now, name))
    elif isinstance(stored, dict) and isinstance(now, dict):
        for key in sorted(stored.keys() | now.keys()):
            yield from _differences(f"{place}[{key}]", stored.get(key), now.get(key))
    elif _is_list_of_parts(stored) and _is_list_of_parts(now) and len(stored) == len(now):
        for position, (one, other) in enumerate(zip(stored, now, strict=True)):
            yield from _differences(f"{place}[{position}]", one, other)
    elif _text(stored) != _text(now):
        yield Change(place, _shortened(_text(stored)), _shortened(_text(now)))


def _is_list_of_parts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(entry, BaseModel) for entry in value)


def _text(value: Any) -> str:
    """JSON, in which NaN equals itself."""
    plain = value.model_dump() if isinstance(value, BaseModel) else value
    return json.dumps(plain, sort_keys=True, default=lambda part: part.model_dump(), ensure_ascii=False)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
