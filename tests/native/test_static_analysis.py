"""clang-tidy, cppcheck and the warnings of two compilers find nothing in the runtime.

What clang-tidy looks for stands in `.clang-tidy`, what is deviated from in docs/misra.md.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from ecu_bundle.generation.sources import WARNING_FLAGS
from runtime.build import CHECKOUT, RUNTIME, Outcome, run

from .engine_build import joined_sources

INCLUDE = (f"-I{RUNTIME}/include", f"-I{RUNTIME}/src")
LANGUAGE = ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-ffp-contract=off")
CORE = (
    *("model.cpp", "image/reader.cpp", "native/engine.cpp", "native/program.cpp", "native/scope.cpp"),
    *("native/kernels/tree_walk.cpp", "native/kernels/trees.cpp", "update/package.cpp"),
)
"""What reads hostile bytes: looked at in every test run. The others take three times as long."""

FOREIGN = ("ed25519", "p256")
"""Sources that need the header of a library that is fetched."""
OTHERS = [
    path
    for part in ("ort", "update")
    for path in sorted((RUNTIME / "src" / part).glob("*.cpp"))
    if path.stem not in FOREIGN
]
"""Beside the native engine."""

CPPCHECK = (
    *("cppcheck", "--quiet", "--std=c++17", "--error-exitcode=1", "--inline-suppr"),
    "--enable=warning,style,performance,portability",
    # Not missing: cppcheck knows the compiler's own headers.
    "--suppress=missingIncludeSystem",
    # There is no <algorithm> on a device.
    "--suppress=useStlAlgorithm",
    # A local `sign` or `is_nan` beside the function that computes it: the compilers warn of real shadowing.
    "--suppress=shadowFunction",
    # cppcheck 2.10 takes `scope.constant(...)` and `record.x` for variables that are assigned twice, and a
    # result in `&&` for one that is dropped. The compilers see to [[nodiscard]].
    *("--suppress=redundantInitialization", "--suppress=redundantAssignment"),
    "--suppress=ignoredReturnValue",
    # Kernels for both types of numbers compare sizes of templates that can be 0.
    "--suppress=unsignedLessThanZero",
    # The block of a hash is written before it is read; a header is filled by its reader, a friend.
    *("--suppress=uninitMemberVar:*/sha*.cpp", "--suppress=noConstructor:*/update/package.h"),
)
STRICTER = (
    *("-Wcast-align", "-Wcast-qual", "-Wextra-semi", "-Wformat=2", "-Wimplicit-fallthrough", "-Wundef"),
    *("-Wmissing-declarations", "-Wnon-virtual-dtor", "-Wnull-dereference", "-Wunused", "-Wvla"),
)
"""Beyond those of `cmake/EcuWarnings.cmake`."""
ALONE = (
    *("kernel_table", "tree_lone", "trees_complete_pairs", "trees_keyed_shares", "trees_ranked_numbers"),
    *("trees_complete_values40", "trees_ranked_values48"),
)
"""Sources that do not go into one file with all others; of the kernels of trees, each layout and kind of
leaves once."""


def tidy(files: Sequence[Path]) -> Outcome:
    config = f"--config-file={CHECKOUT / '.clang-tidy'}"
    return run(["clang-tidy", "--quiet", config, *files, "--", *LANGUAGE, *INCLUDE], seconds=900)


def test_clang_tidy_finds_nothing_where_bytes_are_read() -> None:
    outcome = tidy([RUNTIME / "src" / name for name in CORE])
    assert outcome.status == 0, outcome.output


@pytest.mark.slow
def test_clang_tidy_finds_nothing(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / ".clang-tidy", tmp_path)
    outcome = tidy([*joined_sources(tmp_path), *OTHERS])
    assert outcome.status == 0, outcome.output


def test_cppcheck_finds_nothing() -> None:
    outcome = run([*CPPCHECK, *INCLUDE, RUNTIME / "src", RUNTIME / "include"], seconds=900)
    assert outcome.status == 0, outcome.output


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_compilers_have_nothing_to_say(tmp_path: Path, compiler: str) -> None:
    sources = [*joined_sources(tmp_path), *OTHERS]
    alone = [source for source in sources if source.stem in ALONE or source.parent.name == "update"]
    others = [source for source in sources if source not in alone and not source.stem.startswith("trees_")]
    joined = tmp_path / "joined.cpp"
    joined.write_text("".join(f'#include "{source}"\n' for source in others))
    command = [compiler, *LANGUAGE, *WARNING_FLAGS, *STRICTER, "-Werror", *INCLUDE]
    for source in (joined, *alone):
        outcome = run([*command, "-O1", "-S", "-o", "/dev/null", source])
        assert outcome.status == 0, outcome.output


SEEDED = {
    "a const that is cast away": ("clang-tidy", "int* f(const int* p) { return const_cast<int*>(p); }"),
    "an uninitialised number": ("clang-tidy", "int f(int n) { int x; if (n > 0) { x = n; } return x; }"),
    "a null pointer that is read": (
        "clang-tidy",
        "int f(const int* p) { if (p == nullptr) { return *p; } return 0; }",
    ),
    "a number that loses bits": ("clang-tidy", "int f(long n) { int x = 0; x += n; return x; }"),
    "an index beyond the array": (
        "cppcheck",
        "int f() { int a[2] = {1, 2}; int s = 0; for (int i = 0; i <= 2; ++i) { s += a[i]; } return s; }",
    ),
    "a shift beyond the word": ("cppcheck", "unsigned f(unsigned n) { return n << 32; }"),
}


@pytest.mark.parametrize("what", SEEDED)
def test_a_seeded_error_is_found(tmp_path: Path, what: str) -> None:
    program, text = SEEDED[what]
    source = tmp_path / "seeded.cpp"
    source.write_text(text + "\n")
    outcome = tidy([source]) if program == "clang-tidy" else run([*CPPCHECK, source])
    assert outcome.status != 0, outcome.output
