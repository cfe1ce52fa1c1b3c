"""Names of users become C++ identifiers that are valid, readable and unique."""

from __future__ import annotations

import re

import pytest

from ecu_bundle.identifiers import Scope, bundle_name, pascal, snake, words
from generation.samples import HOSTILE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Horse Power", "horse_power"),
        ("MedInc", "med_inc"),
        ("HTTPServer", "http_server"),
        ("x1 y2", "x1_y2"),
        ("3.5", "input_3_5"),
        ("int", "int_value"),
        ("INT", "int_value"),
        ("linux", "linux_value"),
        ("__a__b__", "a_b"),
        ("Ümlaut ß", "umlaut_ss"),
        ("日本", "input0"),
        ("", "input0"),
        ("<=50K", "less_equal_50_k"),
        ("a" * 99, "a" * 32),
        ("\N{FULLWIDTH LATIN SMALL LETTER A}", "a"),
    ],
)
def test_fields(text: str, expected: str) -> None:
    assert snake(text, fallback="input0") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("north america", "NorthAmerica"),
        ("USA", "Usa"),
        ("<=50K", "LessEqual50K"),
        ("-1", "Minus1"),
        ("-.5", "Minus5"),
        ("a-1", "A1"),
        ("1.5", "1_5"),
        ("15", "15"),
        ("日本", "Value7"),
    ],
)
def test_enumerators(text: str, expected: str) -> None:
    assert pascal(text, fallback="Value7") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auto_mpg", "auto_mpg"),
        ("class", "class_model"),
        ("std", "std_model"),
        ("math", "math_model"),
        ("test", "test_model"),
        ("m", "m_model"),
        ("2nd gear", "model_2nd_gear"),
    ],
)
def test_bundle_names_hide_nothing_of_the_system(text: str, expected: str) -> None:
    assert bundle_name(text) == expected


@pytest.mark.parametrize(
    "text", [HOSTILE, "\x00", "__", "💥", "e\u0301" * 40, "a\nb", "ﬁ", "²", "Ⅷ", "1e-3", "%"]
)
def test_any_text_gives_an_identifier(text: str) -> None:
    assert re.fullmatch(r"[a-z](_?[a-z0-9])*", snake(text, fallback="field0"))
    assert re.fullmatch(r"[A-Z0-9](_?[A-Za-z0-9])*", pascal(text, fallback="Value0"))
    assert all(word.isascii() for word in words(text))


def test_a_scope_hands_out_each_name_once() -> None:
    scope = Scope("model")
    names = [scope.unique(name) for name in ("gear", "gear_2", "gear", "Gear", "model")]
    assert names == ["gear", "gear_2", "gear_3", "Gear_4", "model_2"]
