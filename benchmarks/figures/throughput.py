"""Rows per second of a forest through the Python API: ``python -m benchmarks.figures.throughput``."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import ecu_bundle
from ecu_bundle.artifacts import OnnxModel

ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Throughput:
    """Of one model and a number of threads, each of which has an engine of its own and a share of the rows.

    Attributes:
        rows, threads: how many.
        seconds: of the clock, from the first call to the last return.
        processor: seconds of processor time of all threads, which other programs hardly lengthen. More than
            `seconds` only when threads run at the same time, so when calls release the interpreter's lock.
    """

    rows: int
    threads: int
    seconds: float
    processor: float

    @property
    def rate(self) -> float:
        """Rows per second of the clock."""
        return self.rows / self.seconds

    @property
    def processor_rate(self) -> float:
        """Rows per second of processor time."""
        return self.rows / self.processor


def forest() -> tuple[OnnxModel, NDArray[np.float32]]:
    """100 trees of depth 10 on the breast cancer data, and its rows."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import RandomForestClassifier

    values, wanted = load_breast_cancer(return_X_y=True)
    values = values.astype(np.float32)
    trained = RandomForestClassifier(n_estimators=100, max_depth=10, random_state=0).fit(values, wanted)
    return ecu_bundle.convert(trained, sample=values), values


def measure_throughput(model: OnnxModel, rows: NDArray[np.float32], threads: int) -> Throughput:
    """Runs all rows on the native engine, in one call for each thread.

    Args:
        model: with one matrix as input.
        rows: (rows, features).
        threads: at least 1.
    """
    shares = np.array_split(rows, threads)
    engines = [ecu_bundle.Engine.open(model, engine="native") for _ in shares]
    spans: list[tuple[float, float, float]] = []
    ready = threading.Barrier(threads)

    def work(engine: ecu_bundle.Engine, share: NDArray[np.float32]) -> None:
        ready.wait()
        begin, processor = time.perf_counter(), time.thread_time()
        engine.run(share)
        spans.append((begin, time.perf_counter(), time.thread_time() - processor))

    workers = [threading.Thread(target=work, args=pair) for pair in zip(engines, shares, strict=True)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for engine in engines:
        engine.close()
    begins, ends, processor = zip(*spans, strict=True)
    return Throughput(len(rows), threads, max(ends) - min(begins), sum(processor))


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures.throughput", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"[{ROWS}]")
    options = parser.parse_args(arguments)
    model, known = forest()
    rows = np.random.default_rng(0).permutation(np.resize(known, (options.rows, known.shape[1])))
    busy = os.getloadavg()[0]
    print("| threads | rows | seconds | rows per second | processor seconds | rows per processor second |")
    print("|---:|---:|---:|---:|---:|---:|")
    for threads in (1, 2):
        found = measure_throughput(model, rows, threads)
        seconds = f"{found.seconds:.2f} | {found.rate:,.0f} | {found.processor:.2f}"
        print(f"| {threads} | {found.rows:,} | {seconds} | {found.processor_rate:,.0f} |", flush=True)
    print(f"load of the machine before: {busy:.1f}, {os.cpu_count()} cores", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
