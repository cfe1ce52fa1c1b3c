"""Resident memory of a program with a bundle, as the kernel counts it (Linux, on the host)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.probe import run_probe


@dataclass(frozen=True, slots=True)
class Memory:
    """Kibibytes.

    Attributes:
        start: resident before open (VmRSS).
        opened: resident after open.
        peak: highest until all golden rows have run (VmHWM).
    """

    start: int
    opened: int
    peak: int


def measure_memory(program: Path) -> Memory:
    """Runs the probe on the host; an emulator would be measured instead of the program.

    Raises:
        InternalError: the probe failed.
    """
    probed = run_probe(program)
    return Memory(probed.start.resident_kib, probed.opened.resident_kib, probed.ran.peak_kib)
