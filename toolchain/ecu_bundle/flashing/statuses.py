"""Names of the device's statuses, from the header that the device is compiled with."""

from __future__ import annotations

import re
from functools import cache

from ecu_bundle.generation.templates import share

_ENTRY = re.compile(r"^  (ECU_\w+) = (\d+),? */\*\*< (.+?) \*/$", re.MULTILINE)


def status_text(number: int) -> str:
    """Name and meaning of a status: ``ECU_PACKAGE_ROLLBACK, older than what the device has confirmed``."""
    return _table().get(number, f"status {number}, which this version does not know")


@cache
def _table() -> dict[int, str]:
    text = (share() / "runtime/include/ecu/status.h").read_text(encoding="utf-8")
    return {int(number): f"{name}, {meaning}" for name, number, meaning in _ENTRY.findall(text)}
