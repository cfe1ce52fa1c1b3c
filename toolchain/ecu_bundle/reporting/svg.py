"""Small plots as inline SVG.

Colours come from the style sheet of the page through classes, so that a plot follows the light, dark
and print themes. Text is escaped and made visible; ids are derived from the `ident` given. A plot is
drawn 320 units wide, the text width of a small phone, and scales up from there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ecu_bundle.reporting.text import count, counted, power_of_ten, shortened, visible

WIDTH = 320
_SIDE = 240
_TOP = 10
_BAR_BASE = 170.0
_BAR_HEIGHT = 136.0
_GLYPH = 6.2  # mean width of a character at the 11-unit font of plots


def _drawing(ident: str, height: float, title: str, description: str, parts: Iterable[Markup]) -> Markup:
    head = Markup(
        '<svg class="plot" viewBox="0 0 {w} {h}" role="img" aria-labelledby="{i}-t {i}-d">'
        '<title id="{i}-t">{title}</title><desc id="{i}-d">{desc}</desc>'
    ).format(w=WIDTH, h=_n(height), i=ident, title=visible(title), desc=visible(description))
    return head + Markup("").join(parts) + Markup("</svg>")


def _n(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def _text(x: float, y: float, text: str, *, anchor: str = "middle", style: str = "", turn: int = 0) -> Markup:
    turned = Markup(' transform="rotate({} {} {})"').format(turn, _n(x), _n(y)) if turn else Markup("")
    return Markup('<text x="{}" y="{}" text-anchor="{}" class="{}"{}>{}</text>').format(
        _n(x), _n(y), anchor, style, turned, visible(text)
    )


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> Markup:
    return Markup('<path class="{}" d="M{} {}L{} {}"/>').format(style, _n(x1), _n(y1), _n(x2), _n(y2))


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float
    height: float


def _rect(box: _Box, style: str, *, opacity: float | None = None) -> Markup:
    shade = Markup(' fill-opacity="{:.2f}"').format(opacity) if opacity is not None else Markup("")
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"{}/>').format(
        style, _n(box.x), _n(box.y), _n(box.width), _n(box.height), shade
    )


def ticks(low: float, high: float) -> tuple[tuple[float, str], ...]:
    """Three to six round positions in [low, high] with their labels; `low` < `high`, both finite."""
    rough = (high / 4) - (low / 4)
    exponent = math.floor(math.log10(rough))
    step = next(m * 10.0**exponent for m in (1, 2, 5, 10) if m * 10.0**exponent >= rough * 0.8)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    plain = digits <= 4 and max(abs(low), abs(high)) < 1e6
    places = range(math.ceil(low / step), math.floor(high / step) + 1)
    return tuple((i * step, f"{i * step:.{digits}f}" if plain else f"{i * step:.6g}") for i in places)


def scatter(
    ident: str, expected: Sequence[float], actual: Sequence[float], *, x_label: str, y_label: str, title: str
) -> Markup:
    """Expected against actual values with the diagonal on which equal values lie.

    Points that visibly leave the diagonal are marked. Values that are not finite cannot be drawn; the
    description says how many there are.
    """
    pairs = [(e, a) for e, a in zip(expected, actual, strict=True) if math.isfinite(e) and math.isfinite(a)]
    low, high = _padded(pairs)
    marks = ticks(low, high)
    left = max(44.0, 18 + _GLYPH * max(len(label) for _, label in marks) + 6)
    side = min(_SIDE, WIDTH - left - 8)
    bottom = _TOP + side

    def place(value: float) -> float:
        return side * ((value / 2 - low / 2) / (high / 2 - low / 2))

    parts = [_rect(_Box(left, _TOP, side, side), "frame")]
    last_label_end = -math.inf
    for value, label in marks:
        x, y, half = left + place(value), bottom - place(value), _GLYPH * len(label) / 2
        parts += [_line(x, bottom, x, bottom + 4, "axis"), _line(left - 4, y, left, y, "axis")]
        parts.append(_text(left - 7, y + 4, label, anchor="end"))
        if x - half > last_label_end + 6:
            parts.append(_text(min(x, WIDTH - half), bottom + 17, label))
            last_label_end = x + half
    parts.append(_line(left, bottom, left + side, _TOP, "diagonal"))
    parts.append(_points(((place(e), place(a)) for e, a in pairs), left, bottom))
    parts.append(_text(left + side / 2, bottom + 35, shortened(x_label, 36), style="label"))
    parts.append(_text(11, _TOP + side / 2, shortened(y_label, 36), style="label", turn=-90))
    hidden = len(expected) - len(pairs)
    description = (
        f"{counted(len(pairs), 'pair')} of expected and actual values; equal values lie on the diagonal."
    )
    if hidden:
        description += f" {counted(hidden, 'pair')} not drawn because a value is not finite."
    return _drawing(ident, bottom + 42, title, description, parts)


def _padded(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    values = [value for pair in pairs for value in pair] or [0.0, 1.0]
    low, high = min(values), max(values)
    smallest = max(abs(low), abs(high)) * 1e-3 or 1.0
    pad = max((high / 2 - low / 2) * 0.08, smallest)
    return low - pad, high + pad


def _points(places: Iterable[tuple[float, float]], left: float, bottom: float) -> Markup:
    """All points on a half-unit grid, each drawn once; ``h0`` with round caps is a dot."""
    on: set[tuple[float, float]] = set()
    off: set[tuple[float, float]] = set()
    for e, a in places:
        point = (round((left + e) * 2) / 2, round((bottom - a) * 2) / 2)
        (on if abs(e - a) <= 2.5 else off).add(point)
    drawn = Markup("")
    for style, points in (("dots", on), ("dots off", off)):
        if points:
            path = "".join(f"M{_n(x)} {_n(y)}h0" for x, y in sorted(points))
            drawn += Markup('<path class="{}" d="{}"/>').format(style, path)
    return drawn


def histogram(ident: str, exact: int, edges: Sequence[float], counts: Sequence[int], *, title: str) -> Markup:
    """Absolute errors by decade, with a bin of their own for errors of exactly zero.

    Heights are logarithmic, so that a single large error stays visible beside thousands of small ones;
    the count stands above each bar. `counts` has one entry fewer than `edges`.
    """
    filled = [i for i, number in enumerate(counts) if number]
    first, last = (filled[0], filled[-1] + 1) if filled else (0, 0)
    bars = list(zip(edges[first:last], edges[first + 1 : last + 1], counts[first:last], strict=True))
    left, gap = 8.0, 14.0
    slot = min(54.0, (WIDTH - 2 * left - gap) / (len(bars) + 1))
    start = left + slot + gap
    base = _BAR_BASE
    most = max([exact, *(number for _, _, number in bars)])
    parts = [_line(left, base, left + slot, base, "axis"), _text(left + slot / 2, base + 16, "0")]
    parts += _bar(left, slot, exact, most, "exact")
    for i, (_, _, number) in enumerate(bars):
        parts += _bar(start + i * slot, slot, number, most, "bar")
    if bars:
        end = start + len(bars) * slot
        parts.append(_line(start, base, end, base, "axis"))
        every = 1 if slot >= 32 else 2
        for i, edge in enumerate(edges[first : last + 1]):
            x = start + i * slot
            parts.append(_line(x, base, x, base + 4, "axis"))
            if i % every == 0:
                parts.append(_text(min(x, WIDTH - 14), base + 16, _edge(edge)))
    parts.append(_text(left, base + 36, "absolute error", anchor="start", style="label"))
    told = [f"{count(exact)} with no error"]
    told += [f"{count(n)} above {_edge(a)} up to {_edge(b)}" for a, b, n in bars if n]
    return _drawing(ident, base + 44, title, "Values by absolute error: " + ", ".join(told) + ".", parts)


def _bar(x: float, slot: float, number: int, most: int, style: str) -> list[Markup]:
    """A bar in the slot that starts at `x`, as tall as the logarithm of its count; nothing for 0."""
    if number == 0:
        return []
    height = _BAR_HEIGHT * math.log1p(number) / math.log1p(most)
    inset = min(3.0, slot / 8)
    return [
        _rect(_Box(x + inset, _BAR_BASE - height, slot - 2 * inset, height), style),
        _text(x + slot / 2, _BAR_BASE - height - 5, _fitting(number, slot + 4), style="strong"),
    ]


def _fitting(number: int, width: float) -> str:
    """The count in full where it fits into `width`, else rounded down to at most four characters."""
    full = count(number)
    return full if len(full) * _GLYPH <= width else _brief(number)


def _brief(number: int) -> str:
    """A count in at most four characters, rounded down."""
    for limit, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= limit:
            return f"{number // limit}{unit}"
    return str(number)


def _edge(edge: float) -> str:
    if edge == 0:
        return "0"
    if math.isinf(edge):
        return "∞"
    exponent = round(math.log10(edge))
    return power_of_ten(exponent) if math.isclose(edge, 10.0**exponent) else f"{edge:.2g}"


def confusion(
    ident: str, matrix: Sequence[Sequence[int]], codes: Sequence[str], names: Sequence[str], *, title: str
) -> Markup:
    """Labels expected (down) against labels actual (across), as counts; off the diagonal they differ."""
    size = len(matrix)
    labels = [f"{code} {name}".strip() for code, name in zip(codes, names, strict=True)]
    room = 11 if size > 6 else 17
    left = 22 + _GLYPH * max(len(shortened(label, room)) for label in labels) + 8
    cell = min(46.0, (WIDTH - left - 4) / size)
    top = 40.0
    parts = [_text(left + cell * size / 2, 13, "actual", style="label")]
    parts.append(_text(11, top + cell * size / 2, "expected", style="label", turn=-90))
    for row, numbers in enumerate(matrix):
        y = top + row * cell
        parts.append(_text(left - 7, y + cell / 2 + 4, shortened(labels[row], room), anchor="end"))
        parts.append(_text(left + (row + 0.5) * cell, top - 8, shortened(codes[row], 5)))
        for column, number in enumerate(numbers):
            box = _Box(left + column * cell + 0.5, y + 0.5, cell - 1, cell - 1)
            if row == column:
                parts += _confusion_cell(
                    box, number, "agree", opacity=0.15 + 0.25 * number / max(1, sum(numbers))
                )
            else:
                parts += _confusion_cell(box, number, "differ", opacity=0.45)
    different = sum(n for i, numbers in enumerate(matrix) for j, n in enumerate(numbers) if i != j)
    description = f"{count(sum(map(sum, matrix)))} labels of {size} classes; {count(different)} differ."
    return _drawing(ident, top + cell * size + 8, title, description, parts)


def _confusion_cell(box: _Box, number: int, style: str, *, opacity: float) -> list[Markup]:
    cell = _rect(box, "cell")
    if number == 0:
        return [cell]
    label = _text(
        box.x + box.width / 2, box.y + box.height / 2 + 4, _fitting(number, box.width), style="strong"
    )
    return [cell, _rect(box, style, opacity=opacity), label]


def share_bar(part: float, whole: float) -> Markup:
    """A thin bar beside a figure; decoration, hidden from screen readers."""
    fraction = min(1.0, max(0.0, part / whole)) if whole else 0.0
    return Markup(
        '<svg class="share" viewBox="0 0 96 6" aria-hidden="true" focusable="false">'
        '<rect class="rail" width="96" height="6" rx="3"/>{}</svg>'
    ).format(
        Markup('<rect class="bar" width="{}" height="6" rx="3"/>').format(_n(max(2.0, 96 * fraction)))
        if fraction
        else Markup("")
    )
