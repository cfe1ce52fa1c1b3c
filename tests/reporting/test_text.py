"""Numbers and names as a reader sees them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ecu_bundle.reporting.text import count, error, exact, listed, share, shortened, size, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain µ 度 é", "plain µ 度 é"),
        ("a\nb\tc\x00", r"a\u000ab\u0009c\u0000"),
        ("\u202e\u200b\ufeff\u2028", r"\u202e\u200b\ufeff\u2028"),
        ("\ud800", r"\ud800"),
        ("\uffff\U000e0041", r"\uffff\U000e0041"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(1, 1, "100 %"), (99_999, 100_000, "99.99 %"), (1, 100_000, "< 0.01 %"), (0, 5, "0.00 %"), (0, 0, "")],
)
def test_share_never_flatters(part: int, whole: int, text: str) -> None:
    assert share(part, whole).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1e-6, "1 x 10⁻⁶"),
        (4.76837158203125e-07, "4.77 x 10⁻⁷"),
        (9.999e-7, "1 x 10⁻⁶"),
        (0.1, "0.1"),
        (0.8, "0.8"),
        (1.001, "1.01"),
        (123456.0, "124000"),
        (3.4e38, "3.4 x 10³⁸"),
        (math.inf, "∞"),
        (math.nan, "NaN"),
    ],
)
def test_error_is_rounded_up(value: float, text: str) -> None:
    shown = error(value).replace("\N{NO-BREAK SPACE}", " ").replace("\N{MULTIPLICATION SIGN}", "x")
    assert shown == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (-1, "-1"),
        (-0.0, "-0"),
        (float(np.float32(0.1)), "0.1"),
        (0.1, "0.1"),
        (1.5e-45, "1.5e-45"),
        (float(np.float32(3.4e38)), "3.4e+38"),
        (1e300, "1e+300"),
        (-math.inf, "-∞"),
    ],
)
def test_exact(value: float, text: str) -> None:
    assert exact(value) == text


def test_exact_gives_every_float32_back() -> None:
    bits = np.random.default_rng(3).integers(0, 0x7F800000, 2000, dtype=np.uint32)
    for value in bits.view(np.float32):
        assert np.float32(exact(float(value))) == value


def test_small_words() -> None:
    assert count(12412) == "12,412"
    assert listed(("a", "b", "c")) == "a, b and c"
    assert shortened("abcdefgh", 5) == "abcd…"
    assert [size(n).replace("\N{NO-BREAK SPACE}", " ") for n in (512, 12_700, 34_800_000)] == [
        "512 B",
        "12.4 KiB",
        "33.2 MiB",
    ]
