"""``python -m benchmarks.coverage``: writes docs/coverage.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.coverage.page import page, targets_of, totals_of
from benchmarks.coverage.tables import tables
from benchmarks.subjects import CHECKOUT


def main() -> int:
    """Writes the page and prints its totals; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--output", type=Path, default=CHECKOUT / "docs" / "coverage.md")
    options = parser.parse_args()
    found = tables(say=lambda name: print(name, file=sys.stderr, flush=True))
    before = options.output.read_text(encoding="utf-8") if options.output.is_file() else ""
    text = page(found, targets_of(before))
    options.output.write_text(text, encoding="utf-8")
    print("\n".join(totals_of(text)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
