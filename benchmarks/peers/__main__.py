"""``python -m benchmarks.peers``: the native engine beside other generators, in tables and one picture."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks import native_models
from benchmarks.peers.cell import Subject, load, measured, save
from benchmarks.peers.chart import chart
from benchmarks.peers.compared import MODELS, OURS, TOOLS, Cost
from benchmarks.peers.environment import PACKAGES, Environment, default_place, environment, pins
from benchmarks.peers.measure import tool_versions
from benchmarks.peers.page import page
from benchmarks.peers.store import Cells, Results, chosen, harness_digest, loads, require_same
from benchmarks.subjects import CHECKOUT
from ecu_bundle.errors import BundleError, UsageError

_PAGE = CHECKOUT / "docs" / "peers.md"
_CELL_SECONDS = 7200.0
"""The last resort; compilers, generators and programs have limits of their own."""


@dataclass(frozen=True, slots=True)
class Options:
    """Of the command line."""

    model: list[str]
    tool: list[str]
    only: str
    output: Path
    environment: Path
    update_docs: bool
    known: bool

    @property
    def partial(self) -> bool:
        return bool(self.model or self.tool)


def parse(arguments: list[str] | None = None) -> Options:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--model", action="append", default=[], help="only this model; repeatable")
    parser.add_argument("--tool", action="append", default=[], choices=TOOLS, help="only this; repeatable")
    parser.add_argument(
        "--only",
        choices=("ours", "peers", "missing"),
        default="",
        help="measure ours, all others, or what was not run; the rest comes from docs/peers.json",
    )
    parser.add_argument("--output", type=Path, default=CHECKOUT / "build" / "peers", help="[build/peers]")
    parser.add_argument(
        "--environment", type=Path, default=default_place(), help="where the other tools are installed"
    )
    parser.add_argument("--update-docs", action="store_true", help="also write docs/peers.md, .svg and .json")
    parser.add_argument(
        "--known",
        action="store_true",
        help="measure nothing: write what a broken run left, the rest as not run",
    )
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints the page; returns the exit code."""
    try:
        return run(parse(arguments))
    except BundleError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)


def run(options: Options) -> int:
    """Measures what is asked for, and writes the page of all figures.

    Returns:
        0, or 1 when a tool is not installed, or a cell not run, or a result of ours is not right.
    """
    if options.partial and (options.only or options.update_docs):
        raise UsageError(
            "benchmark", "a page needs all models and tools", hint="leave out --model and --tool"
        )
    output = options.output.resolve()
    versions = {
        **tool_versions(),
        **{name: version(name) for name in ("scikit-learn", "onnxruntime", "skl2onnx")},
        **pins(),
    }
    subjects = _trained(options.model, output, versions)
    truths = {name: subject.digest for name, subject in subjects.items()}
    fresh = Results(versions, harness_digest(), truths, {})
    stored = _stored(fresh) if options.only else None
    kept = {name: stored.costs.get(name, {}) if stored else {} for name in subjects}
    tools = {name: chosen(options.only, tuple(options.tool), kept[name]) for name in subjects}
    wanted = set().union(*tools.values()) & set(PACKAGES) and not options.known
    place = environment(options.environment.resolve()) if wanted else Environment(Path(sys.executable), {})
    bench = _Bench(
        Cells(output / "cells", versions), place, output, options.known, sum(map(len, tools.values()))
    )
    costs: dict[str, dict[str, Cost]] = {}
    for name, subject in subjects.items():
        both = {**kept[name], **{tool: bench.cell(subject, tool) for tool in tools[name]}}
        costs[name] = {tool: both[tool] for tool in TOOLS if tool in both}
    results = Results(versions, fresh.harness, truths, costs)
    return _write(results, output, update_docs=options.update_docs)


def _trained(names: list[str], output: Path, versions: Mapping[str, str]) -> dict[str, Subject]:
    """The models, each in a folder for the processes that measure; trained once for each recipe."""
    folder, recipe = output / "models", Path(native_models.__file__).read_bytes()
    content = hashlib.sha256(recipe + json.dumps(dict(versions)).encode()).hexdigest()
    stamp = folder / "stamp"
    if unknown := set(names) - set(MODELS):
        raise UsageError("benchmark", f"there is no model {', '.join(sorted(unknown))}")
    if not stamp.exists() or stamp.read_text() != content:
        _say("training")
        for name, (estimator, rows) in native_models.models().items():
            save(estimator, rows, folder / name)
        stamp.write_text(content)
    return {name: load(folder / name) for name in MODELS if not names or name in names}


def _stored(fresh: Results) -> Results:
    place = _PAGE.with_suffix(".json")
    if not place.exists():
        raise UsageError("benchmark", "there are no figures of an earlier run", hint="run without --only")
    stored = loads(place.read_text())
    require_same(stored, fresh)
    return stored


@dataclass(slots=True)
class _Bench:
    """Measures cells, one after another, and keeps each in a file."""

    cells: Cells
    place: Environment
    output: Path
    known: bool
    total: int
    done: int = 0

    def cell(self, subject: Subject, tool: str) -> Cost:
        """From an earlier run that was broken off, or measured."""
        self.done += 1
        name, truth = subject.folder.name, subject.digest
        what = f"{self.done}/{self.total} {name}, {TOOLS[tool]}"
        begin, cost = time.perf_counter(), self.cells.get(name, truth, tool)
        took = "known"
        if cost is None and self.known:
            cost = Cost("not run")
        if cost is None and tool in self.place.missing:
            cost = Cost("not installed", self.place.missing[tool])
        elif cost is None:
            _say(f"{what} ...")
            folder = self.output / "work" / name / tool
            cost = measured(tool, subject, folder, self.place.python, _CELL_SECONDS)
            if cost.status != "not installed":
                self.cells.put(name, truth, tool, cost)
            took = f"{time.perf_counter() - begin:.0f} s"
        said = f"{cost.m4:,} on M4F, {cost.x86:,} on x86-64, {cost.verdict}" if cost.rows else cost.status
        _say(f"{what}: {said}{f' ({cost.reason})' if cost.reason else ''}, {took}")
        return cost


def _write(results: Results, output: Path, *, update_docs: bool) -> int:
    text, picture, figures = page(results), chart(results.costs), results.dumps()
    for place in (output / "peers.md", *([_PAGE] if update_docs else [])):
        place.write_text(text, encoding="utf-8")
        place.with_suffix(".svg").write_bytes(picture)
        place.with_suffix(".json").write_text(figures, encoding="utf-8")
    print(text, end="")
    bad = [
        f"{name}, {TOOLS[tool]}: {cost.reason or cost.verdict or cost.status}"
        for name, costs in results.costs.items()
        for tool, cost in costs.items()
        if cost.status in ("not installed", "not run") or (tool == OURS and cost.verdict != "right")
    ]
    for line in bad:
        _say(line)
    return 1 if bad else 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
