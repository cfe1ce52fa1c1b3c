"""The probe: a small program around the library of a bundle, whose calls are counted from outside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bundles import Made
from ecu_bundle.building.processes import run
from ecu_bundle.errors import InternalError

_PROGRAMS = Path(__file__).parent / "programs"
_COMPILE_SECONDS = 120.0
_RUN_SECONDS = 300.0
_WARNINGS = ("-Wall", "-Wextra", "-Werror")


@dataclass(frozen=True, slots=True)
class Phase:
    """What the probe says about one phase.

    Attributes:
        resident_kib, peak_kib: memory at its end, and the highest until then.
        allocations, allocated_bytes: in the phase; 0 where they are not counted.
    """

    resident_kib: int
    peak_kib: int
    allocations: int
    allocated_bytes: int


@dataclass(frozen=True, slots=True)
class Probed:
    """What a run of the probe gave.

    Attributes:
        rows: golden rows; each was run once.
        start, opened, ran: before open, in open, in all runs together.
        stderr: with the lines of the instruction counter, where it watched.
    """

    rows: int
    start: Phase
    opened: Phase
    ran: Phase
    stderr: str


def compile_probe(made: Made, folder: Path, *, count_allocations: bool = False) -> Path:
    """Compiles the probe with the compiler and flags of the bundle's library.

    Raises:
        ToolMissingError: no compiler.
        InternalError: it does not compile.
    """
    result = made.result
    program = folder / ("probe_allocations" if count_allocations else "probe")
    folder.mkdir(parents=True, exist_ok=True)
    bundle = result.bundle_dir
    sources = [_PROGRAMS / "probe.cpp", bundle / "tests/golden_vectors.cpp"]
    if count_allocations:
        sources.append(_PROGRAMS / "allocations.cpp")
    include = [f"-I{path}" for path in (_PROGRAMS, bundle / "include", bundle / "tests")]
    link = [str(result.library), "-ldl"]
    if result.onnxruntime is not None:
        link.append(f"-Wl,-rpath,{result.onnxruntime.parent}")
    compiler = f"{made.subject.target.tool_prefix}g++"
    _compile([compiler, "-std=c++17", *_WARNINGS, *result.flags, *include, *sources, *link, "-o", program])
    return program


def compile_counter(folder: Path) -> Path:
    """Compiles the plugin that counts instructions, for the emulator and so for this machine.

    Raises:
        ToolMissingError: no compiler.
        InternalError: it does not compile.
    """
    plugin = folder / "instruction_counter.so"
    folder.mkdir(parents=True, exist_ok=True)
    source = _PROGRAMS / "instruction_counter.c"
    _compile(["gcc", "-std=c11", *_WARNINGS, "-O2", "-fPIC", "-shared", source, "-o", plugin])
    return plugin


def run_probe(program: Path, emulator: tuple[str, ...] = (), counter: Path | None = None) -> Probed:
    """Runs the probe, under an emulator when one is given, watched by the counter when one is given.

    Raises:
        ToolMissingError: no emulator.
        InternalError: the probe failed, or the emulator did not take the counter.
    """
    watch = ["-plugin", str(counter.resolve())] if counter else []
    finished = run([*emulator, *watch, program.resolve()], stage="benchmark", seconds=_RUN_SECONDS)
    if not finished.ok:
        raise InternalError("benchmark", f"the probe failed, {finished.ending}", place=finished.last_lines)
    figures = {
        name: [int(word) for word in rest.split()]
        for name, rest in re.findall(r"^(\w+) ([\d ]+)$", finished.stdout.decode(), re.M)
    }
    return Probed(
        rows=figures["rows"][0],
        start=Phase(*figures["start"]),
        opened=Phase(*figures["open"]),
        ran=Phase(*figures["run"]),
        stderr=finished.stderr,
    )


def _compile(command: list[str | Path]) -> None:
    finished = run(command, stage="benchmark", seconds=_COMPILE_SECONDS)
    if not finished.ok:
        raise InternalError(
            "benchmark", f"compiling the probe failed, {finished.ending}", place=finished.last_lines
        )
