"""Compiling the native engine for this machine and for others."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runtime.build import RUNTIME, WARNINGS, Outcome, run, succeed

from .assembler import KERNELS, TREES
from .cases import Case

PROGRAMS = Path(__file__).parent / "programs"
STRICT = (*WARNINGS, "-Wdouble-promotion", "-Wold-style-cast")
FLAGS = ("-std=c++17", "-ffp-contract=off", "-fno-exceptions", "-fno-rtti", "-Wno-psabi")
SHARED = ("status.cpp", "model.cpp", "image/reader.cpp", "image/sha256.cpp")
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A compiler, its flags, and what runs its programs."""

    name: str
    compiler: str
    flags: tuple[str, ...] = ("-O2",)
    emulator: tuple[str, ...] = ()


HOST = Toolchain("gcc -O2", "g++")
OTHERS = (
    Toolchain("gcc -O0", "g++", ("-O0",)),
    Toolchain("gcc -O3", "g++", ("-O3",)),
    Toolchain("clang -O2", "clang++"),
    Toolchain("aarch64", "aarch64-linux-gnu-g++", ("-O2", "-static"), ("qemu-aarch64",)),
    Toolchain("armv7", "arm-linux-gnueabihf-g++", ("-O2", "-static"), ("qemu-arm",)),
    Toolchain("powerpc, big-endian", "powerpc-linux-gnu-g++", ("-O2", "-static"), ("qemu-ppc",)),
)
CORTEX_M4 = Toolchain(
    "cortex-m4",
    "arm-none-eabi-g++",
    ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-ffreestanding", "-O2"),
)


def native_sources(runtime: Path = RUNTIME) -> list[Path]:
    """Every source of the native engine and of the runtime around it, in the order of their paths."""
    source = runtime / "src"
    return [source / name for name in SHARED] + sorted((source / "native").rglob("*.cpp"))


def joined_sources(folder: Path, runtime: Path = RUNTIME) -> list[Path]:
    """The same, most kernels in one file of the folder to save time."""
    folder.mkdir(parents=True, exist_ok=True)
    small = {name for name, number in KERNELS.items() if number not in TREES}
    sources = native_sources(runtime)
    kernels = [source for source in sources if source.stem in small]
    together = folder / "kernels.cpp"
    together.write_text("".join(f'#include "{source}"\n' for source in kernels))
    return [together, *(source for source in sources if source not in kernels)]


def compile_all(
    folder: Path, tools: Toolchain, sources: Iterable[Path], *flags: str, runtime: Path = RUNTIME
) -> list[Path]:
    """One object for each source, with all warnings as errors; two compilers at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    include = (f"-I{runtime}/include", f"-I{runtime}/src")

    def compile_one(source: Path) -> Path:
        target = folder / f"{source.parent.name}_{source.stem}.o"
        options = (*FLAGS, *STRICT, *tools.flags, *flags, *include)
        succeed([tools.compiler, *options, "-c", source, "-o", target])
        return target

    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        return list(pool.map(compile_one, sources))


def link_program(folder: Path, tools: Toolchain, main: Path, *flags: str) -> Path:
    """The engine with all kernels, and a program of ours around it."""
    objects = compile_all(folder, tools, [main, *joined_sources(folder)], *flags)
    program = folder / main.stem
    succeed([tools.compiler, *tools.flags, *flags, *objects, "-o", program])
    return program


def write_cases(path: Path, cases: Sequence[Case]) -> Path:
    """The file that programs/run_cases.cpp reads; its header describes it."""
    data = struct.pack("<I", len(cases))
    for case in cases:
        inputs = b"".join(array.astype("<f4").tobytes() for array in case.inputs)
        doubles = sum(1 << index for index, array in enumerate(case.expected) if array.dtype == np.float64)
        data += struct.pack("<III", len(case.image), len(inputs), doubles) + case.image + inputs
    path.write_bytes(data)
    return path


def run_program(tools: Toolchain, program: Path, *arguments: Path) -> Outcome:
    return run([*tools.emulator, program, *arguments])
