"""``python -m benchmarks.coverage.targets``: every model of docs/coverage.md on every target, bit for bit.

Writes the section of that page, and ends with exit code 1 where a target has other bits than the host.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.coverage.page import TARGETS_HEAD, TARGETS_TABLE, with_targets
from benchmarks.coverage.sweep import Finding, build_program, compare, run_program
from benchmarks.coverage.swept import Swept, swept_models
from benchmarks.coverage.tables import NAMES
from benchmarks.subjects import CHECKOUT
from ecu_bundle.building.targets import Target, get_target, load_targets

PAGE = CHECKOUT / "docs" / "coverage.md"


def targets() -> list[str]:
    """Emulated targets whose tools are in Debian 12."""
    return [t.name for t in load_targets().values() if t.emulator and not t.needs_newer]


def sweep(models: Sequence[Swept], target: Target, folder: Path) -> list[Finding]:
    """Builds, runs and compares in this folder; see :mod:`benchmarks.coverage.sweep`."""
    built = build_program(models, target, folder)
    return compare(models, run_program(built, models, folder))


def line(target: str, models: Sequence[Swept], findings: Sequence[Finding]) -> str:
    """One line of the section."""
    rows = sum(len(model.rows) for model in models)
    return f"| {target} | {len(models)} | {rows} | {sum(f.rows for f in findings)} |"


def main() -> int:
    """Sweeps the targets, says what differs, writes the section; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage.targets", description=__doc__)
    parser.add_argument("--target", action="append", choices=targets(), help="again for more; default: all")
    chosen = parser.parse_args().target
    print("fitting and converting the models", file=sys.stderr, flush=True)
    models = list(swept_models((table, name) for table, names in NAMES.items() for name in names))
    lines, different = [], False
    for name in chosen or targets():
        with tempfile.TemporaryDirectory() as folder:
            findings = sweep(models, get_target(name), Path(folder))
        for finding in findings:
            print(f"{name}: {finding.table}: {finding.name}: {finding.rows} rows; {finding.first}")
        lines.append(line(name, models, findings))
        print(lines[-1], flush=True)
        different = different or bool(findings)
    if not chosen:
        section = "\n".join([TARGETS_HEAD, TARGETS_TABLE, *lines, ""])
        PAGE.write_text(with_targets(PAGE.read_text(encoding="utf-8"), section), encoding="utf-8")
    return int(different)


if __name__ == "__main__":
    sys.exit(main())
