"""Values and free text as C++, Markdown and CMake source text.

Text of users (names, units, descriptions, categories) is hostile until it has passed here.
"""

from __future__ import annotations

import math
import re
import textwrap
import unicodedata
from collections.abc import Iterable

import numpy as np

from ecu_bundle.interface import Array

COLUMNS = 110
INT32_MIN = -(2**31)
_LARGEST = float(np.finfo(np.float32).max)
_MAX_TEXT = 400


def plain(text: str) -> str:
    """One line of printable characters: controls, line ends and direction marks become blanks."""
    # Cc, Cf, Cs, Co, Cn and the line and paragraph separators: nothing that a terminal, a compiler
    # or a browser would obey instead of show.
    safe = "".join(" " if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" else c for c in text)
    safe = " ".join(safe.split())
    return safe if len(safe) <= _MAX_TEXT else safe[: _MAX_TEXT - 3] + "..."


def comment(text: str) -> str:
    """Text for one C or C++ comment: it cannot end the comment, continue a line or form a trigraph.

    A backslash becomes a slash, since documentation tools take it for a command.
    """
    safe = plain(text).replace("\\", "/").replace("@", "(at)")
    safe = re.sub(r"\?(?=\?)", "? ", safe)
    for pair in ("*/", "/*"):
        safe = safe.replace(pair, " ".join(pair))
    return safe


def comment_lines(text: str, *, indent: int, mark: str) -> list[str]:
    """The text as comment lines of at most 110 columns, each with the mark but without the indent."""
    width = COLUMNS - indent
    return textwrap.wrap(
        comment(text),
        width,
        initial_indent=mark + " ",
        subsequent_indent=mark + " ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def markdown(text: str) -> str:
    """Text for a Markdown table cell or paragraph: no markup, no HTML."""
    return "".join("\\" + c if c in "\\`*_{}[]<>()#|!~&$" else c for c in plain(text))


def float32(value: float) -> str:
    """A C++17 constant of type float with exactly the bits of ``float32(value)``, in hexadecimal.

    A finite value beyond float32 becomes the largest finite one; infinity is ``ecu::kInfinity``.
    """
    if math.isinf(value):
        return "-ecu::kInfinity" if value < 0 else "ecu::kInfinity"
    return _hex(float(np.float32(np.clip(value, -_LARGEST, _LARGEST)))) + "F"


def _hex(number: float) -> str:
    """Shortest hexadecimal float: ``0x1.8p+3``."""
    mantissa, exponent = number.hex().split("p")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}p{exponent}"


def number_text(value: float) -> str:
    """A declared bound for people, shortest text that reads back as the same float64."""
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def int32(value: int) -> str:
    """C and C++ text of an int32; the smallest one has no literal of its own."""
    return "-2147483647 - 1" if value == INT32_MIN else str(value)


def string(text: str) -> str:
    """A C++ string literal with exactly the UTF-8 bytes of the text.

    What is not a plain ASCII character becomes an octal escape of three digits, which no digit that
    follows can lengthen.
    """
    plain_bytes = {ord(c) for c in map(chr, range(0x20, 0x7F)) if c not in '"\\?'}
    data = text.encode("utf-8", "replace")
    return '"' + "".join(chr(b) if b in plain_bytes else f"\\{b:03o}" for b in data) + '"'


def bits(values: Array) -> Iterable[str]:
    """The 32 bits of each value, in C order, as ``0x3f800000U``."""
    return (f"0x{word:08x}U" for word in np.ascontiguousarray(values).reshape(-1).view(np.uint32).tolist())


def table(words: Iterable[str], *, indent: int) -> str:
    """Words with commas in lines of at most 110 columns; the first line has no indent."""
    text = ", ".join(words)
    return f"\n{' ' * indent}".join(textwrap.wrap(text, COLUMNS - indent, break_on_hyphens=False))


def byte_table(data: bytes, *, indent: int) -> str:
    """Bytes as decimal numbers in lines of 24."""
    step = 24
    lines = (",".join(map(str, data[i : i + step])) for i in range(0, len(data), step))
    return f",\n{' ' * indent}".join(lines)
