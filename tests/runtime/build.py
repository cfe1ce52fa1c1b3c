"""Compiling the runtime and small programs around it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
RUNTIME = CHECKOUT / "runtime"
PROGRAMS = Path(__file__).parent / "programs"

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
SOURCES = (
    "status.cpp",
    "model.cpp",
    "image/reader.cpp",
    "image/sha256.cpp",
    "port/file_flash.cpp",
    "update/area.cpp",
    "update/golden.cpp",
    "update/installer.cpp",
    "update/journal.cpp",
    "update/key_set.cpp",
    "update/package.cpp",
    "update/slots.cpp",
    "update/stored.cpp",
    "update/update.cpp",
    "ort/engine.cpp",
    "ort/library.cpp",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program left behind."""

    status: int
    output: str

    def values(self, key: str) -> list[str]:
        """Rest of every line that starts with the key."""
        return [line[len(key) :].strip() for line in self.output.splitlines() if line.startswith(key)]


def run(
    command: Sequence[str | Path],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    *,
    seconds: float = 300,
) -> Outcome:
    """Runs a program, for at most so long; standard error belongs to the output."""
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(env) if env is not None else None,
        cwd=cwd,
        timeout=seconds,
        check=False,
    )
    return Outcome(done.returncode, done.stdout)


def succeed(command: Sequence[str | Path]) -> str:
    """Runs a tool that must not fail, and returns its output."""
    outcome = run(command)
    assert outcome.status == 0, f"{command}\n{outcome.output}"
    return outcome.output


def compile_object(output: Path, source: Path, *, flags: Sequence[str] = (), prefix: str = "") -> Path:
    """Compiles one C or C++ source, with all warnings as errors."""
    is_c = source.suffix == ".c"
    compiler = prefix + ("gcc" if is_c else "g++")
    own = ("-std=c11",) if is_c else ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-Wno-psabi")
    common = ("-O1", "-fPIC", "-ffp-contract=off", "-D_POSIX_C_SOURCE=200809L", *WARNINGS)
    include = ("-I", RUNTIME / "include", "-I", RUNTIME / "src")
    succeed([compiler, *own, *common, *flags, *include, "-c", source, "-o", output])
    return output


def compile_program(
    output: Path,
    sources: Sequence[Path],
    *,
    flags: Sequence[str] = (),
    libraries: Sequence[Path] = (),
    prefix: str = "",
) -> Path:
    """Compiles sources and links them; `prefix` names a cross compiler."""
    output.parent.mkdir(parents=True, exist_ok=True)
    objects = [
        compile_object(output.with_suffix(f".{index}.o"), source, flags=flags, prefix=prefix)
        for index, source in enumerate(sources)
    ]
    # Linked as C: the runtime must not need the C++ library.
    succeed([prefix + "gcc", *flags, *objects, *libraries, "-o", output, "-ldl"])
    return output


def runtime_sources(*, engine: bool = True) -> list[Path]:
    """Source files of the runtime, without ONNX Runtime's engine when a test brings its own."""
    return [RUNTIME / "src" / name for name in SOURCES if engine or not name.startswith("ort/")]
