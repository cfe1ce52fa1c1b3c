"""Numbers and names as a reader sees them.

Nothing here rounds in favour of a model: a share reads 100 % only when it is, and 0 % only when it is.
"""

from __future__ import annotations

import math
import unicodedata
from decimal import ROUND_UP, Context

import numpy as np

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
_TIMES = "\N{MULTIPLICATION SIGN}"
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def visible(text: str) -> str:
    """The text with every invisible or reordering character written as an escape such as ``\\u202e``.

    Names come from untrusted files; a bidirectional override in a column name must not make a report
    read differently from its content. The result is valid in XML 1.0 and encodes to UTF-8.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if _is_hidden(c) else c for c in text)


def _is_hidden(character: str) -> bool:
    code = ord(character)
    noncharacter = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    return noncharacter or unicodedata.category(character) in _HIDDEN_CATEGORIES


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def shortened(text: str, length: int) -> str:
    """At most `length` visible characters, with an ellipsis where something was cut."""
    shown = visible(text)
    return shown if len(shown) <= length else shown[: length - 1].rstrip() + "…"


def count(number: int) -> str:
    """``12,412``."""
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """``1 row``, ``12,412 rows``."""
    return f"{count(number)} {noun}" + ("" if number == 1 else "s")


def share(part: int, whole: int) -> str:
    """Percentage with two decimals, rounded down; empty when there is no whole."""
    if whole == 0:
        return ""
    if part == whole:
        return f"100{NO_BREAK_SPACE}%"
    hundredths = part * 10_000 // whole
    if part > 0 and hundredths == 0:
        return f"<{NO_BREAK_SPACE}0.01{NO_BREAK_SPACE}%"
    return f"{hundredths // 100}.{hundredths % 100:02d}{NO_BREAK_SPACE}%"


def power_of_ten(exponent: int) -> str:
    """``10⁻⁷``; plain ``1`` for the exponent 0."""
    return "1" if exponent == 0 else "10" + str(exponent).translate(_SUPERSCRIPTS)


def error(value: float) -> str:
    """A measured error or a tolerance: three digits, rounded away from zero, ``4.77 x 10⁻⁷``."""
    if not math.isfinite(value):
        return _not_finite(value)
    if value == 0:
        return "0"
    rounded = Context(prec=3, rounding=ROUND_UP).create_decimal(repr(float(value)))
    exponent = rounded.adjusted()
    if -3 <= exponent < 6:
        return f"{rounded.normalize():f}"
    mantissa = f"{rounded.scaleb(-exponent).normalize():f}"
    return f"{mantissa}{NO_BREAK_SPACE}{_TIMES}{NO_BREAK_SPACE}{power_of_ten(exponent)}"


def exact(value: float | int) -> str:
    """The value so that it can be reproduced: shortest text that gives the same float32 (or float64) back."""
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return _not_finite(value)
    with np.errstate(over="ignore"):
        single = np.float32(value)
    number = single if float(single) == value else np.float64(value)
    if value == 0 or 1e-4 <= abs(value) < 1e7:
        return np.format_float_positional(number, unique=True, trim="-")
    return np.format_float_scientific(number, unique=True, trim="-", exp_digits=1)


def range_text(minimum: float, maximum: float) -> str:
    """``0 to 5``, ``from 0``, ``up to 5``; empty where neither end is declared (both infinite)."""
    if math.isinf(minimum) and math.isinf(maximum):
        return ""
    if math.isinf(minimum):
        return f"up to {exact(maximum)}"
    if math.isinf(maximum):
        return f"from {exact(minimum)}"
    return f"{exact(minimum)} to {exact(maximum)}"


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "∞" if value > 0 else "-∞"


def size(octets: int) -> str:
    """``512 B``, ``12.4 KiB``, ``33.2 MiB``."""
    if octets < 1024:
        return f"{octets}{NO_BREAK_SPACE}B"
    if octets < 1024**2:
        return f"{octets / 1024:.1f}{NO_BREAK_SPACE}KiB"
    return f"{octets / 1024**2:.1f}{NO_BREAK_SPACE}MiB"


def listed(items: tuple[str, ...]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + " and " + items[-1]


def engine_text(engine: str) -> str:
    """``ONNX Runtime``, ``the native engine``."""
    return {"ort": "ONNX Runtime", "native": "the native engine"}.get(engine, visible(engine))


def target_text(target: str, engine: str) -> str:
    """``host with the native engine``."""
    return f"{visible(target)} with {engine_text(engine)}"
