"""The first table of docs/truth.md: one row per figure, what is wanted and what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.truth.certificate import Cost
from benchmarks.truth.smooth import GROSS, SmoothResult
from benchmarks.truth.trees import TreeResult

MOST_SECONDS = 60.0
MOST_MEMORY = 2048.0
MOST_SILENCE = 10.0
LEAST_EQUAL = 0.999

Row = tuple[str, str, str, bool]
"""Figure, what is wanted, what was measured, and whether it is reached."""


def summary(
    trees: Sequence[TreeResult], smooth: Sequence[SmoothResult], costs: Sequence[Cost]
) -> list[tuple[str, str, str, str]]:
    """Rows of the table, the last cell ``yes`` or ``no``; none for a part that was not measured."""
    rows = [*_trees(trees), *_smooth(smooth), *_costs(costs)]
    return [
        (figure, wanted, measured, "yes" if reached else "no") for figure, wanted, measured, reached in rows
    ]


def _trees(results: Sequence[TreeResult]) -> list[Row]:
    if not results:
        return []
    figures = [result.ours for result in results]
    walked = [f.wrong_leaves for f in figures if f.wrong_leaves is not None]
    labelled = [f for f in figures if f.flips is not None]
    flips, undecided = sum(f.flips or 0 for f in labelled), sum(f.undecided or 0 for f in labelled)
    values, equal = sum(f.values for f in figures), sum(f.equal for f in figures)
    least = min(f.equal / f.values for f in figures)
    ulp, changing = max(f.max_ulp for f in figures), sum(f.changing for f in figures)
    return [
        (
            "wrong leaves",
            "0",
            f"{sum(walked):,} in the {len(walked)} of {len(figures)} models whose leaves can be told apart",
            not sum(walked),
        ),
        (
            "labels that differ",
            "0",
            f"{flips}; beside them {undecided} on which scikit-learn is undecided",
            not flips,
        ),
        (
            "values equal to float32(scikit-learn)",
            "at least 99.9 %",
            f"{equal:,} of {values:,}; {100.0 * least:.3f} % in the worst model",
            least >= LEAST_EQUAL,
        ),
        ("largest difference of a value", "1 ulp", f"{ulp} ulp", ulp <= 1),
        ("rows that change with threads or batch", "0", f"{changing:,}", not changing),
    ]


def _smooth(results: Sequence[SmoothResult]) -> list[Row]:
    if not results:
        return []
    gross, undecided = sum(r.gross for r in results), sum(r.undecided for r in results)
    rows, largest = sum(r.rows for r in results), max(r.error or 0.0 for r in results)
    flips, wrong = sum(r.flips or 0 for r in results), sum(r.certain_flips or 0 for r in results)
    certain, labelled = (
        sum(r.certain or 0 for r in results),
        sum(r.rows for r in results if r.flips is not None),
    )
    stopped = sum(not r.passed for r in results)
    return [
        (
            f"smooth models: errors over {GROSS:g} of the range",
            "0",
            f"{gross} in {rows:,} rows of {len(results)} models, the largest error {largest:.1e}; "
            f"beside them {undecided} rows on which scikit-learn is undecided",
            not gross,
        ),
        (
            "smooth models: labels that differ where no rounding can change them",
            "0",
            f"{wrong} in {certain:,} rows; {flips - wrong} in the other {labelled - certain:,}",
            not wrong and certain > 0,
        ),
        ("smooth models: stopped by the gate", "0", f"{stopped} of {len(results)}", not stopped),
    ]


def _costs(costs: Sequence[Cost]) -> list[Row]:
    if not costs:
        return []
    seconds = max(c.convert + c.prove for c in costs)
    peak, silence = max(c.peak for c in costs), max(c.silence for c in costs)
    return [
        (
            "proof of 100 trees of depth 10",
            f"under {MOST_SECONDS:.0f} s on two cores",
            f"{seconds:.1f} s",
            seconds < MOST_SECONDS,
        ),
        ("its memory", "under 2 GB", f"{peak:,.0f} MiB", peak < MOST_MEMORY),
        (
            "its longest time without a line of progress",
            f"under {MOST_SILENCE:.0f} s",
            f"{silence:.1f} s",
            silence < MOST_SILENCE,
        ),
    ]
