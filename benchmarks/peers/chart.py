"""The picture: for each model, instructions of each tool on one logarithmic axis, and flash in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from benchmarks.chart import text
from benchmarks.peers.compared import MODELS, OURS, TOOLS, Cost

_COLUMN, _GAP, _LABEL, _NUMBERS = 480.0, 30.0, 150.0, 140.0
_STEP, _TOP, _BETWEEN = 19.0, 66.0, 40.0
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1f2933}.title{font:600 15px system-ui,sans-serif}"
    ".name{font-weight:600}.small{font-size:11px;fill:#52606d}.axis{stroke:#cbd2d9}"
    ".line{stroke:#9aa5b1}.right{fill:#52606d}.wrong{fill:#fff;stroke:#c05621;stroke-width:2}"
    ".ours{fill:#2b6cb0}.bold{font-weight:600;fill:#2b6cb0}"
    "@media(prefers-color-scheme:dark){text{fill:#e4e7eb}.small{fill:#9aa5b1}.axis{stroke:#3e4c59}"
    ".line{stroke:#616e7c}.right{fill:#9aa5b1}.wrong{fill:#1f2933;stroke:#ed8936}"
    ".ours{fill:#63b3ed}.bold{fill:#63b3ed}}"
)
_KIB = 1024


def chart(costs: Mapping[str, Mapping[str, Cost]]) -> bytes:
    """Two columns of panels, one for each model; the tools of a panel by their instructions."""
    found = [cost.m4 for tools in costs.values() for cost in tools.values() if cost.m4]
    most = max(found, default=10)
    axis = (math.floor(math.log10(min(found, default=1))), math.ceil(math.log10(most)))
    title = "Instructions of a row on a Cortex-M4F, and flash"
    parts = [
        text(0, 16, title, "title"),
        text(
            0,
            36,
            "Logarithmic; further left is faster. Filled: right. Hollow: labels wrong or numbers off.",
            "small",
        ),
    ]
    tops, heights = [_TOP, _TOP], []
    for model, tools in costs.items():
        column = 0 if tops[0] <= tops[1] else 1
        panel, height = _panel(model, tools, axis)
        x, y = column * (_COLUMN + _GAP), tops[column]
        parts.append(Markup('<g transform="translate({:.0f} {:.0f})">{}</g>').format(x, y, panel))
        tops[column] += height + _BETWEEN
        heights.append(tops[column])
    svg = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:.0f} {h:.0f}" role="img" '
        'aria-label="{title}"><style>{style}</style>{parts}</svg>\n'
    ).format(
        w=2 * _COLUMN + _GAP,
        h=max(heights, default=_TOP) - _BETWEEN / 2,
        title=title,
        style=Markup(_STYLE),  # noqa: S704
        parts=Markup("").join(parts),
    )
    return svg.encode()


def _panel(model: str, tools: Mapping[str, Cost], axis: tuple[int, int]) -> tuple[Markup, float]:
    """One model, and its height."""
    ran = sorted((cost.m4, tool) for tool, cost in tools.items() if cost.m4)
    bottom = 8 + _STEP * len(ran)
    parts = [text(0, 0, model, "name"), text(8 * len(model) + 8, 0, MODELS.get(model, ""), "small")]
    for power in range(axis[0], axis[1] + 1):
        x = _position(10.0**power, axis)
        parts.append(_segment(x, 8, x, bottom, "axis"))
        parts.append(text(x - 3, bottom + 12, _power(power), "small"))
    for index, (count, tool) in enumerate(ran):
        cost, y = tools[tool], 8 + _STEP * (index + 0.5)
        x, own = _position(count, axis), tool == OURS
        style = "ours" if own and cost.verdict == "right" else "right"
        style = style if cost.verdict in ("right", "labels only") else "wrong"
        parts.append(text(0, y + 4, TOOLS[tool], "bold" if own else ""))
        parts.append(_segment(_LABEL, y, x, y, "line"))
        parts.append(Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="5"/>').format(style, x, y))
        parts.append(
            text(_COLUMN - _NUMBERS + 12, y + 4, f"{count:,} · {_size(cost.flash)}", "bold" if own else "")
        )
    height = bottom + 14
    for status in ("refused", "failed", "not installed", "not run"):
        names = [TOOLS[t] for t, cost in tools.items() if cost.status == status and "onnx" not in t]
        for line in _wrapped(status, names):
            height += 15
            parts.append(text(0, height, line, "small"))
    return Markup("").join(parts), height


def _wrapped(status: str, names: Sequence[str], wide: int = 80) -> list[str]:
    """``status: names``, broken into lines."""
    lines: list[str] = []
    for name in names:
        if lines and len(lines[-1]) + len(name) < wide:
            lines[-1] += f"; {name}"
        else:
            lines.append(name if lines else f"{status}: {name}")
    return lines


def _position(count: float, axis: tuple[int, int]) -> float:
    share = (math.log10(count) - axis[0]) / max(axis[1] - axis[0], 1)
    return _LABEL + 6 + share * (_COLUMN - _LABEL - _NUMBERS - 12)


def _segment(x1: float, y1: float, x2: float, y2: float, style: str) -> Markup:
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(
        style, x1, y1, x2, y2
    )


def _power(power: int) -> str:
    return {3: "1k", 4: "10k", 5: "100k", 6: "1M"}.get(power, str(10**power))


def _size(count: int) -> str:
    return f"{count / _KIB:.1f} KiB" if count < 100 * _KIB else f"{count / _KIB:.0f} KiB"
