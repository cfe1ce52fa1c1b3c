"""Single cases of the slot manager, and what ``docs/slots.md`` has from them.

``ECU_UPDATE_GOLDEN=1`` writes the table of states and the diagram anew; review the difference.
"""

from __future__ import annotations

import os
import re
import struct
import zlib

import pytest

from runtime.build import CHECKOUT
from update.build import Build

PATH = CHECKOUT / "docs/slots.md"
PAGE = PATH.read_text(encoding="utf-8")


def test_single_cases(cases: Build) -> None:
    outcome = cases.run("check")
    assert outcome.status == 0, outcome.output
    assert len(outcome.values("right")) == 7


@pytest.mark.parametrize("name", ["states", "diagram"])
def test_the_page_has_what_the_code_does(cases: Build, name: str) -> None:
    outcome = cases.run(name)
    assert outcome.status == 0, outcome.output
    block = f"<!-- {name}: begin -->\n{outcome.output}<!-- {name}: end -->"
    if os.environ.get("ECU_UPDATE_GOLDEN"):
        begin, end = (f"<!-- {name}: {mark} -->" for mark in ("begin", "end"))
        before, rest = PATH.read_text(encoding="utf-8").split(begin)
        PATH.write_text(before + block + rest.split(end)[1], encoding="utf-8")
    assert block in PATH.read_text(encoding="utf-8")


def test_the_page_has_a_right_record() -> None:
    record = re.search(r"For example `([0-9a-f ]+)`: record 5, slot 1 is active with package 7 conf", PAGE)
    assert record is not None
    checked = struct.pack("<IBBBBIIIII", 5, 1, 0, 0, 0, 2, 6, 2, 7, 0)
    assert bytes.fromhex(record[1]) == checked + struct.pack("<I", zlib.crc32(checked))
