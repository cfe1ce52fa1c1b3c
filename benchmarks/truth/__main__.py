"""``python -m benchmarks.truth``: prints how true the conversion is; ``--update-docs`` writes the page."""

from __future__ import annotations

import argparse
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.subjects import CHECKOUT
from benchmarks.truth.cases import TREES, data_sets, smooth_models
from benchmarks.truth.certificate import Cost, measure_certificate
from benchmarks.truth.page import page
from benchmarks.truth.smooth import SmoothResult, measure_smooth
from benchmarks.truth.standard import convert_standard
from benchmarks.truth.trees import TreeResult, measure_trees

COST_DATA = ("breast cancer", "digits")
ALL_ROWS = 10_000


def main() -> int:
    """Measures, prints the page; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth", description=__doc__)
    parser.add_argument("--only", default="", help="only models whose name contains this text")
    parser.add_argument("--update-docs", action="store_true", help="also write docs/truth.md")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    text = page(*measure(options.only))
    if options.update_docs:
        (CHECKOUT / "docs" / "truth.md").write_text(text, encoding="utf-8")
    print(text, end="")
    return 0


def measure(only: str = "") -> tuple[list[TreeResult], list[SmoothResult], list[Cost]]:
    """All figures of the models whose name contains a text; costs only when there is none."""
    sets = {data.name: data for data in data_sets()}
    trees, smooth, costs = [], [], []
    # what we register with skl2onnx lasts as long as the process, and so does a peak of memory
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        for case in TREES:
            for data in sets.values():
                if only in case.name:
                    _say(f"{case.name}, {data.name}")
                    trees.append(
                        measure_trees(
                            case, data, lambda *model: other.submit(convert_standard, *model).result()
                        )
                    )
    for name, (data_name, estimator) in smooth_models().items():
        if only in name:
            _say(f"{name}, {data_name}")
            smooth.append(measure_smooth(name, estimator, sets[data_name]))
    for data in () if only else data_sets(ALL_ROWS):
        if data.name in COST_DATA:
            _say(f"cost of the proof, {data.name}")
            with ProcessPoolExecutor(1, get_context("spawn")) as other:
                costs.append(other.submit(measure_certificate, data).result())
    return trees, smooth, costs


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
