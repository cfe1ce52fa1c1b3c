"""What a bundle costs on its target: bytes by part, stack, instructions."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ecu_bundle.artifacts import ModelImage
from ecu_bundle.building.budget import totals
from ecu_bundle.building.driver import BuildResult
from ecu_bundle.building.instructions import count_instructions
from ecu_bundle.building.link_map import linked_parts
from ecu_bundle.building.processes import run
from ecu_bundle.building.provision import OrtLibrary
from ecu_bundle.building.stack import worst_stack
from ecu_bundle.building.symbols import check_symbols
from ecu_bundle.building.targets import Target
from ecu_bundle.building.update_costs import measure_update
from ecu_bundle.errors import InternalError, ToolMissingError
from ecu_bundle.image.reader import read_image

_SECONDS: Final = 60.0
_CALLGRIND_SECONDS: Final = 900.0

# First match decides; the sections of debug information, symbols and notes match nothing.
_KINDS: Final = (
    ("unwind", re.compile(r"\.(eh_frame|ARM\.ex)")),
    ("rodata", re.compile(r"\.(rodata|data\.rel\.ro)|MODEL_A$")),
    ("text", re.compile(r"\.text")),
    ("data", re.compile(r"\.(data|init_array|tdata)")),
    ("bss", re.compile(r"\.(bss|tbss)")),
)
_PARTS: Final = {
    "ort": ("engine", "runtime", "model"),
    "native": ("engine", "kernels", "runtime", "model"),
}


def measure(
    build: BuildResult,
    target: Target,
    image: ModelImage,
    ort_library: OrtLibrary | None,
    *,
    kernels: Sequence[str] = (),
    instructions: bool = False,
) -> dict[str, Any]:
    """Resource figures of a built bundle, as they go into ``resources.json``.

    Args:
        build: the built bundle.
        target: its target.
        image: the model image inside.
        ort_library: the library that it opens; None for another engine.
        kernels: of the native engine, linked beside those of the image.
        instructions: also count instructions of open and run, on the host and where valgrind is
            installed; takes seconds.

    Returns:
        ``library`` (bytes by part and by kind of section, before linking), ``image_bytes``,
        ``arena_bytes``, ``onnxruntime_bytes`` and, when counted, ``instructions`` (whole numbers:
        ``open`` in total, ``run`` per golden row), and ``totals`` of it all. For the native engine also
        ``kernels``, ``symbols``, ``stack`` (bytes of ``open`` and ``run``, and what is not counted) and, for
        a model with trees, ``trees`` (how many, and the splits that any row passes, least and most); for a
        machine without operating system ``linked`` (bytes by part and kind in the linked self-test) and
        ``instructions`` under QEMU. For a bundle that installs packages ``update``, see `measure_update`.

    Raises:
        ToolMissingError: the ``size`` program of the target is missing.
        InternalError: its output is not understood.
        VerificationError: the symbol gate fails, or the stack has no bound.
    """
    figures: dict[str, Any] = {
        "target": target.name,
        "engine": image.engine,
        "library": _sections_by_part(build, target, image),
        "image_bytes": len(image.data),
        "arena_bytes": read_image(image.data).arena_size,
        "onnxruntime_bytes": ort_library.path.stat().st_size if ort_library else 0,
    }
    if image.engine == "native":
        figures |= _native(build, target, image, kernels)
    if target.is_bare:
        linked = linked_parts(build, {path.name: _part_of(path) for path in build.objects})
        if not figures["symbols"]["helpers"]:
            linked.pop("helpers")  # the test program's own
        figures["linked"] = linked
        counted = count_instructions(build, target)
        figures["instructions"] = {"run": counted.mean, "run_least": counted.least, "run_most": counted.most}
    if build.update is not None:
        figures["update"] = measure_update(build, build.update, target)
    if instructions and not build.emulator and shutil.which("valgrind"):
        figures["instructions"] = _instructions(build)
    return {**figures, "totals": totals(figures)}


def _native(build: BuildResult, target: Target, image: ModelImage, more: Sequence[str]) -> dict[str, object]:
    from ecu_bundle.lowering.kernels import in_order
    from ecu_bundle.lowering.trees.paths import paths_of

    contents = read_image(image.data)
    kernels = in_order((*contents.kernels, *more))
    symbols = check_symbols(build, target, kernels)
    figures: dict[str, object] = {
        "kernels": list(kernels),
        "symbols": {
            "needed": list(symbols.needed),
            "helpers": list(symbols.helpers),
            "double": list(symbols.double),
        },
    }
    stack = worst_stack(build)
    if stack is not None:
        figures["stack"] = {"open": stack.open, "run": stack.run, "uncounted": list(stack.uncounted)}
    paths = paths_of(contents.program) if contents.program is not None else None
    if paths is not None:
        figures["trees"] = {"count": paths.trees, "splits_least": paths.least, "splits_most": paths.most}
    return figures


def _sections_by_part(build: BuildResult, target: Target, image: ModelImage) -> dict[str, dict[str, int]]:
    parts = {
        part: dict.fromkeys(("text", "rodata", "data", "bss", "unwind"), 0) for part in _PARTS[image.engine]
    }
    for path in build.objects:
        sums = parts[_part_of(path)]
        for kind, size in _sections(path, target):
            sums[kind] += size
    return parts


def _part_of(path: Path) -> str:
    """``src/ecu/<engine>/...`` is the engine, its folders kernels, the rest of ``src/ecu`` the runtime."""
    words = path.parts
    if "ecu" not in words[:-1]:
        return "model"
    last = len(words) - 1 - words[::-1].index("ecu")
    if words[last + 1] not in _PARTS:
        return "runtime"
    return "engine" if last + 3 == len(words) else "kernels"


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
