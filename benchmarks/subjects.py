"""What is measured: each example on each target with each engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ecu_bundle.artifacts import Engine
from ecu_bundle.building.targets import Target, get_target
from ecu_bundle.errors import UsageError

CHECKOUT = Path(__file__).parents[1]
TARGETS = ("host", "aarch64-linux", "armv7-linux")
"""Targets whose programs have a Linux kernel, which the probe asks for memory."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One model for one target and engine.

    Attributes:
        model: the model file; its stem names the example.
        target, engine: what its bundle is made for.
    """

    model: Path
    target: Target
    engine: Engine

    @property
    def example(self) -> str:
        return self.model.stem

    @property
    def on_host(self) -> bool:
        return self.target.emulator is None

    @property
    def folder(self) -> Path:
        """Its place below the folder of a run."""
        return Path(self.example, self.target.name, self.engine)


def subjects(examples: Sequence[str] = (), targets: Sequence[str] = ()) -> tuple[Subject, ...]:
    """Subjects in order of example, target, engine; an empty choice means all.

    Raises:
        UsageError: there is no example or target of a name.
    """
    models = {path.stem: path for path in sorted((CHECKOUT / "examples").glob("*/*.skops"))}
    for kind, chosen, known in (("example", examples, models), ("target", targets, TARGETS)):
        if unknown := [name for name in chosen if name not in known]:
            raise UsageError(
                "benchmark", f"unknown {kind} {unknown[0]!r}", hint=f"choose one of: {', '.join(known)}"
            )
    return tuple(
        Subject(models[example], target, engine)
        for example in examples or models
        for target in map(get_target, targets or TARGETS)
        for engine in target.engines
    )
