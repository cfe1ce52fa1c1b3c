"""Instructions of a run as a bar chart: one SVG file that stands alone, in light and dark."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from benchmarks.results import Result, Results
from ecu_bundle.reporting.text import visible

_WIDTH = 640
_LABEL = 150.0
_BAR = 14.0
_STEP = 20.0
_GROUP = 34.0
_TOP = 44.0
_NUMBER = 60.0
_STYLE = Markup(
    "text{font:13px system-ui,sans-serif;fill:#1f2933}.name{font-weight:600}.bar{fill:#2b6cb0}"
    "@media(prefers-color-scheme:dark){text{fill:#e4e7eb}.bar{fill:#63b3ed}}"
)


def chart(results: Results) -> bytes:
    """One group of bars per example, one bar per target and engine, on one linear scale."""
    most = max(r.counted.instructions.run for r in results.results)
    examples = tuple(dict.fromkeys(r.example for r in results.results))
    parts = [text(0, 16, "Instructions of one run (ecu_model_run)", "name")]
    y = _TOP
    for example in examples:
        parts.append(text(0, y, example, "name"))
        bars = [r for r in results.results if r.example == example]
        parts += _bars(bars, y + 10, most)
        y += _GROUP + _STEP * len(bars)
    title = "Instructions of one run by example, target and engine"
    svg = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h:.0f}" role="img" aria-label="{title}">'
        "<style>{style}</style>{parts}</svg>\n"
    ).format(w=_WIDTH, h=y - _GROUP / 2, title=title, style=_STYLE, parts=Markup("").join(parts))
    return svg.encode()


def _bars(results: Sequence[Result], top: float, most: int) -> list[Markup]:
    parts = []
    for row, result in enumerate(results):
        y = top + _STEP * row
        run = result.counted.instructions.run
        width = (_WIDTH - _LABEL - _NUMBER) * run / most
        parts.append(text(0, y + 11, f"{result.target} {result.engine}"))
        parts.append(
            Markup('<rect class="bar" x="{:.0f}" y="{:.0f}" width="{:.1f}" height="{:.0f}" rx="2"/>').format(
                _LABEL, y, width, _BAR
            )
        )
        parts.append(text(_LABEL + width + 6, y + 11, f"{run:,}"))
    return parts


def text(x: float, y: float, words: str, style: str = "") -> Markup:
    """A line of text whose baseline starts at (x, y)."""
    return Markup('<text x="{:.1f}" y="{:.0f}" class="{}">{}</text>').format(x, y, style, visible(words))
