"""Seconds of the pipeline, from the model file to the verified bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.bundles import run_pipeline
from benchmarks.subjects import Subject

REPEATS = 3


@dataclass(frozen=True, slots=True)
class PipelineTimes:
    """Medians over new processes.

    Attributes:
        total: seconds of the whole process, start of Python included.
        stages: seconds by stage; a stage that is the first to need a package pays for its import.
    """

    total: float
    stages: dict[str, float]


def measure_pipeline(subject: Subject, root: Path, *, repeats: int = REPEATS) -> PipelineTimes:
    """Makes the bundle of a subject several times; the last one stays.

    Raises:
        InternalError: the pipeline failed.
    """
    runs = [run_pipeline(subject, root) for _ in range(repeats)]
    stages = {name: round(median(r.stages[name] for r in runs), 3) for name in runs[0].stages}
    return PipelineTimes(round(median(r.total for r in runs), 3), stages)
