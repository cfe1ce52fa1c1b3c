"""What open and run ask of the heap, counted in the program itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.probe import run_probe


@dataclass(frozen=True, slots=True)
class Allocations:
    """Calls that return new memory, those inside ONNX Runtime included.

    Attributes:
        open, open_bytes: calls of ``ecu_model_open``, and the bytes that they asked for.
        run, run_bytes: the same for ``ecu_model_run``, mean over the golden rows.
    """

    open: int
    open_bytes: int
    run: float
    run_bytes: float


def count_allocations(program: Path, emulator: tuple[str, ...]) -> Allocations:
    """Runs a probe that was compiled to count allocations.

    Raises:
        InternalError: the probe failed.
    """
    probed = run_probe(program, emulator)
    return Allocations(
        open=probed.opened.allocations,
        open_bytes=probed.opened.allocated_bytes,
        run=round(probed.ran.allocations / probed.rows, 2),
        run_bytes=round(probed.ran.allocated_bytes / probed.rows, 1),
    )
