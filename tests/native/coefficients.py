"""Writes `runtime/src/native/math/coefficients.h`: every constant of the elementary functions.

Each polynomial interpolates its function at the Chebyshev nodes of the interval, in 80-digit decimal
arithmetic, and is rounded to the format at the end. Such a polynomial is within a small factor of the
minimax one, and a degree too low shows in the measured error (`tests/native/test_math.py`). Functions are
given as power series or through `decimal`, independent of any math library.

    python tests/native/coefficients.py      # rewrites the header
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np

HEADER = Path(__file__).parents[2] / "runtime" / "src" / "native" / "math" / "coefficients.h"

Function = Callable[[Decimal], Decimal]

_CONTEXT = decimal.Context(prec=80, Emin=-9999, Emax=9999)
_SMALLEST_TERM = Decimal("1e-85")


def _series(term: Callable[[int], Decimal]) -> Function:
    """The function x -> sum of term(n) x^n."""

    def value(x: Decimal) -> Decimal:
        total, power, n = Decimal(0), Decimal(1), 0
        while n < 4 or abs(power * term(n)) > _SMALLEST_TERM:
            total += power * term(n)
            power, n = power * x, n + 1
        return total

    return value


def _factorial(n: int) -> Decimal:
    return Decimal(math.factorial(n))


def _arctangent_of_inverse(n: int) -> Decimal:
    """atan(1/n), for Machin's formula."""
    return _series(lambda i: Decimal((-1) ** i) / (2 * i + 1))(Decimal(1) / (n * n)) / n


def _tanh_tail(z: Decimal) -> Decimal:
    """(tanh(x) - x) / x^3 for z = x^2."""
    x = z.sqrt()
    e = (2 * x).exp()
    return ((e - 1) / (e + 1) - x) / (x * z)


with decimal.localcontext(_CONTEXT):
    LN2 = Decimal(2).ln()
    PI = 16 * _arctangent_of_inverse(5) - 4 * _arctangent_of_inverse(239)
    TWO_OVER_ROOT_PI = 2 / PI.sqrt()

# (e^r - 1 - r - r^2 / 2) / r^3
exp_tail = _series(lambda n: 1 / _factorial(n + 3))
# (2 atanh(s) - 2 s) / s^3 as a function of s^2
atanh_tail = _series(lambda n: Decimal(2) / (2 * n + 3))
# (log(1 + r) - r + r^2 / 2) / r^3
log_tail = _series(lambda n: Decimal((-1) ** n) / (n + 3))
# (sin(r) - r) / r^3 and (cos(r) - 1 + r^2 / 2) / r^4 as functions of r^2
sin_tail = _series(lambda n: Decimal((-1) ** (n + 1)) / _factorial(2 * n + 3))
cos_tail = _series(lambda n: Decimal((-1) ** n) / _factorial(2 * n + 4))
# erf(x) / x as a function of x^2
_erf_over_x = _series(lambda n: Decimal((-1) ** n) / (_factorial(n) * (2 * n + 1)))


def _erf(x: Decimal) -> Decimal:
    return TWO_OVER_ROOT_PI * x * _erf_over_x(x * x)


def _erf_tail(z: Decimal) -> Decimal:
    """erf(x) / x - 1 for z = x^2."""
    return TWO_OVER_ROOT_PI * _erf_over_x(z) - 1


def _erf_slope(h: Decimal) -> Decimal:
    """(erf(1 + h) - erf(1)) / h."""
    return (_erf(1 + h) - _erf(Decimal(1))) / h


def _scaled_erfc(t: Decimal) -> Decimal:
    """erfc(x) e^(x^2) for t = (x - 1) / (x + 2): few terms suffice."""
    x = (1 + 2 * t) / (1 - t)
    return (1 - _erf(x)) * (x * x).exp()


def _cosine(x: Decimal) -> Decimal:
    return 1 - x * x / 2 + x**4 * cos_tail(x * x)


def interpolate(function: Function, low: Decimal, high: Decimal, count: int) -> list[Decimal]:
    """Coefficients, lowest power first, of the polynomial through the `count` Chebyshev nodes."""
    middle, half = (low + high) / 2, (high - low) / 2
    nodes = [middle + half * _cosine(PI * (2 * i + 1) / (2 * count)) for i in range(count)]
    differences = [function(node) for node in nodes]
    for order in range(1, count):  # Newton's divided differences
        for i in range(count - 1, order - 1, -1):
            differences[i] = (differences[i] - differences[i - 1]) / (nodes[i] - nodes[i - order])
    coefficients = [Decimal(0)] * count
    for difference, node in zip(reversed(differences), reversed(nodes), strict=True):
        shifted = [Decimal(0), *coefficients[:-1]]  # p := p * (x - node) + difference
        coefficients = [up - node * own for up, own in zip(shifted, coefficients, strict=True)]
        coefficients[0] += difference
    return coefficients


class Writer:
    """Text of the constants of one format: `float` or `double`."""

    def __init__(self, real: str) -> None:
        self.real = real
        self.lines: list[str] = []
        # A multiple of 2^-grid below 2 leaves room for the product with any exponent of the format.
        self.grid = 16 if real == "float" else 42

    def choose(self, single: int, double: int) -> Decimal:
        """The one of two numbers that belongs to this format."""
        return Decimal(single if self.real == "float" else double)

    def literal(self, value: Decimal) -> str:
        """The nearest number of the format as a hexadecimal literal."""
        nearest = float(Fraction(value))
        if self.real == "float":
            nearest = float(np.float32(nearest))
        mantissa, exponent = nearest.hex().split("p")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}p{int(exponent)}{'F' if self.real == 'float' else ''}"

    def scalar(self, name: str, value: Decimal, note: str) -> None:
        self.lines.append(f"  static constexpr {self.real} {name} = {self.literal(value)};  // {note}")

    def array(self, name: str, values: Sequence[Decimal], note: str) -> None:
        self.lines.append(f"  // {note}")
        self.lines.append(f"  static constexpr {self.real} {name}[{len(values)}] = {{")
        self.lines += [f"      {self.literal(value)}," for value in values]
        self.lines.append("  };")

    def polynomial(
        self, name: str, function: Function, span: tuple[Decimal, Decimal], counts: tuple[int, int], note: str
    ) -> None:
        """An interpolating polynomial; `counts` are the numbers of coefficients for float and double."""
        count = counts[0] if self.real == "float" else counts[1]
        self.array(name, interpolate(function, *span, count), note)

    def words(self, name: str, values: Sequence[int], note: str) -> None:
        self.lines.append(f"  // {note}")
        self.lines.append(f"  static constexpr uint32_t {name}[{len(values)}] = {{")
        self.lines += [f"      0x{value:08x}U," for value in values]
        self.lines.append("  };")


def _multiple(value: Decimal, bits: int) -> Decimal:
    """The nearest multiple of 2^-bits."""
    scale = Decimal(2**bits)
    return (value * scale).to_integral_value() / scale


def reciprocals(index_bits: int) -> list[Decimal]:
    """For each interval of pow's table a short number near the reciprocal of its middle.

    The intervals divide the octave that begins 77/128 of an octave's bit patterns below 1.0; one of them
    has 1.0 inside and takes the reciprocal 1, so that the logarithm of a number near 1 has no table error.
    """
    count = 2**index_bits
    found = []
    for i in range(count):
        ends = []
        for edge in (i, i + 1):
            octave = Decimal(edge) / count - Decimal(77) / 128  # distance from 1.0 in bit patterns
            ends.append(1 + octave if octave >= 0 else (2 + octave) / 2)
        low, high = ends
        found.append(Decimal(1) if low < 1 < high else _multiple(2 / (low + high), 9))
    return found


def _widest_remainder(index_bits: int) -> Decimal:
    """Largest |z c - 1| over all intervals, rounded up."""
    count, table = 2**index_bits, reciprocals(index_bits)
    widest = Decimal(0)
    for i, c in enumerate(table):
        for edge in (i, i + 1):
            octave = Decimal(edge) / count - Decimal(77) / 128
            z = 1 + octave if octave >= 0 else (2 + octave) / 2
            widest = max(widest, abs(z * c - 1))
    return _multiple(widest, 12) + 1 / Decimal(2**12)


def _two_over_pi(words: int, zeros: int) -> list[int]:
    """2 / pi in words of 32 bits, after `zeros` words of leading zeros."""
    count = words - zeros
    with decimal.localcontext(_CONTEXT) as context:
        context.prec = 10 * count + 40
        pi = 16 * _precise_arctangent(5, context.prec) - 4 * _precise_arctangent(239, context.prec)
        digits = int(2 / pi * 2 ** (32 * count))
    return [0] * zeros + [digits >> (32 * (count - 1 - i)) & 0xFFFFFFFF for i in range(count)]


def _precise_arctangent(n: int, digits: int) -> Decimal:
    """atan(1/n) to `digits` decimal digits."""
    total, power, i = Decimal(0), Decimal(1) / n, 0
    while power > Decimal(10) ** -digits:
        total += power / (2 * i + 1) * (-1) ** i
        power, i = power / (n * n), i + 1
    return total


def _exp(out: Writer) -> None:
    half = LN2 / 2 * Decimal("1.0001")
    high = _multiple(LN2, out.grid)
    out.scalar("kInverseLn2", 1 / LN2, "1 / ln 2")
    out.scalar("kLn2High", high, f"ln 2 as a multiple of 2^-{out.grid}: exact times a whole number")
    out.scalar("kLn2Low", LN2 - high, "what is left of ln 2")
    out.scalar("kLimit", out.choose(104, 746), "beyond, e^x is infinite or rounds to zero")
    note = "(e^r - 1 - r - r^2 / 2) / r^3, |r| <= ln(2) / 2"
    out.polynomial("kExp", exp_tail, (-half, half), (5, 10), note)


def _log(out: Writer) -> None:
    root = Decimal(2).sqrt()
    span = (Decimal(0), ((root - 1) / (root + 1)) ** 2)
    out.scalar("kRootHalf", 1 / root, "sqrt(1/2)")
    out.polynomial("kLog", atanh_tail, span, (3, 8), "(2 atanh(s) - 2 s) / s^3 in s^2, |s| <= 0.1716")


def _sigmoid(out: Writer) -> None:
    small = Decimal("0.55")
    out.scalar("kSaturation", out.choose(20, 40), "beyond, 1 + e^x is e^x in this format")
    out.scalar("kSmall", small, "below, tanh(x) is a polynomial; just above ln(3) / 2, where tanh is 1/2")
    note = "(tanh(x) - x) / x^3 in x^2, |x| <= kSmall"
    out.polynomial("kTanh", _tanh_tail, (Decimal(0), small * small), (5, 11), note)


def _trigonometric(out: Writer) -> None:
    span = (Decimal(0), (PI / 4) ** 2)
    out.polynomial("kSine", sin_tail, span, (4, 8), "(sin(r) - r) / r^3 in r^2, |r| <= pi / 4")
    out.polynomial("kCosine", cos_tail, span, (3, 7), "(cos(r) - 1 + r^2 / 2) / r^4 in r^2, |r| <= pi / 4")
    out.scalar("kQuarterPi", PI / 4, "pi / 4")
    bits, zeros, length = (32, 1, 8) if out.real == "float" else (64, 2, 40)
    whole = int((PI / 4 * 2**bits).to_integral_value())
    out.lines.append(
        f"  static constexpr uint{bits}_t kQuarterPiBits = {whole:#x}U;  // pi / 4 times 2^{bits}"
    )
    out.words("kTwoOverPi", _two_over_pi(length, zeros), f"{32 * zeros} zero bits, then those of 2 / pi")


def _error_function(out: Writer) -> None:
    begin, end, last = Decimal("0.75"), Decimal("1.25"), out.choose(4, 6)
    whole = _erf(Decimal(1))
    high = _multiple(whole, out.grid)
    out.scalar("kMiddleBegin", begin, "the middle piece is from here")
    out.scalar("kMiddleEnd", end, "to here")
    out.scalar("kLast", last, "from here, erf(x) rounds to 1")
    out.scalar("kErfOneHigh", high, f"erf(1), rounded to a multiple of 2^-{out.grid}")
    out.scalar("kErfOneLow", whole - high, "what is left of it")
    note = "erf(x) / x - 1 in x^2, |x| <= kMiddleBegin"
    out.polynomial("kErf", _erf_tail, (Decimal(0), begin**2), (7, 15), note)
    note = "(erf(x) - erf(1)) / h in h = x - 1, kMiddleBegin <= x <= kMiddleEnd"
    out.polynomial("kMiddle", _erf_slope, (begin - 1, end - 1), (8, 14), note)
    span = ((end - 1) / (end + 2), (last - 1) / (last + 2))
    note = "erfc(x) e^(x^2) in (x - 1) / (x + 2), kMiddleEnd <= x <= kLast"
    out.polynomial("kErfc", _scaled_erfc, span, (7, 18), note)


def _power(out: Writer) -> None:
    index_bits = 4 if out.real == "float" else 5
    widest = _widest_remainder(index_bits)
    note = "(log(1 + r) - r + r^2 / 2) / r^3"
    out.polynomial("kPower", log_tail, (-widest, widest), (4, 8), note)
    table = reciprocals(index_bits)
    logs = [-c.ln() for c in table]
    highs = [_multiple(log, out.grid) for log in logs]
    out.lines.append(f"  static constexpr unsigned kIndexBits = {index_bits}U;")
    out.array("kReciprocal", table, "short reciprocals c of the middles of the intervals")
    out.array("kLogHigh", highs, f"-log(c), rounded to a multiple of 2^-{out.grid}")
    out.array("kLogLow", [log - high for log, high in zip(logs, highs, strict=True)], "what is left of it")


_GROUPS: dict[str, Callable[[Writer], None]] = {
    "ExpConstants": _exp,
    "LogConstants": _log,
    "SigmoidConstants": _sigmoid,
    "TrigonometricConstants": _trigonometric,
    "ErfConstants": _error_function,
    "PowerConstants": _power,
}


def text() -> str:
    """The header."""
    lines = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        "/* Written by tests/native/coefficients.py; polynomials lowest power first. */",
        "#ifndef ECU_SRC_NATIVE_MATH_COEFFICIENTS_H",
        "#define ECU_SRC_NATIVE_MATH_COEFFICIENTS_H",
        "",
        "#include <stdint.h>",
        "",
        "// clang-format off",
        "namespace ecu::math {",
    ]
    for name, write in _GROUPS.items():
        lines += ["", "template <typename Real>", f"struct {name};"]
        for real in ("float", "double"):
            out = Writer(real)
            with decimal.localcontext(_CONTEXT):
                write(out)
            lines += ["", "template <>", f"struct {name}<{real}> {{", *out.lines, "};"]
    lines += ["", "}  // namespace ecu::math", "// clang-format on", "#endif"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    HEADER.write_text(text(), encoding="utf-8")
