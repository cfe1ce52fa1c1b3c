"""``python -m benchmarks``: measures, writes results and pictures, prints the tables."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from benchmarks.chart import chart
from benchmarks.results import gather
from benchmarks.subjects import CHECKOUT, TARGETS, subjects
from benchmarks.tables import markdown
from ecu_bundle.errors import BundleError

_PAGE = CHECKOUT / "docs" / "benchmarks.md"
_RESULTS = re.compile(r"(?<=<!-- results -->\n).*(?=<!-- end of results -->)", re.S)


def main() -> int:
    """Runs the benchmarks; returns the exit code."""
    options = _options()
    output: Path = options.output
    try:
        chosen = subjects(options.example, options.target)
        results = gather(chosen, output, say=lambda text: print(text, file=sys.stderr, flush=True))
    except BundleError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    tables, picture = markdown(results), chart(results)
    (output / "results.json").write_bytes(results.to_json())
    (output / "results.md").write_text(tables, encoding="utf-8")
    (output / "instructions.svg").write_bytes(picture)
    if options.update_docs:
        page = _PAGE.read_text(encoding="utf-8")
        _PAGE.write_text(_RESULTS.sub(lambda _: f"\n{tables}\n", page), encoding="utf-8")
        _PAGE.with_suffix(".svg").write_bytes(picture)
    print(tables, end="")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--example", action="append", default=[], help="only this example; repeatable")
    parser.add_argument("--target", action="append", default=[], choices=TARGETS, help="only this target")
    parser.add_argument(
        "--output", type=Path, default=CHECKOUT / "build" / "benchmarks", help="[build/benchmarks]"
    )
    parser.add_argument("--update-docs", action="store_true", help="also write docs/benchmarks.md and .svg")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
