"""docs/truth.md from the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.truth.cases import MOST_ROWS
from benchmarks.truth.certificate import Cost
from benchmarks.truth.smooth import GROSS, SmoothResult
from benchmarks.truth.summary import summary
from benchmarks.truth.trees import MOST_BOUNDARY_ROWS, Figures, TreeResult

_HEAD = """# How true the conversion is

Written by `python -m benchmarks.truth --update-docs`. The reference is scikit-learn in float64 on inputs
rounded to float32; a value is right when it is float32(scikit-learn). Which estimators convert at all, and
pass the proof, is in [coverage.md](coverage.md).
"""
_TREES = f"""## Tree models

At most {MOST_ROWS} rows of each data set. Rows: real ones; the same moved by up to 3 units in the last
place; rows that hold a threshold of the forest or a float32 next to it (about {MOST_BOUNDARY_ROWS},
evenly chosen, where there are more); rows with 5 % of the values missing, where the model accepts them.
Columns of the models say how many of each, in this order. *Wrong leaves* are pairs of row and tree: the
leaf that the nodes of the ONNX file lead to, on the matrix that ONNX Runtime computes before the trees,
against scikit-learn's `apply`. *Changing* are rows, of 1000, whose bits differ between 1, 2 and 4 threads
or batches of 1, 50 and 1000 rows.

*Label flips* are rows with another label than scikit-learn's. A row is counted under *undecided* instead
when scikit-learn changes its own label there as the same trees are added in other orders (64 are tried):
the exact sums of two classes tie, and the float64 roundings of one order choose the winner.

The second table has the same rows through skl2onnx's standard conversion. A dash: no label, or trees that
cannot be told apart in that graph: its ensembles stand in another order. Such models are not in the sums.
Units in the last place are counted across 0, so a value near 0 of the other sign counts many.
"""
_SMOOTH = f"""## Smooth models

All behind a StandardScaler, on the rows of the proof: the data, its range, corners, special values and
rows bisected to where the label changes, which is where nearly all flips are. The error is relative to
the range that the output has on the data; gross are values with an error over {GROSS:g} of it. Label
flips are all rows with another label, before the gate excuses any. *Certain* are rows whose label no
rounding can change, by the running error analysis of the graph, which knows nothing of scikit-learn; flips
on these would be errors of the conversion. "Stopped" means that no bundle is made. *Undecided* are rows of
neighbour models with another answer where scikit-learn changes its own with the search that it uses (brute
force or a tree): two neighbours are equally near within float64. They are in no other column.
"""
_COST = """## Cost of the proof

Conversion and all gates for a RandomForestClassifier, in a process of its own. Times depend on the
machine and on what else it does; processor time counts all threads.
"""


def page(trees: Sequence[TreeResult], smooth: Sequence[SmoothResult], costs: Sequence[Cost]) -> str:
    """The whole page."""
    parts = [
        _HEAD,
        _table(["figure", "wanted", "measured", "reached"], summary(trees, smooth, costs), words=4),
        _TREES,
        _totals(trees),
        "### Ours\n",
        _tree_table(trees, ours=True),
        "### The standard conversion\n",
        _tree_table(trees, ours=False),
        _SMOOTH,
        _smooth_table(smooth),
        _COST,
        _cost_table(costs),
    ]
    return "\n".join(parts)


def _totals(results: Sequence[TreeResult]) -> str:
    rows: Counter[str] = Counter()
    for result in results:
        rows.update(result.rows)
    table = []
    for name, figures in (
        ("ours", [r.ours for r in results]),
        ("standard", [r.standard for r in results if isinstance(r.standard, Figures)]),
    ):
        table.append(
            [
                name,
                str(len(figures)),
                _sum([f.wrong_leaves for f in figures]),
                _sum([f.flips for f in figures]),
                _sum([f.undecided for f in figures]),
                _share(sum(f.equal for f in figures), sum(f.values for f in figures)),
                str(max((f.max_ulp for f in figures), default=0)),
                _sum([f.changing for f in figures]),
            ]
        )
    heads = ["", "models that run", "wrong leaves", "label flips", "undecided"]
    heads += ["values equal", "max ulp", "rows changing"]
    said = ", ".join(f"{count:,} {origin}" for origin, count in rows.items()) + " rows"
    sets = len({result.data for result in results})
    return f"Over all {len(results)} models on {sets} data sets: {said}.\n\n{_table(heads, table, words=1)}"


def _tree_table(results: Sequence[TreeResult], *, ours: bool) -> str:
    heads = [
        "model",
        "data",
        "rows",
        "wrong leaves",
        "label flips",
        "undecided",
        "values equal",
        "max ulp",
        "rows changing",
    ]
    table = []
    for result in results:
        first = [result.case, result.data, " + ".join(str(count) for count in result.rows.values())]
        figures = result.ours if ours else result.standard
        if isinstance(figures, str):
            table.append([*first, figures.replace("|", "/")[:80], "", "", "", "", ""])
            continue
        table.append(
            [
                *first,
                _number(figures.wrong_leaves),
                _number(figures.flips),
                _number(figures.undecided),
                _share(figures.equal, figures.values),
                str(figures.max_ulp),
                str(figures.changing),
            ]
        )
    return _table(heads, table, words=2)


def _smooth_table(results: Sequence[SmoothResult]) -> str:
    heads = ["model", "data", "rows", "largest error", "gross", "label flips", "certain", "flips on certain"]
    heads += ["undecided", "gate"]
    table = []
    for r in results:
        if r.refused:
            table.append([r.model, r.data, "refused: " + r.refused, "", "", "", "", "", "", ""])
            continue
        error = "-" if r.error is None else f"{r.error:.1e}"
        flips, certain, wrong = (_number(n) for n in (r.flips, r.certain, r.certain_flips))
        gate = "passed" if r.passed else "stopped"
        table.append(
            [r.model, r.data, str(r.rows), error, str(r.gross), flips, certain, wrong, str(r.undecided), gate]
        )
    return _table(heads, table, words=2)


def _cost_table(costs: Sequence[Cost]) -> str:
    heads = ["data", "splits", "rows", "convert s", "prove s", "processor s", "MiB before", "MiB at peak"]
    table = [
        [
            c.data,
            f"{c.splits:,}",
            f"{c.rows:,}",
            *(f"{seconds:.1f}" for seconds in (c.convert, c.prove, c.processor)),
            f"{c.start:.0f}",
            f"{c.peak:.0f}",
        ]
        for c in costs
    ]
    return _table(heads, table, words=1)


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


def _sum(values: Sequence[int | None]) -> str:
    """The sum of those that are known, and of how many when some are not."""
    known = [value for value in values if value is not None]
    return f"{sum(known):,}" + ("" if len(known) == len(values) else f" in {len(known)}")


def _share(part: int, whole: int) -> str:
    """A percentage that says 100 only when nothing is missing."""
    if part == whole:
        return "100 %"
    return f"{min(100.0 * part / whole, 99.999):.3f} %"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, words: int) -> str:
    rule = ["---" if column < words else "---:" for column in range(len(heads))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heads, rule, *rows)) + "\n"
