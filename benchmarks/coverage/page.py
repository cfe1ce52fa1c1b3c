"""docs/coverage.md: its text, and its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping

from benchmarks.coverage.outcomes import Outcome, Verdict

_HEAD = """# What converts

Written by `python -m benchmarks.coverage`; a test compares every row with what the code does.

Each model is fitted on a small data set with the settings of `benchmarks/coverage/`, converted, and
run by ONNX Runtime on rows of its range, at its boundaries and with missing values.

- **right**: every row gave what scikit-learn gives in float64. *Exact* outputs do so up to one unit in the
  last place of float32, the others within the tolerance of `docs/parity_certificate.md`.
- **refused**: exit code 3, with the reason and what to do instead.
- **stopped**: the proof finds a difference, and no bundle is made.
- **nothing to deploy**: the estimator has no answer for new rows.

Classifiers are fitted on three classes; the last table has them again with two classes, with classes that
are text, and with other data of other sizes; regressors again with two targets, where they take them, and
with other data.

The column **native engine** compares our own engine with ONNX Runtime on the same rows, on the host: *same
bits* where all outputs are exact, else which outputs have the same bits and which are within the tolerance.
On every other target the native engine gives the bits of the host: `docs/targets.md`.
"""
_SECTIONS = {
    "estimators": "Estimators of scikit-learn",
    "variants": "Settings that change the arithmetic",
    "pipelines": "Common pipelines",
    "trials": "Classifiers and regressors on other data",
}
_TABLE_HEAD = "| model | result | native engine | operators, or reason and way out |"
_ROW = re.compile(r"^\| ([^|]+?) \| .* \|$")


def row(name: str, result: Outcome) -> str:
    """One line of a table."""
    verdict = f"right, {result.detail}" if result.verdict == "right" else result.verdict
    if result.verdict == "right":
        note = ", ".join(result.operators)
    else:
        note = result.detail + (f"; {result.alternative}" if result.alternative else "")
    return f"| {name} | {verdict} | {result.native.replace('|', '/')} | {note.replace('|', '/')} |"


def page(tables: Mapping[str, Mapping[str, Outcome]]) -> str:
    """The whole page; ``tables`` has the keys ``estimators``, ``variants``, ``pipelines`` and ``trials``."""
    parts = [_HEAD, _totals(tables)]
    for key, title in _SECTIONS.items():
        lines = [row(name, result) for name, result in tables[key].items()]
        table = "\n".join([_TABLE_HEAD, "|---|---|---|---|", *lines])
        parts.append(f"## {title}\n\n{table}\n")
    return "\n".join(parts)


def _totals(tables: Mapping[str, Mapping[str, Outcome]]) -> str:
    verdicts: tuple[Verdict, ...] = ("right", "refused", "stopped", "nothing to deploy")
    heads = ["", "all", "exact", *verdicts, "native engine"]
    lines = [f"|{' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for key, title in _SECTIONS.items():
        results = list(tables[key].values())
        exact = sum(r.detail == "exact" for r in results)
        counts = [sum(r.verdict == verdict for r in results) for verdict in verdicts]
        counts.append(sum(r.runs_natively for r in results))
        lines.append(f"| {title} | {len(results)} | {exact} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines) + "\n"


def rows_of(text: str, section: str) -> dict[str, str]:
    """The lines of one table of a page by the name in their first cell."""
    part = text.partition(f"## {_SECTIONS[section]}\n")[2].partition("\n## ")[0]
    found = [(line, _ROW.match(line)) for line in part.splitlines()]
    return {match[1]: line for line, match in found if match and match[1] not in ("model", "---")}


def totals_of(text: str) -> list[str]:
    """The lines of the table of totals."""
    return [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("|")]
