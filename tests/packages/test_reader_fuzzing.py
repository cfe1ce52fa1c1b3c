"""libFuzzer on what a device reads: headers of packages before the signature, golden vectors, the journal."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from pathlib import Path

import pytest

from ecu_bundle.generation.sources import runtime_files
from ecu_bundle.image import read_image
from runtime.build import RUNTIME, Outcome, run, succeed
from update.build import PROGRAMS, UPDATE
from update.journal_seeds import seeds as journal_seeds

from .test_device_template import VARIANTS, beyond_the_limit
from .test_golden_on_device import GOLDEN, HOSTILE, IMAGE, changed_score

FUZZ = Path(__file__).parent / "fuzz"
FLAGS = (
    *("-std=c++17", "-O1", "-g", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"),
    *("-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"),
)
FINDING_RUNS = 300_000
SLOW_SECONDS = int(os.environ.get("ECU_FUZZ_SECONDS", "15"))


@dataclass(frozen=True, slots=True)
class Target:
    """One fuzzer.

    Attributes:
        own: sources in ``fuzz/``, or from there.
        shipped: sources of the runtime.
        seeds: real inputs.
        longest: most bytes of an input.
        flags: more words for the compiler.
        runs: inputs in every run of the tests.
        long: how long the slow ones are.
    """

    own: tuple[str, ...]
    shipped: tuple[str, ...]
    seeds: Callable[[], list[bytes]]
    longest: int
    flags: tuple[str, ...] = ()
    runs: int = 20_000
    long: str = f"-max_total_time={SLOW_SECONDS}"


def _native_sources() -> tuple[str, ...]:
    """The engine with the kernels of the model, and no others."""
    files = runtime_files("native", read_image(IMAGE.data).kernels)
    found = (path.removeprefix("src/ecu/") for path in files if path.endswith(".cpp"))
    return tuple(path for path in found if not path.startswith(("update/", "port/")))


JOURNAL = (
    "stock",
    "reading",
    "scene",
    "bench_port",
    "bench",
    "bench_power",
    "mutate_journal",
    "fuzz_journal",
)
TARGETS = {
    "header": Target(
        ("fuzz_package.cpp", "mutate_package.cpp", "package_parts.cpp"),
        ("update/package.cpp", "image/sha256.cpp"),
        lambda: [make() for make in (*VARIANTS.values(), beyond_the_limit)],
        1200,
    ),
    "vectors": Target(
        ("fuzz_golden.cpp",),
        ("update/golden.cpp", *_native_sources()),
        lambda: [GOLDEN, *(changed_score(0, value, absolute=9.0) for value in (1.0, nan)), *HOSTILE.values()],
        400,
    ),
    "journal": Target(
        (
            *(f"../../update/programs/{name}.cpp" for name in ("flash_simulator", "packages")),
            *(f"../../update/fuzz/{name}.cpp" for name in JOURNAL),
        ),
        (*UPDATE, "image/sha256.cpp"),
        journal_seeds,
        128,
        (
            f"-I{PROGRAMS}",
            "-O2",
            "-fno-sanitize-coverage=trace-cmp",
        ),  # inputs choose, they hold no bytes of flash
        2000,
        "-runs=100000",
    ),
}


def build(folder: Path, target: Target, source: Path = RUNTIME / "src") -> Path:
    """Compiles a fuzzer from these sources of the runtime."""
    folder.mkdir(parents=True, exist_ok=True)
    together = folder / "target.cpp"  # one source: most of the time goes into headers of the library
    together.write_text("".join(f'#include "{(FUZZ / name).resolve()}"\n' for name in target.own))
    sources = [together, *(source / name for name in target.shipped)]
    (folder / "image.ecui").write_bytes(IMAGE.data)
    program = folder / "fuzzer"
    succeed(
        ["clang++", *FLAGS, *target.flags, f"-I{RUNTIME}/include", f"-I{source}", *sources, "-o", program]
    )
    return program


def fuzz(program: Path, target: Target, *options: str) -> Outcome:
    """Runs a fuzzer from its seeds on; findings go beside it."""
    seeds = program.parent / "seeds"
    seeds.mkdir(exist_ok=True)
    for number, data in enumerate(target.seeds()):
        (seeds / f"{number:03}").write_bytes(data)
    environment = {**os.environ, "ECU_FUZZ_IMAGE": str(program.parent / "image.ecui")}
    fixed = (f"-max_len={target.longest}", "-timeout=20", f"-artifact_prefix={program.parent}/", "-seed=1")
    return run([program, seeds, *fixed, *options], env=environment)


@pytest.mark.parametrize("name", ["header", pytest.param("vectors", marks=pytest.mark.slow), "journal"])
def test_seeds_and_some_more(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    outcome = fuzz(build(tmp_path, target), target, f"-runs={target.runs}")
    assert outcome.status == 0, outcome.output[-4000:]
    assert f"Done {target.runs} runs" in outcome.output


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_the_fuzzer_finds_nothing(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    outcome = fuzz(build(tmp_path, target), target, target.long)
    assert outcome.status == 0, outcome.output[-4000:]


ERRORS = {
    "bytes that are not there": (
        "header",
        "update/package.cpp",
        "count > bytes_.size() - at_",
        "count > 2000U",
    ),
    "a decision that changes": (
        "header",
        "update/package.cpp",
        "status_ = ECU_PACKAGE_TRUNCATED;",
        "status_ = ECU_PACKAGE_MALFORMED;",
    ),
    "less memory than a row needs": (
        "vectors",
        "update/golden.cpp",
        "left -= size;",
        "left -= size / 2U;",
    ),
    "a size beyond the end": (
        "vectors",
        "update/golden.cpp",
        " || content + ECU_DIGEST_SIZE > room - gap",
        "",
    ),
    "a record whose check is not compared": (
        "journal",
        "update/journal.cpp",
        "record.crc == crc && ",
        "(record.crc == crc || crc != 0U) && ",
    ),
    "the last record in place of the newest": (
        "journal",
        "update/journal.cpp",
        "record.sequence > sector.newest.sequence",
        "record.sequence != sector.newest.sequence",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", ERRORS)
def test_the_fuzzer_finds_a_seeded_error(what: str, tmp_path: Path) -> None:
    name, file, right, wrong = ERRORS[what]
    source = Path(shutil.copytree(RUNTIME / "src", tmp_path / "src"))
    text = (source / file).read_text()
    assert text.count(right) == 1
    (source / file).write_text(text.replace(right, wrong))
    target = TARGETS[name]
    outcome = fuzz(build(tmp_path / "build", target, source), target, f"-runs={FINDING_RUNS}")
    assert outcome.status != 0
