"""Child processes with captured output, a time limit, and errors that carry both."""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ecu_bundle.errors import ToolMissingError

_LAST_LINES = 25
_CHUNK = 1 << 16
_MOST_BYTES = 1 << 30
"""Of output, unless told otherwise: more than any tool here writes, less than what takes the machine down."""
_SECONDS_TO_DIE = 5.0
"""How long a killed process may take to vanish."""
_TIME = "stopped at its time limit"


@dataclass(frozen=True, slots=True)
class Finished:
    """A child process that ended.

    Attributes:
        command: as it was started.
        code: exit code; negative: ended by that signal; None: stopped at a limit.
        stdout: bytes.
        stderr: text.
        stopped: which limit stopped it, when one did.
    """

    command: tuple[str, ...]
    code: int | None
    stdout: bytes
    stderr: str
    stopped: str = _TIME

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def ending(self) -> str:
        """How it ended, for people: ``exit code 1``, ``SIGSEGV``, ``time limit``."""
        if self.code is None:
            return self.stopped
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
    most_bytes: int = _MOST_BYTES,
) -> Finished:
    """Runs a command to its end. A non-zero exit code is no error here.

    The end is that of its output: whoever it started may go on writing. At a limit the process group is
    killed, and this returns, even if a process that left the group lives on.

    Args:
        command: program and arguments; no shell is involved.
        stage: for the error.
        seconds: time limit.
        stdin: bytes to feed.
        environment: changes this process's environment, None removes a variable. The language is
            always English and telemetry of ONNX Runtime off.
        folder: where to run it.
        most_bytes: limit of its output and error output together.

    Raises:
        ToolMissingError: the program does not exist or cannot be started.
    """
    words = tuple(str(word) for word in command)
    changes = {"LC_ALL": "C.UTF-8", "ORT_DISABLE_TELEMETRY": "1", **(environment or {})}
    env = {key: value for key, value in {**os.environ, **changes}.items() if value is not None}
    end = time.monotonic() + seconds
    try:
        process = subprocess.Popen(
            words,
            bufsize=0,
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
    exchange = _Exchange(process, stdin, end, most_bytes)
    code: int | None = None
    try:
        stopped = exchange.run()
        if not stopped:
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(max(0.0, end - time.monotonic()))
    finally:
        if code is None:
            _kill(process)
        exchange.close()
    output, errors = map(bytes, exchange.read)
    return Finished(words, code, output, errors.decode(errors="replace"), stopped or _TIME)


class _Exchange:
    """Feeds a process and reads its two outputs, within limits."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes, end: float, most_bytes: int) -> None:
        self._process = process
        self._rest = memoryview(stdin)
        self._end = end
        self._room = most_bytes
        self._most_bytes = most_bytes
        self.read = (bytearray(), bytearray())

    def run(self) -> str:
        """Until both outputs end; gives the limit that was met, empty when none was."""
        process = self._process
        assert process.stdin and process.stdout and process.stderr  # noqa: S101 - all are pipes
        with selectors.DefaultSelector() as selector:
            for stream, place in ((process.stdin, None), (process.stdout, 0), (process.stderr, 1)):
                os.set_blocking(stream.fileno(), False)
                event = selectors.EVENT_WRITE if place is None else selectors.EVENT_READ
                selector.register(stream, event, place)
            while any(key.data is not None for key in selector.get_map().values()):
                left = self._end - time.monotonic()
                if left <= 0:
                    held = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                    return f"{_TIME}: a process that it left behind holds its output" if held else _TIME
                for key, _ in selector.select(left):
                    goes_on = self._feed(key.fd) if key.data is None else self._take(key.fd, key.data)
                    if not goes_on:
                        selector.unregister(key.fileobj)
                        _close(key.fileobj)  # type: ignore[arg-type]
                if self._room < 0:
                    return f"stopped after more than {self._most_bytes} bytes of output"
        return ""

    def close(self) -> None:
        """Nothing more is exchanged."""
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                _close(stream)

    def _feed(self, descriptor: int) -> bool:
        """Whether there is more to write."""
        try:
            self._rest = self._rest[os.write(descriptor, self._rest[:_CHUNK]) :] if self._rest else self._rest
        except BrokenPipeError:  # the process does not want it
            return False
        return bool(self._rest)

    def _take(self, descriptor: int, place: int) -> bool:
        """Whether the output goes on."""
        chunk = os.read(descriptor, _CHUNK)
        self.read[place].extend(chunk)
        self._room -= len(chunk)
        return bool(chunk)


def _close(stream: IO[bytes]) -> None:
    with suppress(OSError):
        stream.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and its children; it leads a process group of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_SECONDS_TO_DIE)
