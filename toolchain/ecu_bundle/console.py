"""What a person sees on stderr: stages as they run, errors, tables."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from typing import TextIO

_SPINNER = "-\\|/"


class Console:
    """Shows stages: one line each; with a moving sign and the time where stderr is a terminal."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._live = not quiet and self._stream.isatty()
        self._line = ""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, stage: str, subject: str) -> None:
        """A stage begins."""
        self._halt()
        self._line = f"{stage:<9} {subject}"
        if self._live:
            self._stop.clear()
            self._thread = threading.Thread(target=self._spin, daemon=True)
            self._thread.start()

    def detail(self, text: str) -> None:
        """What the running stage does now."""
        self._line = f"{self._line.split('  (')[0]}  ({text})"

    def end(self, stage: str, seconds: float) -> None:
        """The stage is done."""
        self._halt()
        line = self._line or stage
        self.say(f"{line:<70} {seconds:6.1f} s")
        self._line = ""

    def close(self) -> None:
        """Ends a stage that failed, so that the next line starts at the left."""
        self._halt()

    def say(self, text: str) -> None:
        """A line for people; nothing when quiet."""
        if not self._quiet:
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

    def _halt(self) -> None:
        if self._thread is not None:
            self._stop.set()
            self._thread.join()
            self._thread = None
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned to their widest cell, two spaces between."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
