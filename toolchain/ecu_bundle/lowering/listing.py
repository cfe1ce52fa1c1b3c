"""A program for people: one line for each operation, and what it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ecu_bundle.lowering.kernels import REFERENCES
from ecu_bundle.lowering.program import MISSING, Operation, Program, Reference, Space

_SPACES = {Space.WORKSPACE: "work", Space.CONSTANTS: "const", Space.INPUT: "input", Space.OUTPUT: "output"}


@dataclass(frozen=True, slots=True)
class Summary:
    """What a program takes.

    Attributes:
        operations: how many.
        kernels: how many operations each kernel has, by name.
        constants: bytes.
        workspace: bytes.
    """

    operations: int
    kernels: dict[str, int]
    constants: int
    workspace: int


def summary(program: Program) -> Summary:
    """The figures of a program; kernels in order of their numbers."""
    counts = Counter(operation.kernel.name for operation in program.operations)
    kernels = {name: counts[name] for name in program.kernels}
    return Summary(len(program.operations), kernels, len(program.constants), program.workspace)


def listing(program: Program) -> list[str]:
    """One line for each operation, for instance ``add_f32 out=output 0, a=work 16, b=const 0, (2,) ...``."""
    return [f"{operation.kernel.name} {', '.join(_words(operation))}" for operation in program.operations]


def _words(operation: Operation) -> Iterator[str]:
    words = iter(operation.words)
    rank = 0
    for name in operation.kernel.words:
        if name == "shape":
            rank = next(words)
            yield "x".join(str(next(words)) for _ in range(rank))
        elif name == "view":
            yield "(" + " ".join(str(next(words)) for _ in range(rank)) + ")"
        else:
            word = next(words)
            yield f"{name}={_reference(word) if name in REFERENCES else word}"


def _reference(word: int) -> str:
    if word == MISSING:
        return "none"
    reference = Reference.of(word)
    return f"{_SPACES[reference.space]} {reference.place}"
