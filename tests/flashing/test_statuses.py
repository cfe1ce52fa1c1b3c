"""Every status of the device has its name and its meaning here."""

from __future__ import annotations

import re

import pytest

from ecu_bundle.flashing.statuses import status_text
from pipeline.examples import CHECKOUT

HEADER = (CHECKOUT / "runtime/include/ecu/status.h").read_text(encoding="utf-8")
NUMBERS = {int(number): name for name, number in re.findall(r"(ECU_\w+) = (\d+)", HEADER) if int(number)}


@pytest.mark.parametrize("number", NUMBERS)
def test_a_status_is_named(number: int) -> None:
    assert re.fullmatch(NUMBERS[number] + r", \S.{10,}", status_text(number))


def test_there_are_statuses_and_others_are_said_to_be_unknown() -> None:
    assert len(NUMBERS) > 40
    assert status_text(255) == "status 255, which this version does not know"


def test_the_page_says_what_to_do() -> None:
    """About everything that an ECU may have for the status of an update."""
    page = (CHECKOUT / "docs/flashing.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`ECU_.*?) \|", page.split("What to do:")[1].split("\n## ")[0], re.M)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    ours = [
        name for name in NUMBERS.values() if name.startswith(("ECU_PACKAGE_", "ECU_UPDATE_", "ECU_FLASH_"))
    ]
    inside = {
        "ECU_UPDATE_BAD_LAYOUT",
        "ECU_FLASH_DAMAGED",
    }  # of the ECU's own program, never told of an update
    missing = {name for name in ours if name not in named and name.removeprefix("ECU_PACKAGE") not in named}
    assert missing == inside
