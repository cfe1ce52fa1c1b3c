"""Single cases of the slot manager, and the tables of ``docs/slots.md``."""

from __future__ import annotations

import re
import struct
import zlib

from runtime.build import CHECKOUT
from update.build import Build

PAGE = (CHECKOUT / "docs/slots.md").read_text(encoding="utf-8")


def test_single_cases(cases: Build) -> None:
    outcome = cases.run("check")
    assert outcome.status == 0, outcome.output
    assert len(outcome.values("right")) == 7


def test_the_page_has_the_states_of_the_code(cases: Build) -> None:
    block = re.search(r"<!-- states: begin -->\n(.*)<!-- states: end -->", PAGE, re.S)
    assert block is not None
    assert block[1].splitlines()[2:] == cases.run("states").output.splitlines()


def test_the_page_has_a_right_record() -> None:
    record = re.search(r"For example `([0-9a-f ]+)`: record 5, slot 1 is active with package 7 conf", PAGE)
    assert record is not None
    checked = struct.pack("<IBBBBIIIII", 5, 1, 0, 2, 0, 2, 6, 2, 7, 0)
    assert bytes.fromhex(record[1]) == checked + struct.pack("<I", zlib.crc32(checked))
