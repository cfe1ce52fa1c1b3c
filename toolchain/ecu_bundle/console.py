"""What a person sees on stderr: stages as they run, errors, tables."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from typing import TextIO

_SPINNER = "-\\|/"
_DOT_SECONDS = 4.0
"""Between two signs of life where stderr is no terminal."""
_WIDTH = 70
"""Of a stage, before its time."""


class Console:
    """Shows stages, one line each, from their beginning: where stderr is a terminal with a moving sign and
    the time, else with a dot now and then. The line ends with the time that the stage took."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._live = not quiet and self._stream.isatty()
        self._line = ""
        self._shown = ""
        self._open = 0
        """Characters of a line that is not at its end."""
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, stage: str, subject: str) -> None:
        """A stage begins."""
        self.close()
        self._line = f"{stage:<9} {subject}".rstrip()
        if self._quiet:
            return
        if not self._live:
            self._shown = self._line
            self._write(self._line)
        self._stop.clear()
        thread = threading.Thread(target=self._spin if self._live else self._dot, daemon=True)
        thread.start()
        self._thread = thread  # only now: Ctrl-C may come between the two

    def detail(self, text: str) -> None:
        """What the running stage does now."""
        self._line = f"{self._line.split('  (')[0]}  ({text})"

    def end(self, stage: str, seconds: float) -> None:
        """The stage is done."""
        self._halt()
        line = self._line or stage
        with self._lock:
            rest = line.removeprefix(self._shown) if self._open else line
            width = max(0, _WIDTH - self._open)
            self._open = 0
        if not self._quiet:
            print(f"{rest:<{width}} {seconds:6.1f} s", file=self._stream, flush=True)
        self._line = ""

    def close(self) -> None:
        """Ends a stage that failed, so that the next line starts at the left."""
        self._halt()
        with self._lock:
            self._end_line()

    def say(self, text: str) -> None:
        """A line for people; nothing when quiet."""
        if not self._quiet:
            with self._lock:
                self._end_line()
                print(text, file=self._stream, flush=True)

    def _spin(self) -> None:
        start = time.monotonic()
        turn = 0
        while not self._stop.wait(0.1):
            turn += 1
            sign = _SPINNER[turn % len(_SPINNER)]
            seconds = time.monotonic() - start
            self._stream.write(f"\r\x1b[K{sign} {self._line[:90]}  {seconds:.0f} s")
            self._stream.flush()

    def _dot(self) -> None:
        sign = " ."
        while not self._stop.wait(_DOT_SECONDS):
            with self._lock:
                self._write(sign)
            sign = "."

    def _write(self, text: str) -> None:
        """A piece of a line."""
        self._stream.write(text)
        self._stream.flush()
        self._open += len(text)

    def _end_line(self) -> None:
        if self._open:
            print(file=self._stream, flush=True)
        self._open = 0

    def _halt(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            if self._live:
                self._stream.write("\r\x1b[K")
                self._stream.flush()


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned to their widest cell, two spaces between."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
