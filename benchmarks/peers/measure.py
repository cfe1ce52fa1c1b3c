"""Compiles one model of one tool for both processors, runs it there, and counts."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.subjects import CHECKOUT
from ecu_bundle.artifacts import Engine
from ecu_bundle.building.processes import Finished, run
from ecu_bundle.engine import onnxruntime_library
from ecu_bundle.errors import InternalError

RUNTIME: Final = CHECKOUT / "runtime"
PROGRAMS: Final = CHECKOUT / "benchmarks" / "programs"
PLUGIN: Final = CHECKOUT / "toolchain/ecu_bundle/building/instruction_counter.c"
COMPILE_SECONDS: Final = 300
"""Of processor time, for one source file: what else the machine does is no matter."""
COMPILE_BYTES: Final = 4 << 30
RUN_SECONDS: Final = 900
_OPTIMISED: Final = ("-O2", "-ffp-contract=off")
_COMMON: Final = (*_OPTIMISED, "-ffunction-sections", "-fdata-sections", "-w")
_CXX: Final = ("-std=c++17", "-fno-exceptions", "-fno-rtti")
_M4: Final = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
FLAGS: Final = " ".join(_OPTIMISED)
M4_FLAGS: Final = " ".join(_M4)
_ARM: Final = "arm-none-eabi-"
_QEMU: Final = (
    *("qemu-system-arm", "-M", "mps2-an386", "-nic", "none", "-display", "none", "-monitor", "none"),
    *("-serial", "none", "-chardev", "stdio,id=sh0"),
    *("-semihosting-config", "enable=on,target=native,chardev=sh0"),
)
_WALL: Final = 4
"""How much longer than its processor time a compiler may take."""
_TELLING: Final = re.compile(r"out of memory|exhausted|CPU time|overflowed|will not fit|error", re.I)


class ToolError(Exception):
    """A compiler or program failed; the text is its own."""


@dataclass(frozen=True, slots=True)
class OnM4:
    """Words of each row (rows, count); instructions of a row; bytes, those of an empty program taken off."""

    words: NDArray[np.uint32]
    mean: int
    most: int
    flash: int
    data: int
    bss: int
    stack: int


@dataclass(frozen=True, slots=True)
class OnX86:
    """Words of each row (rows, count); instructions of a row, mean."""

    words: NDArray[np.uint32]
    mean: int


def write_rows(rows: NDArray[np.float32], count: int, folder: Path) -> Path:
    """``rows.c``: what the probe runs; apart from the flash of the model."""
    numbers = ",".join(f"{float(x).hex()}F" for x in rows.ravel())
    place = '__attribute__((section(".harness.r")))'
    (folder / "rows.c").write_text(
        f'#include "peer_model.h"\n{place} const float bench_inputs[] = {{{numbers}}};\n'
        f"{place} const uint32_t bench_rows = {len(rows)}U;\n"
        f"{place} const uint32_t bench_elements = {rows.shape[1]}U;\n"
        f"{place} const uint32_t bench_results = {count}U;\n"
    )
    return folder / "rows.c"


def on_m4(sources: Sequence[Path], folder: Path, include: Sequence[str], library: Path | None) -> OnM4:
    """Runs the model on QEMU's mps2-an386, with the plugin that counts instructions.

    Raises:
        ToolError: a compiler or the program failed or came to a limit.
        BundleError: a tool of ours is missing or does not work.
    """
    program = _link_m4(sources, folder / "m4", include, library)
    empty = _sizes(_link_m4([_empty(folder), *sources[-2:]], folder / "empty", (), None))
    sizes = {name: size - empty.get(name, 0) for name, size in _sizes(program).items()}
    plugin = folder / "m4" / "counter.so"
    _ours("cc", "-O2", "-fPIC", "-shared", "-DPLUGIN_INTERFACE=1", PLUGIN, "-o", plugin)
    symbols = _ours(f"{_ARM}nm", program)
    first, last = (
        int(re.findall(rf"^([0-9a-f]+) T {name}$", symbols, re.MULTILINE)[0], 16)
        for name in ("bench_row", "bench_done")
    )
    option = f"{plugin},from={first:#x},to={last:#x}"
    done = _run(*_QEMU, "-plugin", option, "-kernel", program)
    output = done.stdout.decode(errors="replace")
    words = _words(output)
    spans = [int(span) for span in re.findall(r"^span (\d+)$", done.stderr, re.MULTILINE)]
    stack = re.search(r"^stack ([0-9a-f]+)$", output, re.MULTILINE)
    if not spans or stack is None or len(spans) != len(words):
        raise InternalError("benchmark", "QEMU did not count each row", place=done.last_lines)
    flash = sizes.get("text", 0) + sizes.get("rodata", 0) + sizes.get("data", 0)
    data, bss = sizes.get("data", 0), sizes.get("bss", 0)
    return OnM4(words, round(float(np.mean(spans))), max(spans), flash, data, bss, int(stack[1], 16))


def on_x86(sources: Sequence[Path], folder: Path, include: Sequence[str], library: Path | None) -> OnX86:
    """Runs the model under callgrind, which counts inside ``bench_row``.

    Raises:
        ToolError: a compiler or the program failed or came to a limit.
        BundleError: a tool of ours is missing or does not work.
    """
    objects = _compile("", (), sources, folder / "x86", include)
    program = folder / "x86" / "model"
    _made("gcc", *objects, *((library,) if library else ()), "-lm", "-ldl", "-o", program)
    place = folder / "x86" / "libonnxruntime.so.1"
    if not place.exists():
        place.unlink(missing_ok=True)
        place.symlink_to(onnxruntime_library())
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = _run(*command, "--toggle-collect=bench_row", program, libraries=place.parent)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    words = _words(done.stdout.decode(errors="replace"))
    if collected is None or not len(words):
        raise InternalError("benchmark", "callgrind counted nothing", place=done.last_lines)
    return OnX86(words, round(int(collected[1]) / len(words)))


def archive(prefix: str, engine: Engine, place: Path) -> Path:
    """The runtime with one engine as a library, compiled once for each content."""
    folder = place / "runtime" / engine
    library, stamp = folder / f"{prefix}runtime.a", folder / f"{prefix}stamp"
    content = runtime_digest(engine)
    if stamp.exists() and stamp.read_text() == content:
        return library
    names = ("status.cpp", "model.cpp", "image/reader.cpp", "image/sha256.cpp")
    source = RUNTIME / "src"
    sources = (*(source / name for name in names), *sorted((source / engine).rglob("*.cpp")))
    objects = _compile(prefix, _M4 if prefix else (), sources, folder / f"{prefix}objects", ())
    library.unlink(missing_ok=True)
    _ours(f"{prefix}ar", "rcs", library, *objects)
    stamp.write_text(content)
    return library


def runtime_digest(engine: Engine) -> str:
    """Of the sources of the runtime with one engine, and of this file, which holds the flags."""
    parts = (RUNTIME / "include", RUNTIME / "src" / "image", RUNTIME / "src" / engine)
    found = {path for part in parts for path in part.rglob("*")} | set((RUNTIME / "src").glob("*"))
    files = [*sorted(path for path in found if path.suffix in (".cpp", ".h")), Path(__file__)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def tool_versions() -> dict[str, str]:
    """First lines of what compiles and counts."""
    return {
        name: _ours(name, "--version").splitlines()[0]
        for name in (f"{_ARM}gcc", "gcc", "qemu-system-arm", "valgrind")
    }


def _link_m4(sources: Sequence[Path], folder: Path, include: Sequence[str], library: Path | None) -> Path:
    objects = _compile(_ARM, _M4, sources, folder, include)
    program = folder / "model.elf"
    _made(
        *(f"{_ARM}gcc", *_M4, "-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs"),
        *("-T", PROGRAMS / "cortex_m4.ld", "-Wl,--gc-sections", "-Wl,--defsym,end=stack_top"),
        *("-Wl,--undefined=bench_needs", "-Wl,--no-warn-rwx-segments"),
        *objects,
        *((library,) if library else ()),
        *("-lm", "-o", program),
    )
    return program


def _empty(folder: Path) -> Path:
    """A model that does nothing."""
    source = folder / "empty.c"
    source.write_text(
        "void peer_predict(const float* row, float* out);\n"
        "void peer_predict(const float* row, float* out) { (void)row; (void)out; }\n"
    )
    return source


def _sizes(program: Path) -> dict[str, int]:
    table = _ours(f"{_ARM}size", "-A", program)
    found = re.findall(r"^\.(text|rodata|data|bss)\s+(\d+)", table, re.MULTILINE)
    return {name: int(size) for name, size in found}


def _compile(
    prefix: str, flags: Sequence[str], sources: Sequence[Path], folder: Path, include: Sequence[str]
) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    places = [f"-I{path}" for path in (PROGRAMS, RUNTIME / "include", RUNTIME / "src", *include)]
    objects = []
    for source in sources:
        target = folder / f"{source.parent.name}_{source.stem}.o"
        own = ("g++", *_CXX) if source.suffix == ".cpp" else ("gcc", "-std=gnu11")
        _made(prefix + own[0], *own[1:], *_COMMON, *flags, *places, "-c", source, "-o", target)
        objects.append(target)
    return objects


def _words(output: str) -> NDArray[np.uint32]:
    found = [line.split()[1:] for line in output.splitlines() if line.startswith("row")]
    return np.array([[int(word, 16) for word in words] for words in found], dtype=np.uint32)


def _ours(*command: str | Path) -> str:
    """Output of a tool that must work."""
    done = run(command, stage="benchmark", seconds=COMPILE_SECONDS)
    if not done.ok:
        raise InternalError("benchmark", f"{command[0]} failed, {done.ending}", place=done.last_lines)
    return done.stdout.decode(errors="replace")


def _made(*command: str | Path) -> None:
    """Compiles or links within the limits."""
    limits = (
        "prlimit",
        f"--cpu={COMPILE_SECONDS}:{COMPILE_SECONDS + 9}",
        f"--as={COMPILE_BYTES}",
        "--core=0",
    )
    done = run([*limits, *command], stage="benchmark", seconds=COMPILE_SECONDS * _WALL)
    if not done.ok:
        raise ToolError(f"{Path(command[0]).name}: {explained(done)}")


def _run(*command: str | Path, libraries: Path | None = None) -> Finished:
    """Runs a program within the limit."""
    known = os.environ.get("LD_LIBRARY_PATH")
    paths = os.pathsep.join(filter(None, (str(libraries) if libraries else "", known)))
    environment = {"LD_LIBRARY_PATH": paths or None}
    done = run(command, stage="benchmark", seconds=RUN_SECONDS, environment=environment)
    if not done.ok:
        raise ToolError(f"{Path(command[0]).name}: {explained(done)}")
    return done


def explained(done: Finished) -> str:
    """Why a process failed: the first line that says so, else the last one, else how it ended."""
    if done.code is None:
        return done.ending
    text = (done.stderr + done.stdout.decode(errors="replace")).strip().splitlines()
    telling = [line for line in text if _TELLING.search(line)] or text[-1:]
    line = telling[0].strip() if telling else done.ending
    return re.sub(r"(?<![\w.])(?:/[\w.+-]+)+/", "", line)
