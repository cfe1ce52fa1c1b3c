"""Whatever is wrong with a package has a documented status of its own, and leaves flash as it is until the
signature is accepted."""

from __future__ import annotations

import re

import pytest

from runtime.build import CHECKOUT, RUNTIME
from update.build import Build

PACKAGE = {
    "another kind of file": "BAD_MAGIC",
    "a byte of the template": "MALFORMED",
    "a string longer than its content": "MALFORMED",
    "another version of the manifest": "BAD_VERSION",
    "an unknown algorithm": "BAD_ALGORITHM",
    "the algorithm of another kind of key": "BAD_ALGORITHM",
    "a header beyond its limit": "TOO_LONG",
    "a header that is cut": "TRUNCATED",
    "nothing": "TRUNCATED",
    "a changed manifest": "BAD_DIGEST",
    "changed facts": "BAD_DIGEST",
    "an unknown key": "UNKNOWN_KEY",
    "a changed key id": "UNKNOWN_KEY",
    "a changed signature": "BAD_SIGNATURE",
    "a key for later packages": "KEY_RETIRED",
    "keys by a release key": "WRONG_USE",  # for later packages too: the use is checked first
    "a model by a root key": "WRONG_USE",
    "a key for nothing": "WRONG_USE",
    "another vendor": "WRONG_VENDOR",
    "another class": "WRONG_CLASS",
    "other hardware": "WRONG_HARDWARE",
    "an older package": "ROLLBACK",
    "an older key set": "ROLLBACK",
    "the same sequence, other content": "OTHER_CONTENT",
    "another engine": "WRONG_FORMAT",
    "another interface": "WRONG_INTERFACE",
    "a missing kernel": "KERNEL_MISSING",
    "a small arena": "ARENA_TOO_SMALL",
    "a small stack": "STACK_TOO_SMALL",
    "a large payload": "TOO_LARGE",
    "a payload with more behind it": "TOO_LONG",
    "a payload that is cut": "TRUNCATED",
    "a changed payload": "BAD_PAYLOAD",
    "a wrong key set": "BAD_KEY_SET",
}
DEVICE = {
    "a trial that runs": "ECU_UPDATE_TRIAL_RUNNING",
    "a damaged key set in flash": "ECU_UPDATE_KEYS_DAMAGED",
    "no begin": "ECU_UPDATE_NOT_STARTED",
    "flash that takes nothing": "ECU_FLASH_FAILED",
}
EXPECTED = {name: f"ECU_PACKAGE_{word}" for name, word in PACKAGE.items()} | DEVICE

SIGNED = (
    *("a payload with more behind it", "a payload that is cut", "a changed payload", "a wrong key set"),
    "flash that takes nothing",
)
"""Their header is right: the slot is being written when the fault shows."""

ELSEWHERE = {
    "ECU_PACKAGE_BAD_VECTORS": "packages/test_golden_on_device.py",
    "ECU_UPDATE_SELF_TEST_FAILED": "packages/test_golden_on_device.py",
    "ECU_UPDATE_BAD_LAYOUT": "update/programs/cases.cpp",
    "ECU_UPDATE_NO_MODEL": "update/programs/attacks.cpp",
    "ECU_UPDATE_NO_TRIAL": "update/programs/flows.cpp",
}
"""Statuses that no package by itself leads to, and where they are tested."""


@pytest.fixture(scope="module")
def found(cases: Build) -> dict[str, tuple[str, int, bool]]:
    """Status, operations on flash, and whether the install was over, by case."""
    rows = re.findall(r"^(\d+) (\d+) ([01]) (.+)$", cases.run("refusals").output, re.M)
    return {name: (_name(int(status)), int(writes), over == "1") for status, writes, over, name in rows}


def _declared() -> dict[int, str]:
    text = (RUNTIME / "include/ecu/status.h").read_text(encoding="utf-8")
    return {int(number): name for name, number in re.findall(r"(ECU_\w+) = (\d+)", text)}


def _name(status: int) -> str:
    return _declared()[status]


def test_each_has_its_status(found: dict[str, tuple[str, int, bool]]) -> None:
    assert {name: status for name, (status, _, _) in found.items()} == EXPECTED


def test_flash_is_as_it_was_until_the_signature_is_accepted(found: dict[str, tuple[str, int, bool]]) -> None:
    changed = {name for name, (_, writes, _) in found.items() if writes}
    assert changed == set(SIGNED)


def test_each_ends_the_install(found: dict[str, tuple[str, int, bool]]) -> None:
    assert all(over for _, _, over in found.values())


FAMILY = [name for number, name in _declared().items() if number >= 64 and name != "ECU_FLASH_DAMAGED"]


def test_every_status_of_the_family_is_met() -> None:
    assert set(EXPECTED.values()) | set(ELSEWHERE) == set(FAMILY)


@pytest.mark.parametrize("status", ELSEWHERE)
def test_the_others_are_tested_elsewhere(status: str) -> None:
    text = (CHECKOUT / "tests" / ELSEWHERE[status]).read_text(encoding="utf-8")
    assert status in text or status.removeprefix("ECU_PACKAGE_").removeprefix("ECU_UPDATE_") in text


@pytest.mark.parametrize("status", FAMILY)
def test_the_pages_have_every_status(status: str) -> None:
    number = next(number for number, name in _declared().items() if name == status)
    page = "slots" if number < 72 else "update_package"
    rows = re.findall(
        r"\| (\d+) \| `(ECU_\w+)` (?=\|)", (CHECKOUT / f"docs/{page}.md").read_text(encoding="utf-8")
    )
    assert (str(number), status) in rows
