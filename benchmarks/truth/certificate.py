"""Time and memory of the proof for a forest of 100 trees of depth 10; run in a process of its own."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.truth.cases import Data


@dataclass(frozen=True, slots=True)
class Cost:
    """What the proof costs.

    Attributes:
        splits: of all trees.
        rows: compared.
        convert, prove: seconds that passed.
        processor: seconds of processor time of both.
        silence: longest time between two lines of progress, or before the first or after the last, seconds.
        peak: MiB, resident at most; before the model was converted in ``start``.
    """

    data: str
    splits: int
    rows: int
    convert: float
    prove: float
    processor: float
    start: float
    peak: float
    silence: float


def measure_certificate(data: Data, trees: int = 100, depth: int = 10) -> Cost:
    """Fits, converts and proves; the peak is that of the whole process."""
    from sklearn.ensemble import RandomForestClassifier

    from ecu_bundle.conversion import convert
    from ecu_bundle.loading import from_estimator
    from ecu_bundle.parity import check_parity

    forest = RandomForestClassifier(trees, max_depth=depth, random_state=0).fit(data.rows, data.target)
    loaded = from_estimator(forest)
    before, used, start = _resident(), time.process_time(), time.perf_counter()
    model = convert(loaded)
    converted = time.perf_counter()
    told = [converted]
    report = check_parity(loaded, model, data=data.rows, progress=lambda _: told.append(time.perf_counter()))
    done = time.perf_counter()
    witnesses = report.proof.witnesses
    return Cost(
        data=data.name,
        splits=witnesses.proved if witnesses else 0,
        rows=len(report.rows),
        convert=converted - start,
        prove=done - converted,
        processor=time.process_time() - used,
        start=before,
        peak=_resident(),
        silence=max(b - a for a, b in pairwise([*told, done])),
    )


def _resident() -> float:
    """MiB at most so far (VmHWM, Linux). ``ru_maxrss`` would start with the peak of the parent process."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024.0 if found else 0.0
