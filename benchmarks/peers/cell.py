"""One model with one tool, in a process of its own: ``python -m benchmarks.peers.cell``."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.compared import OURS, Cost, Truth, judge, truth_of
from benchmarks.peers.measure import (
    PROGRAMS,
    OnM4,
    OnX86,
    ToolError,
    archive,
    explained,
    on_m4,
    on_x86,
    write_rows,
)
from ecu_bundle.building.processes import run
from ecu_bundle.errors import InternalError, UnsupportedModelError

_GENERATOR = Path(__file__).with_name("generate.py")
GENERATE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A trained model in a folder: ``model.joblib``, and ``rows.npz`` so that a cell needs no scikit-learn.

    Attributes:
        folder: of both files.
        rows: float32 that training has not seen, (rows, features).
        truth: what scikit-learn makes of them.
    """

    folder: Path
    rows: NDArray[np.float32]
    truth: Truth

    @property
    def model(self) -> Path:
        """The estimator."""
        return self.folder / "model.joblib"

    @property
    def digest(self) -> str:
        """Of the rows and what scikit-learn makes of them."""
        return hashlib.sha256(self.rows.tobytes() + self.truth.numbers.tobytes()).hexdigest()[:16]


def save(estimator: Any, rows: NDArray[np.float32], folder: Path) -> Subject:
    """Writes a trained model and what it is judged by."""
    folder.mkdir(parents=True, exist_ok=True)
    subject = Subject(folder, rows, truth_of(estimator, rows))
    joblib.dump(estimator, subject.model)
    truth = subject.truth
    labels = np.array([]) if truth.labels is None else truth.labels
    np.savez(folder / "rows.npz", rows=rows, labels=labels, numbers=truth.numbers, positive=truth.positive)
    return subject


def load(folder: Path) -> Subject:
    """The reverse of `save`."""
    with np.load(folder / "rows.npz") as found:
        labels = found["labels"] if len(found["labels"]) else None
        truth = Truth(labels, found["numbers"], bool(found["positive"]))
        return Subject(folder, found["rows"], truth)


def compare(tool: str, subject: Subject, folder: Path, python: Path) -> Cost:
    """Builds, runs and judges one model with one tool.

    Args:
        tool: of `TOOLS`.
        subject: the model.
        folder: emptied, and filled with sources and programs.
        python: of the peers' environment.

    Raises:
        BundleError: what all tools need is missing or broken.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        made = _made(tool, subject, folder, python)
    except UnsupportedModelError as error:
        return Cost("refused", str(error.cause))
    except ToolError as error:
        return Cost("failed", str(error))
    if "status" in made:
        return Cost(made["status"], made["reason"])
    sources = [folder / name for name in made["sources"]]
    sources += [write_rows(subject.rows, made["count"], folder), PROGRAMS / "peer_probe.c"]
    cost = Cost(rows=len(subject.rows), span=subject.truth.span)
    reasons = []
    for name, prefix in (("x86-64", ""), ("Cortex-M4F", "arm-none-eabi-")):
        if prefix and made["engine"] == "ort":
            continue
        try:
            library = archive(prefix, made["engine"], folder.parents[1]) if made["engine"] else None
            on = on_m4 if prefix else on_x86
            cost = _judged(cost, made, subject.truth, on(sources, folder, made["include"], library))
        except ToolError as error:
            reasons.append(f"{name}: {error}")
    if not (cost.m4 or cost.x86):
        return Cost("failed", reasons[0])
    return replace(cost, reason="; ".join(reasons))


def _made(tool: str, subject: Subject, folder: Path, python: Path) -> dict[str, Any]:
    """What is to be compiled and what it gives, or a status and a reason."""
    if tool in (OURS, "onnxruntime"):
        from benchmarks.peers import ours

        return ours.write(tool, joblib.load(subject.model), subject.rows, folder)
    command: list[str | Path] = [python, _GENERATOR, tool, subject.model, folder]
    with tempfile.TemporaryDirectory() as scratch:
        done = run(command, stage="benchmark", seconds=GENERATE_SECONDS, folder=Path(scratch))
    lines = [line for line in done.stdout.decode().splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise ToolError(explained(done))
    return {"engine": None, **json.loads(lines[0].removeprefix("RESULT "))}


def _judged(cost: Cost, made: dict[str, Any], truth: Truth, found: OnM4 | OnX86) -> Cost:
    """With the figures of one more processor; of results the worst is kept."""
    try:
        wrong, error = judge(made["kind"], found.words, truth)
    except ValueError as problem:
        raise ToolError(str(problem)) from problem
    if wrong is not None:
        wrong = max(wrong, cost.wrong_labels or 0)
    if error is not None:
        error = max(error, cost.error or 0.0)
    cost = replace(cost, wrong_labels=wrong, error=error)
    if isinstance(found, OnX86):
        return replace(cost, x86=found.mean)
    return replace(
        cost,
        m4=found.mean,
        m4_most=found.most,
        flash=found.flash,
        data=found.data,
        bss=found.bss,
        stack=found.stack,
    )


def measured(tool: str, subject: Subject, folder: Path, python: Path, seconds: float) -> Cost:
    """The same as `compare`, in a process of its own.

    Raises:
        BundleError: what all tools need is missing or broken.
    """
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "benchmarks.peers.cell",
        tool,
        subject.folder,
        folder,
        python,
    ]
    root = Path(__file__).parents[2]
    done = run(command, stage="benchmark", seconds=seconds, folder=root)
    if done.code is None:
        return Cost("failed", f"more than {seconds:.0f} s in all")
    lines = [line for line in done.stdout.decode().splitlines() if line.startswith("COST ")]
    if not done.ok or not lines:
        raise InternalError(
            "benchmark", f"{subject.folder.name} with {tool}: {done.ending}", place=done.last_lines
        )
    return Cost(**json.loads(lines[0].removeprefix("COST ")))


def main() -> int:
    """Prints the cost as JSON."""
    tool, model, folder, python = sys.argv[1:]
    cost = compare(tool, load(Path(model)), Path(folder), Path(python))
    print("COST " + json.dumps(asdict(cost)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
