"""Compiles one model of one tool for both processors, runs it there, and counts."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.ours import RUNTIME
from benchmarks.subjects import CHECKOUT
from ecu_bundle.errors import InternalError

PROGRAMS: Final = CHECKOUT / "benchmarks" / "programs"
_PLUGIN: Final = CHECKOUT / "toolchain/ecu_bundle/building/instruction_counter.c"
_COMMON: Final = ("-O2", "-ffp-contract=off", "-ffunction-sections", "-fdata-sections", "-w")
_CXX: Final = ("-std=c++17", "-fno-exceptions", "-fno-rtti")
_M4: Final = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
_QEMU: Final = (
    *("qemu-system-arm", "-M", "mps2-an386", "-nic", "none", "-display", "none", "-monitor", "none"),
    *("-serial", "none", "-chardev", "stdio,id=sh0"),
    *("-semihosting-config", "enable=on,target=native,chardev=sh0"),
)
_SECONDS: Final = 300


class ToolError(Exception):
    """A compiler or program failed; the text is its own."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Words of each row (rows, count); instructions of a row; bytes on the Cortex-M4F."""

    words: NDArray[np.uint32]
    instructions: int
    flash: int = 0
    ram: int = 0


def write_rows(rows: NDArray[np.float32], count: int, folder: Path) -> None:
    """``rows.c``: what the probe runs; apart from the flash of the model."""
    numbers = ",".join(f"{float(x).hex()}F" for x in rows.ravel())
    place = '__attribute__((section(".harness.r")))'
    (folder / "rows.c").write_text(
        f'#include "peer_model.h"\n{place} const float bench_inputs[] = {{{numbers}}};\n'
        f"{place} const uint32_t bench_rows = {len(rows)}U;\n"
        f"{place} const uint32_t bench_elements = {rows.shape[1]}U;\n"
        f"{place} const uint32_t bench_results = {count}U;\n"
    )


def on_m4(sources: Sequence[Path], folder: Path, include: Sequence[str], library: Path | None) -> Measured:
    """Runs the model on QEMU's mps2-an386, with the plugin that counts instructions."""
    objects = _compile("arm-none-eabi-", _M4, sources, folder / "m4", include)
    program = folder / "m4" / "model.elf"
    _tool(
        *("arm-none-eabi-gcc", *_M4, "-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs"),
        *("-T", PROGRAMS / "cortex_m4.ld", "-Wl,--gc-sections", "-Wl,--defsym,end=stack_top"),
        *("-Wl,--undefined=bench_needs", "-Wl,--no-warn-rwx-segments"),
        *objects,
        *((library,) if library else ()),
        *("-lm", "-o", program),
    )
    plugin = folder / "m4" / "counter.so"
    _tool("cc", "-O2", "-fPIC", "-shared", "-DPLUGIN_INTERFACE=1", _PLUGIN, "-o", plugin)
    symbols = _tool("arm-none-eabi-nm", program)
    first, last = (
        int(re.findall(rf"^([0-9a-f]+) T {name}$", symbols, re.MULTILINE)[0], 16)
        for name in ("bench_row", "bench_done")
    )
    option = f"{plugin},from={first:#x},to={last:#x}"
    output, errors = _run(*_QEMU, "-plugin", option, "-kernel", program)
    spans = [int(span) for span in re.findall(r"^span (\d+)$", errors, re.MULTILINE)]
    sizes = {
        name: int(size)
        for name, size in re.findall(
            r"^\.(text|rodata|data|bss)\s+(\d+)", _tool("arm-none-eabi-size", "-A", program), re.M
        )
    }
    flash = sizes.get("text", 0) + sizes.get("rodata", 0) + sizes.get("data", 0)
    return Measured(
        _words(output), round(float(np.mean(spans))), flash, sizes.get("data", 0) + sizes.get("bss", 0)
    )


def on_x86(sources: Sequence[Path], folder: Path, include: Sequence[str], library: Path | None) -> Measured:
    """Runs the model under callgrind, which counts inside ``bench_row``."""
    objects = _compile("", (), sources, folder / "x86", include)
    program = folder / "x86" / "model"
    _tool("gcc", *objects, *((library,) if library else ()), "-lm", "-ldl", "-o", program)
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    output, errors = _run(*command, "--toggle-collect=bench_row", program)
    (collected,) = re.findall(r"Collected : (\d+)", errors)
    words = _words(output)
    return Measured(words, round(int(collected) / len(words)))


def archive(prefix: str, sources: Sequence[Path], folder: Path) -> Path:
    """The runtime as a library, compiled once for each content."""
    library, stamp = folder / f"{prefix}runtime.a", folder / f"{prefix}stamp"
    content = runtime_digest()
    if stamp.exists() and stamp.read_text() == content:
        return library
    flags = _M4 if prefix else ()
    objects = _compile(prefix, flags, sources, folder / f"{prefix}objects", ())
    library.unlink(missing_ok=True)
    _tool(f"{prefix}ar", "rcs", library, *objects)
    stamp.write_text(content)
    return library


def runtime_digest() -> str:
    """Of all sources of the runtime and of this file, which holds the flags."""
    files = [*sorted(path for path in RUNTIME.rglob("*") if path.suffix in (".cpp", ".h")), Path(__file__)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _compile(
    prefix: str, flags: Sequence[str], sources: Sequence[Path], folder: Path, include: Sequence[str]
) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    places = [f"-I{path}" for path in (PROGRAMS, RUNTIME / "include", RUNTIME / "src", *include)]
    objects = []
    for source in sources:
        target = folder / f"{source.parent.name}_{source.stem}.o"
        own = ("g++", *_CXX) if source.suffix == ".cpp" else ("gcc", "-std=gnu11")
        _tool(prefix + own[0], *own[1:], *_COMMON, *flags, *places, "-c", source, "-o", target)
        objects.append(target)
    return objects


def _words(output: str) -> NDArray[np.uint32]:
    found = [line.split()[1:] for line in output.splitlines() if line.startswith("row")]
    return np.array([[int(word, 16) for word in words] for words in found], dtype=np.uint32)


def _tool(*command: str | Path) -> str:
    return _run(*command)[0]


def _run(*command: str | Path) -> tuple[str, str]:
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"{words[0]} took more than {_SECONDS} s") from None
    except OSError as error:
        raise InternalError("benchmark", f"{words[0]} cannot be run", place=str(error)) from error
    if done.returncode != 0:
        text = (done.stderr + done.stdout).strip().splitlines()
        raise ToolError(f"{words[0]}: {text[-1] if text else done.returncode}")
    return done.stdout, done.stderr
