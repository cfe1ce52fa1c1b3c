"""Progress of a pipeline: which stage runs, and how long each took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol


class Watcher(Protocol):
    """Who is told about stages. The command line shows them; tests and benchmarks record them."""

    def begin(self, stage: str, subject: str) -> None:
        """A stage begins; ``subject`` says with what."""

    def detail(self, text: str) -> None:
        """A line about the running stage."""

    def end(self, stage: str, seconds: float) -> None:
        """The running stage is done."""


class Silent:
    """Tells nobody."""

    def begin(self, stage: str, subject: str) -> None:
        """Does nothing."""

    def detail(self, text: str) -> None:
        """Does nothing."""

    def end(self, stage: str, seconds: float) -> None:
        """Does nothing."""


@dataclass(slots=True)
class Stages:
    """Runs stages one after the other and keeps their times in seconds."""

    watcher: Watcher = field(default_factory=Silent)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, subject: str = "") -> Iterator[None]:
        self.watcher.begin(name, subject)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
        self.watcher.end(name, self.seconds[name])

    def detail(self, text: str) -> None:
        self.watcher.detail(text)
