"""How much longer the same rows take through the Python package of ONNX Runtime."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from ecu_bundle.engine import Engine
from ecu_bundle.parity.generation import generate_rows
from ecu_bundle.parity.session import open_session
from ecu_bundle.records import read_delivered

ROWS = 200
ROUNDS = 25


@dataclass(frozen=True, slots=True)
class PythonRatio:
    """Time in Python divided by time in the engine; medians, taken in turns in one process.

    Attributes:
        ratio: above 1: the engine is faster.
        rows: rows of a round, one call each.
        rounds: of both.
    """

    ratio: float
    rows: int
    rounds: int


def compare_with_python(bundle: Path, *, rounds: int = ROUNDS) -> PythonRatio:
    """Runs the model of a bundle for this machine row by row: in Python, and in the C++ runtime.

    Both use the installed ONNX Runtime with the same settings. The Python side gets its arrays ready
    made, so only its calls are timed.
    """
    manifest, records = read_delivered(bundle)
    model = records.model
    rows = generate_rows(model).rows.take(slice(ROWS))
    session = open_session(model.data)
    types = {t.name: np.int64 if t.dtype == "int32" else np.float32 for t in model.interface.inputs}
    feeds = [
        {name: rows.tensors[name][i : i + 1].astype(dtype) for name, dtype in types.items()}
        for i in range(len(rows))
    ]
    names = [tensor.name for tensor in model.interface.outputs]

    def in_python() -> None:
        for feed in feeds:
            session.run(names, feed)

    with Engine.open(model, manifest.engine) as engine:
        times = [(_seconds(in_python), _seconds(lambda: engine.run_rows(rows))) for _ in range(rounds + 1)]
    python, runtime = (median(column) for column in zip(*times[1:], strict=True))
    return PythonRatio(round(python / runtime, 2), len(rows), rounds)


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
