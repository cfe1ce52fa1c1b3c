"""Compiling the elementary functions and the programs that measure them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ecu_bundle.generation.sources import WARNING_FLAGS
from runtime.build import CHECKOUT, run, succeed

MATH = CHECKOUT / "runtime" / "src" / "native" / "math"
PROGRAMS = Path(__file__).parent / "programs"

CONTRACT = ("-std=c++17", "-ffp-contract=off", "-fno-exceptions", "-fno-rtti")
WARNINGS = (*WARNING_FLAGS, "-Wno-psabi", "-Werror")


def sources(*, double: bool = True) -> list[Path]:
    """Sources of the functions, in order of name; those for float64 only where wanted."""
    return sorted(path for path in MATH.glob("*.cpp") if double or not path.stem.endswith("_double"))


def compile_program(
    output: Path, program: str, *, compiler: str = "g++", flags: Sequence[str] = ("-O2",)
) -> Path:
    """Links `programs/<program>.cpp` with all functions; later flags win over the contract's."""
    own = [PROGRAMS / f"{program}.cpp", *sources()]
    include = ("-I", MATH.parents[1])
    succeed([compiler, *CONTRACT, *WARNINGS, *flags, *include, *own, "-o", output, "-lm"])
    return output


def lines(command: Sequence[str | Path]) -> list[list[str]]:
    """Words of each line that a program prints."""
    outcome = run(command)
    assert outcome.status == 0, outcome.output
    return [line.split() for line in outcome.output.splitlines()]
