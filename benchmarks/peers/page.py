"""docs/peers.md: a table for each thing that matters, then where others need less, and what failed why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from benchmarks.peers.cell import GENERATE_SECONDS
from benchmarks.peers.compared import CLOSE, MODELS, OURS, TOOLS, Cost
from benchmarks.peers.measure import COMPILE_BYTES, COMPILE_SECONDS, FLAGS, M4_FLAGS, RUN_SECONDS
from benchmarks.peers.store import Results

_HEAD = """# Beside other ways from scikit-learn to C

Written by `python -m benchmarks.peers --update-docs` (`make benchmarks-peers` measures the same and writes
`build/peers`). Eight models are trained, made into C by each tool, compiled by the same compiler with the
same flags, and run on {rows} rows that training has not seen: under QEMU as a Cortex-M4F, with the plugin
that counts instructions, and under callgrind on x86-64. Each result is compared with scikit-learn in float64.

| name | model |
|---|---|
{models}

![Instructions and flash of each model and tool on a Cortex-M4F](peers.svg)

"""
_MARKS = f"""A result is *right* when on every row the label is scikit-learn's and no number is further
from it than {CLOSE:g} of the largest one (of 1 for probabilities). Figures of other results carry a letter:
**n**, numbers are off by more than that; **w**, labels are wrong; **l**, the tool gives labels only, and all
are right. The smallest figure among right results, labels only included, is bold. A dash: the variant is for
other kinds of models. *Not run*: the run was broken off. *Refused* and *failed* are explained
[below](#what-was-refused-or-failed).

"""
_READING = f"""## How it is measured

Instructions are those of one row, mean over the rows, from float32 inputs to the numbers that the tool
gives; they are not cycles. Flash is code, constants and initial values of the linked program (.text, .rodata,
.data), less those of a program with an empty model. RAM is .data and .bss, stack that of one prediction.

- All are compiled with `{FLAGS}`, and for the Cortex-M4F with `{M4_FLAGS}` and newlib's small C library.
  Without fused products all processors give the same bits, which ecu-bundle needs; it costs the others a
  few instructions where they compute in float32.
- **ecu-bundle** is measured through its device API. Its flash holds the interpreter, the kernels that the
  model needs, and what reads the model image and checks its SHA-256; its RAM is the arena and the handle.
  The model is data: it can be replaced without a compiler. Of the others only emlearn's int16 tables and
  ONNX files can.
- **emlearn** lets the trees of a forest vote instead of averaging their probabilities, unless `leaf_bits`
  says in how many bits each probability is stored. It asks `<` where scikit-learn asks `<=`, and writes
  thresholds with six decimals: values on a threshold go the other way. Trees in float are branches
  (`inline`), the perceptron is a table (`loadable`). Its int16 tables take integers: code written by hand
  spreads each feature over 16 bits, moves the thresholds so that `<` is right, and is counted.
- **m2cgen** and **tl2cgen** compute in float64, which a Cortex-M4F does in software. tl2cgen gets one
  source file for each tree of a forest above 10,000 nodes, as it asks for (`parallel_comp`). Of a logistic
  regression of two classes m2cgen gives the score without the sigmoid, so a label.
- **micromlgen** gets the number that `gamma="scale"` stands for, which it asks for.
- Pipelines of a scaler and a model are taken by none of these four: the model is given to them, and the
  scaler written by hand in C, in float32.
- **ONNX Runtime** runs on the host only, one row at a time through its C API with fixed buffers, on one
  thread: skl2onnx's conversion after all of ONNX Runtime's own optimisations.

Limits, so that a run never hangs: {GENERATE_SECONDS:.0f} s for a tool to make its code, {COMPILE_SECONDS} s
of processor time and {COMPILE_BYTES >> 30} GiB for the compiler on one source file, {RUN_SECONDS} s for a
program. Not in the comparison: onnx2c, a C++ program that no package index has.

"""
_TAIL = """## Run it again

```sh
python -m benchmarks.peers --update-docs                  # everything; goes on where a broken run ended
python -m benchmarks.peers --only ours --update-docs      # our rows again, the others from docs/peers.json
python -m benchmarks.peers --only missing --update-docs   # only what was not run, or not installed
python -m benchmarks.peers --model dt --tool emlearn      # a part of it, printed
```

It needs the cross compiler, QEMU and valgrind of Debian 12. The other tools are installed from the package
index into an environment of their own, outside the checkout; where that fails the tables say so and the exit
status is 1. Figures were taken with {versions}.
"""
_LETTERS = {"numbers off": " n", "labels wrong": " w", "labels only": " l"}
_ON_M4 = [tool for tool in TOOLS if not tool.startswith("onnxruntime")]
_GOOD = ("right", "labels only")

_NONE = Cost("not applicable")

Costs = Mapping[str, Mapping[str, Cost]]


def page(results: Results) -> str:
    """The whole page."""
    costs = results.costs
    counts = [cost.rows for tools in costs.values() for cost in tools.values() if cost.rows]
    rows = f"{min(counts)} to {max(counts)}" if counts else "no"
    models = "\n".join(f"| {name} | {MODELS.get(name, name)} |" for name in costs)
    versions = ", ".join(
        f"{name} {text}" if text[:1].isdigit() else text for name, text in results.versions.items()
    )
    parts = [
        _HEAD.format(rows=rows, models=models),
        _MARKS,
        "## Instructions of a row, Cortex-M4F\n\n",
        _table(costs, lambda cost: cost.m4),
        "\n## Flash, bytes\n\n",
        _table(costs, lambda cost: cost.flash),
        "\n## Results\n\n",
        "Rows with a wrong label, and the largest error of a number.\n\n",
        _matrix(costs, _result, TOOLS),
        "\n## RAM and stack, bytes, Cortex-M4F\n\n",
        _matrix(costs, lambda cost: f"{cost.ram:,} + {cost.stack:,}" if cost.m4 else "", _ON_M4),
        "\n## Instructions of a row, x86-64\n\n",
        _table(costs, lambda cost: cost.x86),
        "\n## Where others need less than ecu-bundle\n\n",
        "All figures of others that are below ours, and what their results are.\n\n",
        _lower(costs),
        "\n## What was refused, or failed\n\n",
        *(f"- {line}\n" for line in _reasons(costs)),
        "\n",
        _READING,
        _TAIL.format(versions=versions),
    ]
    return "".join(parts)


def _table(costs: Costs, figure: Callable[[Cost], int]) -> str:
    """A figure of each tool and model, the smallest of those that are right in bold."""
    best = {
        model: min((figure(c) for c in tools.values() if figure(c) and c.verdict in _GOOD), default=0)
        for model, tools in costs.items()
    }
    shown = [tool for tool in TOOLS if any(figure(tools[tool]) for tools in costs.values() if tool in tools)]
    lines = _heads(costs)
    for tool in shown:
        cells = []
        for model, tools in costs.items():
            cost = tools.get(tool, _NONE)
            value = figure(cost)
            text = f"{value:,}" if value else _nothing(cost)
            bold = value and value == best[model] and cost.verdict in _GOOD
            cells.append(
                (f"**{text}**" if bold else text) + (_LETTERS.get(cost.verdict, "") if value else "")
            )
        lines.append(_line(tool, cells))
    return "\n".join(lines) + "\n"


def _matrix(costs: Costs, text: Callable[[Cost], str], tools: Iterable[str]) -> str:
    """A text of each tool and model."""
    lines = _heads(costs)
    for tool in tools:
        if any(tool in by_tool for by_tool in costs.values()):
            found = (by_tool.get(tool, _NONE) for by_tool in costs.values())
            lines.append(_line(tool, [text(cost) or _nothing(cost) for cost in found]))
    return "\n".join(lines) + "\n"


def _heads(costs: Costs) -> list[str]:
    return [f"| tool | {' | '.join(costs)} |", "|---|" + "---:|" * len(costs)]


def _line(tool: str, cells: Sequence[str]) -> str:
    name = f"**{TOOLS[tool]}**" if tool == OURS else TOOLS[tool]
    return f"| {name} | {' | '.join(cells)} |"


def _nothing(cost: Cost) -> str:
    if cost.status == "not applicable":
        return "-"
    return "failed" if cost.status == "measured" else cost.status


def _result(cost: Cost) -> str:
    if not cost.rows:
        return ""
    labels = (
        []
        if cost.wrong_labels is None
        else [f"{cost.wrong_labels} of {cost.rows}" if cost.wrong_labels else "0"]
    )
    numbers = [] if cost.error is None else [f"{cost.error:.0e}".replace("0e+00", "0")]
    return ", ".join([*labels, *numbers])


def _lower(costs: Costs) -> str:
    """A table of every figure of another tool that is below ours."""
    kinds: dict[str, Callable[[Cost], int]] = {
        "instructions, Cortex-M4F": lambda cost: cost.m4,
        "bytes of flash": lambda cost: cost.flash,
        "instructions, x86-64": lambda cost: cost.x86,
    }
    lines = ["| figure | model | ours | others |", "|---|---|---:|---|"]
    for kind, figure in kinds.items():
        for model, tools in costs.items():
            own = figure(tools.get(OURS, Cost()))
            less = sorted((figure(cost), tool) for tool, cost in tools.items() if 0 < figure(cost) < own)
            if less:
                told = "; ".join(f"{TOOLS[tool]} {value:,} ({_told(tools[tool])})" for value, tool in less)
                lines.append(f"| {kind} | {model} | {own:,} | {told} |")
    return "\n".join(lines) + "\n" if len(lines) > 2 else "None.\n"


def _told(cost: Cost) -> str:
    if cost.verdict == "labels wrong":
        return f"{cost.wrong_labels} of {cost.rows} labels wrong"
    if cost.verdict == "numbers off":
        right = "" if cost.wrong_labels is None else "labels right, "
        return f"{right}numbers off by up to {cost.error:.2g}"
    return cost.verdict


def _reasons(costs: Costs) -> list[str]:
    """What has no figures, or not all of them, by reason."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for model, tools in costs.items():
        for tool, cost in tools.items():
            status = cost.status if cost.status != "measured" else "failed"
            if cost.reason:
                found.setdefault((tool, status, cost.reason), []).append(model)
    return [
        f"{TOOLS[tool]}, {', '.join(models)}: {status}. `{reason.replace('`', chr(39))}`"
        for (tool, status, reason), models in sorted(
            found.items(), key=lambda item: list(TOOLS).index(item[0][0])
        )
    ] or ["nothing"]
