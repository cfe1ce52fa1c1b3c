"""The program of the simulated ECU, `ecu.cpp`, as a process: one process from power-up to power-down.

It speaks lines: a command, then an answer that begins with ``ok`` or with ``no`` and a status number.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class DeviceError(Exception):
    """The program ended or does not answer: what a dead ECU looks like."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to one command.

    Attributes:
        status: 0 or a number of ``ecu/status.h``.
        text: what else the line says.
    """

    status: int
    text: str = ""

    @property
    def values(self) -> dict[str, str]:
        """``name=value`` words of the text."""
        return dict(word.split("=", 1) for word in self.text.split() if "=" in word)


class Device:
    """Starts the program, feeds it commands, and cuts its power."""

    def __init__(self, command: Sequence[str | Path], folder: Path, *, seconds: float = 60.0) -> None:
        """
        Args:
            command: program and arguments, perhaps below an emulator.
            folder: where it runs, and keeps its flash.
            seconds: longest time for an answer.
        """
        self._command = [str(word) for word in command]
        self._folder = folder
        self._seconds = seconds
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._read = bytearray()
        self.boot = Answer(0)

    def power_up(self) -> Answer:
        """Starts it and waits for the line that says which model runs.

        Raises:
            DeviceError: it does not come up.
        """
        with self._lock:
            self.power_down()
            self._read.clear()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._folder,
                bufsize=0,
            )
            self.boot = self._answer()
            return self.boot

    def power_down(self) -> None:
        """Cuts the power at once."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            process.wait()

    def ask(self, command: str) -> Answer:
        """Sends a command.

        Raises:
            DeviceError: the program ended, does not answer, or was never started.
        """
        with self._lock:
            if self._process is None or self._process.stdin is None:
                raise DeviceError("the power is off")
            try:
                self._process.stdin.write(command.encode() + b"\n")
            except OSError as error:
                raise DeviceError("the program ended") from error
            return self._answer()

    def _answer(self) -> Answer:
        line = self._line()
        word, _, rest = line.partition(" ")
        if word == "ok":
            return Answer(0, rest)
        number, _, text = rest.partition(" ")
        if word != "no" or not number.isdecimal():
            raise DeviceError(f"the program said {line[:200]!r}")
        return Answer(int(number), text)

    def _line(self) -> str:
        if self._process is None or self._process.stdout is None:
            raise DeviceError("the power is off")
        descriptor = self._process.stdout.fileno()
        end = time.monotonic() + self._seconds
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._read:
                if not selector.select(max(0.0, end - time.monotonic())):
                    raise DeviceError("the program does not answer")
                chunk = os.read(descriptor, 65536)
                if not chunk:
                    raise DeviceError(f"the program ended, code {self._process.wait()}")
                self._read += chunk
        line, _, rest = bytes(self._read).partition(b"\n")
        self._read[:] = rest
        return line.decode(errors="replace").strip()
