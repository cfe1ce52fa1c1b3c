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
On every other target the native engine gives the bits of the host: the table after the totals.
"""
_SECTIONS = {
    "estimators": "Estimators of scikit-learn",
    "variants": "Settings that change the arithmetic",
    "pipelines": "Common pipelines",
    "trials": "Classifiers and regressors on other data",
}
_TABLE_HEAD = "| model | result | native engine | operators, or reason and way out |"
_TARGETS_TITLE = "## The same bits on every target"
TARGETS_HEAD = f"""{_TARGETS_TITLE}

Written by `python -m benchmarks.coverage.targets`. On each target one program with the kernels of all
models of the column **native engine**, built as a bundle is, opens their images and computes their rows:
of the range, near the training, on both sides of the splits of trees, with missing values, zeros and
subnormal numbers, and with infinite, the largest and the smallest inputs. *Other bits* counts the rows
with a value that is not, bit for bit, that of the host.
"""
TARGETS_TABLE = "| target | models | rows | other bits |\n|---|---|---|---|"
_ROW = re.compile(r"^\| ([^|]+?) \| .* \|$")


def row(name: str, result: Outcome) -> str:
    """One line of a table."""
    verdict = f"right, {result.detail}" if result.verdict == "right" else result.verdict
    if result.verdict == "right":
        note = ", ".join(result.operators)
    else:
        note = result.detail + (f"; {result.alternative}" if result.alternative else "")
    return f"| {name} | {verdict} | {result.native.replace('|', '/')} | {note.replace('|', '/')} |"


def page(tables: Mapping[str, Mapping[str, Outcome]], targets: str = "") -> str:
    """The whole page.

    Args:
        tables: has the keys ``estimators``, ``variants``, ``pipelines`` and ``trials``.
        targets: the section about targets, from `targets_of` the page before.
    """
    parts = [_HEAD, _totals(tables), *filter(None, [targets])]
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


def targets_of(text: str) -> str:
    """The section of a page about targets, with its heading; empty where there is none."""
    _, title, rest = text.partition(_TARGETS_TITLE)
    return title + rest.partition("\n## ")[0] if title else ""


def with_targets(text: str, section: str) -> str:
    """The page with another section about targets, before the first table."""
    rest = text.replace(targets_of(text) + "\n", "") if targets_of(text) else text
    first = f"## {next(iter(_SECTIONS.values()))}"
    return rest.replace(first, f"{section}\n{first}", 1)


def totals_of(text: str) -> list[str]:
    """The lines of the table of totals."""
    return [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("|")]
