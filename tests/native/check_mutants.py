"""Leaves out one check of the kernels after the other: all in one build, chosen by a number.

What is left out: each ``fields.reads``, ``fields.writes`` and ``fields.length``, and each part of the
conditions of ``fields.expect``, of returns that are conjunctions, and of ``if`` with ``return false``, inside
of functions whose names say that they check. ``fields.good`` is no check of its own: ``fields.done`` follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

DECLARATION = 'extern "C" {\nextern int ecu_mutant;\n}\n'
_FUNCTION = re.compile(
    r"^(?:ECU_COLD |static |\[\[nodiscard\]\] )*(?:  ECU_COLD static )?"
    r"(?:bool|void|Record|uint32_t) (?:[A-Z]\w+::)?((?:check|valid|expect|read)\w*)"
    r"\([^;{]*\)\s*noexcept \{\n",
    re.MULTILINE,
)
_STATEMENT = re.compile(r"fields\.(reads|writes|expect)\(|\breturn |\bif \(")


class Mutants:
    """Collects what is left out, by number."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, place: str, text: str) -> int:
        self.texts.append(f"{place}: {' '.join(text.split())}")
        return len(self.texts) - 1

    def file(self, source: Path) -> str:
        """The text of a source with all its mutants."""
        text = source.read_text()
        out, at = [], 0
        for name, start, end in functions(text):
            out += [text[at:start], self._body(f"{source.name} {name}", text[start:end])]
            at = end
        return "".join([*out, text[at:]])

    def _body(self, place: str, body: str) -> str:
        out, at = [], 0
        while (found := _STATEMENT.search(body, at)) is not None:
            kind = found.group(1) or found.group(0)
            if kind == "return ":
                end = body.index(";", found.end())
                new = self._conjunction(place, body[found.end() : end])
                out += [body[at : found.end()], new]
            else:
                end = _closing(body, found.end())
                inside = body[found.end() : end]
                if kind in ("reads", "writes"):
                    number = self.add(place, body[found.start() : end + 1])
                    out += [body[at : found.start()], f"if (ecu_mutant != {number}) "]
                    out += [body[found.start() : found.end()], inside]
                elif kind == "expect":
                    out += [body[at : found.end()], self._conjunction(place, inside)]
                elif re.match(r"\) \{\n\s+return false;", body[end:]):
                    out += [body[at : found.end()], self._disjunction(place, inside)]
                else:
                    out += [body[at : found.end()], inside]
            at = end
        text = "".join([*out, body[at:]])
        return re.sub(r"fields\.length\(\)", lambda _: self._length(place), text)

    def _length(self, place: str) -> str:
        number = self.add(place, "length, but for 0")
        return f"(ecu_mutant == {number} ? fields.word() : fields.length())"

    def _conjunction(self, place: str, condition: str) -> str:
        return self._parts(place, condition, "&&", lambda n, c: f"(ecu_mutant == {n} || ({c}))")

    def _disjunction(self, place: str, condition: str) -> str:
        return self._parts(place, condition, "||", lambda n, c: f"(ecu_mutant != {n} && ({c}))")

    def _parts(self, place: str, condition: str, operator: str, wrap: Callable[[int, str], str]) -> str:
        parts = _split(condition, operator)
        if operator == "&&" and len(parts) == 1 and not re.search(r"[<>=]|done\(\)|check", condition):
            return condition
        trivial = ("true", "false", "fields.good()", "!fields.good()")
        return f" {operator} ".join(
            part if part.strip() in trivial else wrap(self.add(place, part), part) for part in parts
        )


def functions(text: str) -> Iterator[tuple[str, int, int]]:
    """Name, begin and end of the bodies of functions that check."""
    for found in _FUNCTION.finditer(text):
        indent = re.match(r" *", text[found.start() :])
        assert indent is not None
        end = text.index(f"\n{indent.group()}}}\n", found.end() - 1)
        yield found.group(1), found.end(), end


def _closing(text: str, at: int) -> int:
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at - 1


def _split(condition: str, operator: str) -> list[str]:
    """The parts between operators outside of parentheses; whole where the other operator is beside them."""
    depth, parts, start, at = 0, [], 0, 0
    other = {"&&": "||", "||": "&&"}[operator]
    while at < len(condition):
        depth += {"(": 1, ")": -1, "{": 1, "}": -1}.get(condition[at], 0)
        if depth == 0 and condition.startswith(other, at) and operator == "&&":
            return [condition]
        if depth == 0 and condition.startswith(operator, at):
            parts.append(condition[start:at])
            start = at + 2
        at += 1
    return [*parts, condition[start:]]
