"""Child processes end within their limits, whatever they leave behind."""

from __future__ import annotations

import os
import sys
import time

import pytest

from ecu_bundle.building.processes import run

SECONDS = 0.6
ENDLESS = "import os\nwhile True: os.write({}, bytes(1 << 16))"
CASES = {
    "a child that left the group": ("sleep 60 & setsid sleep 5 & sleep 60", "stopped at its time limit"),
    "a child that outlives it": (
        "setsid sleep 5 & exit 0",
        "stopped at its time limit: a process that it left behind holds its output",
    ),
    "a closed output": ("exec >&- 2>&-; sleep 60", "stopped at its time limit"),
    "no reader of its input": ("sleep 60", "stopped at its time limit"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_time_limit_holds(case: str) -> None:
    script, ending = CASES[case]
    start = time.monotonic()
    finished = run(["sh", "-c", script], stage="test", seconds=SECONDS, stdin=bytes(1 << 20))
    assert (finished.code, finished.ending) == (None, ending)
    assert time.monotonic() - start < SECONDS + 2.0


@pytest.mark.parametrize("descriptor", [1, 2])
def test_endless_output_is_stopped(descriptor: int) -> None:
    command = [sys.executable, "-I", "-S", "-c", ENDLESS.format(descriptor)]
    finished = run(command, stage="test", seconds=30.0, most_bytes=100_000)
    assert (finished.code, finished.ok) == (None, False)
    assert finished.ending == "stopped after more than 100000 bytes of output"
    assert len(finished.stdout) + len(finished.stderr) < 400_000


def test_what_goes_in_comes_out() -> None:
    """More than the pipes hold, in both directions at once."""
    data = os.urandom(3 << 20)
    finished = run(["tee", "/dev/stderr"], stage="test", seconds=30.0, stdin=data)
    assert (finished.code, finished.stdout) == (0, data)
    assert finished.stderr == data.decode(errors="replace")


def test_input_that_is_not_wanted_is_no_error() -> None:
    finished = run(["sh", "-c", "echo done; exit 3"], stage="test", seconds=30.0, stdin=bytes(1 << 22))
    assert (finished.code, finished.stdout) == (3, b"done\n")
