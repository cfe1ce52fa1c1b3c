"""Bundles of the subjects: made by the command line in a process of its own, then built to stay."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.subjects import Subject
from ecu_bundle.building.driver import BuildResult, build_bundle
from ecu_bundle.building.processes import run
from ecu_bundle.errors import InternalError
from ecu_bundle.manifest import Manifest, read_manifest

_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Made:
    """The bundle of a subject, proved by the pipeline and built."""

    subject: Subject
    manifest: Manifest
    result: BuildResult


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the pipeline.

    Attributes:
        total: seconds from the start of the process to its end.
        stages: seconds by stage, in order.
    """

    total: float
    stages: dict[str, float]


def bundle_folder(subject: Subject, root: Path) -> Path:
    """Where `run_pipeline` puts the bundle."""
    return root / subject.folder / "bundle"


def run_pipeline(subject: Subject, root: Path) -> Run:
    """Makes and proves the bundle in a new process, as a user does: imports count.

    Raises:
        InternalError: the pipeline failed; the place has its last lines.
    """
    command = [sys.executable, "-m", "ecu_bundle.cli", "build", str(subject.model), "--json"]
    command += ["--target", subject.target.name, "--engine", subject.engine]
    command += ["--output", str(bundle_folder(subject, root))]
    begin = time.perf_counter()
    finished = run(command, stage="benchmark", seconds=_SECONDS)
    total = time.perf_counter() - begin
    if not finished.ok:
        raise InternalError("benchmark", f"no bundle, {finished.ending}", place=finished.last_lines)
    return Run(total, json.loads(finished.stdout)["seconds"])


def make(subject: Subject, root: Path) -> Made:
    """Builds the bundle that `run_pipeline` made.

    Raises:
        BundleError: of the build.
    """
    folder = bundle_folder(subject, root)
    result = build_bundle(folder, subject.target, root / subject.folder / "build")
    return Made(subject, read_manifest(folder), result)
