"""The results as Markdown tables, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.results import Result, Results

_KIB = 1024


def markdown(results: Results) -> str:
    """Four tables: time, cost of open and run, memory, size."""
    tools = ", ".join(f"{name} {value}" for name, value in results.tools.items() if name != "machine")
    compilers = ", ".join(dict.fromkeys(r.counted.compiler for r in results.results))
    parts = [
        f"Measured on {results.tools['machine']}, with {tools}, compiler {compilers}.",
        "**Pipeline, seconds on the host**",
        _pipeline(results.results),
        "**Open and run, on each target**",
        _calls(results.results),
        "**Memory and time on the host**",
        _host(results.results),
        "**Bytes**",
        _sizes(results.results),
    ]
    return "\n\n".join(parts) + "\n"


def _pipeline(results: Iterable[Result]) -> str:
    timed = [(r, r.timed.pipeline) for r in results if r.timed]
    stages = list(timed[0][1].stages) if timed else []
    rows = [
        [r.example, r.engine, *(f"{times.stages[s]:.2f}" for s in stages), f"{times.total:.1f}"]
        for r, times in timed
    ]
    return _table(["example", "engine", *stages, "whole process"], rows, words=2)


def _calls(results: Iterable[Result]) -> str:
    rows = [
        [
            r.example,
            r.target,
            r.engine,
            f"{r.counted.instructions.open / 1e6:.1f} M",
            f"{r.counted.instructions.run:,}",
            f"{r.counted.allocations.open:,}",
            f"{r.counted.allocations.run:g}",
            f"{r.counted.allocations.run_bytes:,.0f}",
        ]
        for r in results
    ]
    heads = ["example", "target", "engine", "instructions of open", "instructions of a run"]
    heads += ["allocations of open", "allocations of a run", "bytes allocated in a run"]
    return _table(heads, rows, words=3)


def _host(results: Iterable[Result]) -> str:
    rows = [
        [
            r.example,
            r.engine,
            *(f"{kib / _KIB:.1f}" for kib in (memory.start, memory.opened, memory.peak)),
            f"{r.timed.python.ratio:.2f}" if r.timed else "",
        ]
        for r in results
        if (memory := r.counted.memory)
    ]
    heads = ["example", "engine", "MiB before open", "MiB after open", "MiB at peak"]
    return _table([*heads, "Python time / engine time"], rows, words=2)


def _sizes(results: Iterable[Result]) -> str:
    rows = [
        [
            r.example,
            r.target,
            r.engine,
            *(
                f"{number:,}"
                for number in (s.engine, s.runtime, s.model - s.image, s.image, s.arena, s.onnxruntime)
            ),
        ]
        for r in results
        for s in (r.counted.sizes,)
    ]
    heads = ["example", "target", "engine", "engine code", "runtime code", "model code", "model image"]
    return _table([*heads, "arena", "ONNX Runtime"], rows, words=3)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, words: int) -> str:
    """A table whose first `words` columns are text and whose others are numbers."""
    rule = ["---" if column < words else "---:" for column in range(len(heads))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heads, rule, *rows))
