"""Child processes with captured output, a time limit, and errors that carry both."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ecu_bundle.errors import ToolMissingError

_LAST_LINES = 25


@dataclass(frozen=True, slots=True)
class Finished:
    """A child process that ended.

    Attributes:
        command: as it was started.
        code: exit code; negative: ended by that signal; None: stopped at the time limit.
        stdout: bytes.
        stderr: text.
    """

    command: tuple[str, ...]
    code: int | None
    stdout: bytes
    stderr: str

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def ending(self) -> str:
        """How it ended, for people: ``exit code 1``, ``SIGSEGV``, ``time limit``."""
        if self.code is None:
            return "stopped at its time limit"
        if self.code >= 0:
            return f"exit code {self.code}"
        try:
            return f"ended by {signal.Signals(-self.code).name}"
        except ValueError:
            return f"ended by signal {-self.code}"

    @property
    def last_lines(self) -> str:
        """The command and the last lines of its output, for an error's place."""
        text = self.stdout.decode(errors="replace") + self.stderr
        lines = [line for line in text.splitlines() if line.strip()][-_LAST_LINES:]
        return "\n    ".join([shlex.join(self.command), *lines])


def run(
    command: Sequence[str | Path],
    *,
    stage: str,
    seconds: float,
    stdin: bytes = b"",
    environment: Mapping[str, str | None] | None = None,
    folder: Path | None = None,
) -> Finished:
    """Runs a command to its end. A non-zero exit code is no error here.

    Args:
        command: program and arguments; no shell is involved.
        stage: for the error.
        seconds: time limit; then the process group is killed.
        stdin: bytes to feed.
        environment: changes this process's environment, None removes a variable. The language is
            always English and telemetry of ONNX Runtime off.
        folder: where to run it.

    Raises:
        ToolMissingError: the program does not exist or cannot be started.
    """
    words = tuple(str(word) for word in command)
    changes = {"LC_ALL": "C.UTF-8", "ORT_DISABLE_TELEMETRY": "1", **(environment or {})}
    env = {key: value for key, value in {**os.environ, **changes}.items() if value is not None}
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=folder,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolMissingError(
            stage,
            f"{words[0]} cannot be started: {error.strerror}",
            place=shlex.join(words),
            hint="ecu-bundle doctor says what is missing",
        ) from error
    with process:
        try:
            stdout, stderr = process.communicate(stdin, timeout=seconds)
            code: int | None = process.returncode
        except subprocess.TimeoutExpired:
            _kill(process)
            stdout, stderr = process.communicate()
            code = None
        except KeyboardInterrupt:
            _kill(process)
            raise
    return Finished(words, code, stdout, stderr.decode(errors="replace"))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and its children; it leads a process group of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
