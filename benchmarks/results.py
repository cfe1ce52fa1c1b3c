"""All figures of a run, and how they are gathered."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.bundles import bundle_folder, make, run_pipeline
from benchmarks.figures.allocations import Allocations, count_allocations
from benchmarks.figures.instructions import Instructions, count_on_host, count_under_qemu
from benchmarks.figures.memory import Memory, measure_memory
from benchmarks.figures.pipeline import REPEATS, PipelineTimes, measure_pipeline
from benchmarks.figures.python_ratio import ROUNDS, PythonRatio, compare_with_python
from benchmarks.figures.sizes import Sizes, sizes_of
from benchmarks.probe import compile_counter, compile_probe
from benchmarks.subjects import Subject

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Timed:
    """Figures in seconds; taken on the host while nothing else runs."""

    pipeline: PipelineTimes
    python: PythonRatio


@dataclass(frozen=True, slots=True)
class Counted:
    """Figures that do not depend on what else the machine does; memory only on the host."""

    compiler: str
    instructions: Instructions
    allocations: Allocations
    memory: Memory | None
    sizes: Sizes


@dataclass(frozen=True, slots=True)
class Result:
    """All figures of one subject."""

    example: str
    target: str
    engine: str
    timed: Timed | None
    counted: Counted


@dataclass(frozen=True, slots=True)
class Results:
    """All figures of a run, and the versions of what they depend on."""

    tools: dict[str, str]
    results: tuple[Result, ...]

    def to_json(self) -> bytes:
        """Keys in the order of the fields, two spaces, final newline."""
        return (json.dumps(asdict(self), indent=2) + "\n").encode()


def gather(
    subjects: Iterable[Subject], root: Path, *, repeats: int = REPEATS, rounds: int = ROUNDS, say: Say
) -> Results:
    """Measures every subject: first times, one after the other, then counts, side by side.

    Args:
        subjects: what to measure.
        root: folder for bundles and programs; what an earlier run left there is replaced.
        repeats, rounds: of the times.
        say: is told what is measured.

    Raises:
        BundleError: a bundle cannot be made, or a tool is missing.
    """
    chosen = tuple(subjects)
    timed = [_time(s, root, repeats=repeats, rounds=rounds, say=say) if s.on_host else None for s in chosen]
    counter = compile_counter(root)

    def count(subject: Subject, times: Timed | None) -> Result:
        say(f"counts of {subject.folder}")
        if times is None:
            run_pipeline(subject, root)
        counted = _count(subject, root, counter)
        return Result(subject.example, subject.target.name, subject.engine, times, counted)

    with ThreadPoolExecutor(os.cpu_count() or 1) as workers:
        return Results(_tools(), tuple(workers.map(count, chosen, timed)))


def _time(subject: Subject, root: Path, *, repeats: int, rounds: int, say: Say) -> Timed:
    say(f"times of {subject.folder}")
    pipeline = measure_pipeline(subject, root, repeats=repeats)
    return Timed(pipeline, compare_with_python(bundle_folder(subject, root), rounds=rounds))


def _count(subject: Subject, root: Path, counter: Path) -> Counted:
    made = make(subject, root)
    folder = root / subject.folder / "probe"
    probe = compile_probe(made, folder)
    counting = compile_probe(made, folder, count_allocations=True)
    emulator = made.result.emulator
    return Counted(
        compiler=made.result.compiler,
        instructions=count_on_host(made) if subject.on_host else count_under_qemu(probe, emulator, counter),
        allocations=count_allocations(counting, emulator),
        memory=measure_memory(probe) if subject.on_host else None,
        sizes=sizes_of(made),
    )


def _tools() -> dict[str, str]:
    packages = ("ecu-bundle", "onnxruntime", "scikit-learn")
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }
