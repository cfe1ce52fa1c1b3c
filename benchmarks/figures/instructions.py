"""Instructions of open and run: by valgrind's callgrind on the host, by our plugin under QEMU."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

from benchmarks.bundles import Made
from benchmarks.probe import Probed, run_probe
from ecu_bundle.building.resources import measure
from ecu_bundle.errors import InternalError, ToolMissingError
from ecu_bundle.image.writer import compile_image
from ecu_bundle.records import read_delivered

# Sections of programs/marker.h.
_NOTHING, _OPEN, _RUN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Instructions:
    """Instructions of the target's CPU, not cycles.

    Attributes:
        open: of ``ecu_model_open``, which loads ONNX Runtime and warms it up.
        run: of ``ecu_model_run``, mean over the golden rows.
        counter: what counted.
    """

    open: int
    run: int
    counter: Literal["callgrind", "qemu"]


def count_on_host(made: Made) -> Instructions:
    """Counts with callgrind, in the self-test of the bundle.

    Raises:
        ToolMissingError: valgrind is missing.
    """
    _, records = read_delivered(made.result.bundle_dir)
    model = records.model
    image = compile_image(model, engine=made.subject.engine, version=made.manifest.version)
    figures = measure(made.result, made.subject.target, image, None, instructions=True).get("instructions")
    if not isinstance(figures, dict):
        raise ToolMissingError("benchmark", "valgrind is missing", hint="run: apt-get install valgrind")
    return Instructions(figures["open"], figures["run"], "callgrind")


def count_under_qemu(program: Path, emulator: tuple[str, ...], counter: Path) -> Instructions:
    """Counts with the plugin, in the probe.

    Raises:
        InternalError: the probe failed, or it was not watched.
    """
    probed = run_probe(program, emulator, counter)
    costs = _section_costs(probed)
    marker = costs[_NOTHING][0]
    return Instructions(costs[_OPEN][0] - marker, round(fmean(costs[_RUN])) - marker, "qemu")


def _section_costs(probed: Probed) -> dict[int, list[int]]:
    """Instructions between the two markers of each section, the second marker included."""
    marks = [(int(s), int(n)) for s, n in re.findall(r"^marker (\d+) (\d+)$", probed.stderr, re.M)]
    expected = [section for section in (_NOTHING, _OPEN, *[_RUN] * probed.rows) for _ in ("begin", "end")]
    if [section for section, _ in marks] != expected:
        raise InternalError("benchmark", "the instruction counter missed markers", place=probed.stderr)
    costs: dict[int, list[int]] = {}
    for (section, begin), (_, end) in zip(marks[::2], marks[1::2], strict=True):
        costs.setdefault(section, []).append(end - begin)
    return costs
