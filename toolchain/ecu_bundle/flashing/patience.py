"""Asking again while an ECU is busy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ecu_bundle.flashing.refusals import BUSY

_TRIES = 20
_SECONDS = 0.25

_Result = TypeVar("_Result")


def patiently(request: Callable[[], _Result]) -> _Result:
    """Repeats a request while the ECU is busy (0x21), for five seconds."""
    from udsoncan.exceptions import NegativeResponseException

    for _ in range(_TRIES):
        try:
            return request()
        except NegativeResponseException as error:
            if error.response.code != BUSY:
                raise
        time.sleep(_SECONDS)
    return request()
