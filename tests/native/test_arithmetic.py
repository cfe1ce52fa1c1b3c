"""Compiler flags that change the bits of results do not get through."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from runtime.build import RUNTIME

from .engine_build import FLAGS, native_sources

ENGINE = [source for source in native_sources() if "native" in source.parts]
KERNEL = RUNTIME / "src/native/kernels/is_nan_f32.cpp"

WRONG = [
    ("g++", "-ffast-math"),
    ("g++", "-Ofast"),
    ("g++", "-ffinite-math-only"),
    ("g++", "-fno-signed-zeros"),
    ("g++", "-freciprocal-math"),
    ("g++", "-funsafe-math-optimizations"),
    ("g++", "-mfpmath=387"),
    ("clang++", "-ffast-math"),
    ("clang++", "-ffinite-math-only"),
]


def _compile(compiler: str, *arguments: str | Path) -> str:
    """What the compiler says; empty when it is content."""
    command = [compiler, *FLAGS, f"-I{RUNTIME}/include", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("command", WRONG, ids=" ".join)
def test_flags_that_change_bits_do_not_compile(command: tuple[str, ...]) -> None:
    compiler, *flags = command
    assert _compile(compiler, "-fsyntax-only", KERNEL) == ""
    said = _compile(compiler, "-fsyntax-only", *flags, KERNEL)
    assert "needs IEEE arithmetic" in said or "no excess precision" in said


def test_every_source_of_the_engine_refuses_them() -> None:
    """The preprocessor alone sees it: GCC stops at the first error of each file."""
    said = _compile("g++", "-E", "-ffast-math", "-Wfatal-errors", *ENGINE)
    assert len(ENGINE) > 150
    assert len(re.findall("#error .the native engine needs IEEE arithmetic", said)) >= len(ENGINE)
    including = {
        Path(path).resolve() for path in re.findall(r"(?:from|^) ?(/\S+\.cpp):\d+", said, re.MULTILINE)
    }
    assert including == {source.resolve() for source in ENGINE}
