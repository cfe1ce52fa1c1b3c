"""What a bundle costs on its target: bytes by part, and instructions on the host."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ecu_bundle.artifacts import ModelImage
from ecu_bundle.building.driver import BuildResult
from ecu_bundle.building.processes import run
from ecu_bundle.building.provision import OrtLibrary
from ecu_bundle.building.targets import Target
from ecu_bundle.errors import InternalError, ToolMissingError
from ecu_bundle.image.reader import read_image

_SECONDS: Final = 60.0
_CALLGRIND_SECONDS: Final = 900.0

# First match decides; the sections of debug information, symbols and notes match nothing.
_KINDS: Final = (
    ("unwind", re.compile(r"\.(eh_frame|ARM\.ex)")),
    ("rodata", re.compile(r"\.(rodata|data\.rel\.ro)")),
    ("text", re.compile(r"\.text")),
    ("data", re.compile(r"\.(data|init_array|tdata)")),
    ("bss", re.compile(r"\.(bss|tbss)")),
)
_ENGINES: Final = ("ort", "native")


def measure(
    build: BuildResult,
    target: Target,
    image: ModelImage,
    ort_library: OrtLibrary | None,
    *,
    instructions: bool = False,
) -> dict[str, object]:
    """Resource figures of a built bundle, as they go into ``resources.json``.

    Args:
        build: the built bundle.
        target: its target.
        image: the model image inside.
        ort_library: the library that it opens; None for another engine.
        instructions: also count instructions of open and run, on the host and where valgrind is
            installed; takes seconds.

    Returns:
        ``library`` (bytes by part engine, runtime, model and by kind of section), ``image_bytes``,
        ``arena_bytes``, ``onnxruntime_bytes`` and, when counted, ``instructions`` (whole numbers:
        ``open`` in total, ``run`` per golden row).

    Raises:
        ToolMissingError: the ``size`` program of the target is missing.
        InternalError: its output is not understood.
    """
    figures: dict[str, object] = {
        "target": target.name,
        "library": _sections_by_part(build, target),
        "image_bytes": len(image.data),
        "arena_bytes": read_image(image.data).arena_size,
        "onnxruntime_bytes": ort_library.path.stat().st_size if ort_library else 0,
    }
    if instructions and not build.emulator and shutil.which("valgrind"):
        figures["instructions"] = _instructions(build)
    return figures


def _sections_by_part(build: BuildResult, target: Target) -> dict[str, dict[str, int]]:
    parts = {part: dict.fromkeys(("text", "rodata", "data", "bss", "unwind"), 0) for part in _parts()}
    for path in build.objects:
        sums = parts[_part_of(path)]
        for kind, size in _sections(path, target):
            sums[kind] += size
    return parts


def _parts() -> tuple[str, ...]:
    return ("engine", "runtime", "model")


def _part_of(path: Path) -> str:
    """``src/ecu/<engine>/...`` is the engine, other files of ``src/ecu`` the runtime."""
    words = path.parts
    if "ecu" not in words[:-1]:
        return "model"
    last = len(words) - 1 - words[::-1].index("ecu")
    return "engine" if words[last + 1] in _ENGINES else "runtime"


def _sections(path: Path, target: Target) -> Iterable[tuple[str, int]]:
    program = f"{target.tool_prefix}size"
    finished = run([program, "-A", path], stage="measure", seconds=_SECONDS)
    if not finished.ok:
        raise ToolMissingError("measure", f"{program} failed, {finished.ending}", place=finished.last_lines)
    for line in finished.stdout.decode(errors="replace").splitlines():
        words = line.split()
        kind = next((name for name, pattern in _KINDS if words and pattern.match(words[0])), "")
        if kind:
            yield kind, int(words[1])


def _instructions(build: BuildResult) -> dict[str, int]:
    """Counted by valgrind's callgrind while the self-test is inside the function."""
    summary = run([build.self_test], stage="measure", seconds=_SECONDS).stdout.decode(errors="replace")
    rows = re.match(r"PASS (\d+) rows", summary)
    if rows is None:
        raise InternalError("measure", "the self-test does not pass", place=summary)
    return {
        "open": _count(build, "ecu_model_open"),
        "run": _count(build, "ecu_model_run") // int(rows[1]),
    }


def _count(build: BuildResult, function: str) -> int:
    command = [
        "valgrind",
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        f"--toggle-collect={function}",
    ]
    finished = run([*command, build.self_test], stage="measure", seconds=_CALLGRIND_SECONDS)
    found = re.search(r"Collected : (\d+)", finished.stderr)
    if not finished.ok or found is None:
        raise InternalError("measure", f"valgrind failed, {finished.ending}", place=finished.last_lines)
    return int(found[1])
