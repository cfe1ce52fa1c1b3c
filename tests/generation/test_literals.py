"""Values keep their bits and texts cannot leave their place."""

from __future__ import annotations

import subprocess
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from ecu_bundle.generation import literals
from generation.samples import HOSTILE

VALUES = [0.0, -0.0, 1.0, 0.1, 1e-45, -1.1754942e-38, 3.4028235e38, -2.5, 1 / 3, 1e10, 16777217.0]


def test_float_literals_have_the_bits_of_float32(tmp_path: Path) -> None:
    source = tmp_path / "bits.cpp"
    rows = ", ".join(literals.float32(value) for value in VALUES)
    source.write_text(
        "#include <cstdio>\n#include <cstring>\n#include <initializer_list>\n"
        f"int main() {{ for (float v : {{{rows}}}) {{ unsigned b; std::memcpy(&b, &v, 4);"
        ' std::printf("0x%08xU\\n", b); } }\n'
    )
    program = tmp_path / "bits"
    subprocess.run(["g++", "-std=c++17", "-Wall", "-Werror", source, "-o", program], check=True)
    printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()
    assert printed == list(literals.bits(np.array(VALUES, dtype=np.float32)))


TEXTS = ["", "worn", 'a"b', "\\", "??/", "%s\n", "\0011", "Ümlaut 7", "日本", HOSTILE]


def test_string_literals_have_the_bytes_of_the_text(tmp_path: Path) -> None:
    source = tmp_path / "texts.cpp"
    texts = ", ".join(literals.string(text) for text in TEXTS)
    source.write_text(
        "#include <cstdio>\n#include <initializer_list>\n"
        f"int main() {{ for (const char* text : {{{texts}}})"
        " { std::fputs(text, stdout); std::putchar(0); } }\n"
    )
    program = tmp_path / "texts"
    subprocess.run(
        ["g++", "-std=c++17", "-Wall", "-Wtrigraphs", "-Werror", source, "-o", program], check=True
    )
    printed = subprocess.run([program], check=True, capture_output=True).stdout
    assert printed == "".join(text + "\0" for text in TEXTS).encode()


def test_infinite_and_too_large_bounds() -> None:
    assert literals.float32(np.inf) == "ecu::kInfinity"
    assert literals.float32(-np.inf) == "-ecu::kInfinity"
    assert literals.float32(1e300) == "0x1.fffffep+127F"


def test_bit_patterns_keep_nan_payloads_and_negative_codes() -> None:
    nan = np.array([0x7FC12345, 0xFF800000, 1], dtype=np.uint32).view(np.float32)
    assert list(literals.bits(nan)) == ["0x7fc12345U", "0xff800000U", "0x00000001U"]
    assert list(literals.bits(np.array([-1], dtype=np.int32))) == ["0xffffffffU"]


@pytest.mark.parametrize(
    "text", [HOSTILE, "*/ /* */", "a\\", "??/", "???/", "\u2028x\u2029", "*" * 9 + "/", "//*/"]
)
def test_comments_stay_comments(text: str) -> None:
    for line in (literals.comment(text), *literals.comment_lines(text, indent=2, mark="///")):
        assert "*/" not in line and "??" not in line and "\\" not in line
        assert "/*" not in line.removeprefix("///")
        assert all(unicodedata.category(c)[0] != "C" and c not in "\u2028\u2029" for c in line)


def test_comment_lines_fit_the_page() -> None:
    lines = literals.comment_lines("word " * 200, indent=2, mark="///")
    assert len(lines) > 1 and all(len(line) + 2 <= literals.COLUMNS for line in lines)


def test_markdown_has_no_markup_left() -> None:
    assert literals.markdown("a|b<i>`x`\n# *y* $z$") == "a\\|b\\<i\\>\\`x\\` \\# \\*y\\* \\$z\\$"


@pytest.mark.parametrize(("value", "text"), [(46.0, "46"), (-0.5, "-0.5"), (0.1, "0.1"), (1e300, "1e+300")])
def test_bounds_for_people(value: float, text: str) -> None:
    assert literals.number_text(value) == text
