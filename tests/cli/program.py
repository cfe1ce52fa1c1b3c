"""Calling the command line: in this process, or as the program that a user starts."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecu_bundle.cli import main

PROGRAM = Path(sys.executable).parent / "ecu-bundle"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def data(self) -> Any:
        """The JSON on stdout; nothing else may stand there."""
        return json.loads(self.stdout)


def call(*arguments: str | Path) -> Outcome:
    """Calls the entry point in this process, which spares the import of scikit-learn."""
    stdout, stderr = io.StringIO(), io.StringIO()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    code = None
    try:
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            main([str(argument) for argument in arguments])
    except SystemExit as ending:
        code = ending.code
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert code is not None, "main() always exits"
    return Outcome(int(code), stdout.getvalue(), stderr.getvalue())


def succeed(*arguments: str | Path) -> Outcome:
    """The same for a call that must not fail."""
    outcome = call(*arguments)
    assert outcome.code == 0, outcome.stderr
    return outcome


def spawn(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    prefix: tuple[str, ...] = (),
) -> Outcome:
    """Starts the program and waits for its end; `prefix` is a command that starts it."""
    done = subprocess.run(
        [*prefix, PROGRAM, *arguments],
        capture_output=True,
        text=True,
        env=None if env is None else dict(env),
        cwd=cwd,
        timeout=300,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)
