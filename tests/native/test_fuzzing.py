"""libFuzzer at the door of the engine: any bytes as an image, opened and run, under sanitizers.

The fuzzer's target computes the digests anew, and its mutator puts offsets and sizes right, so that most
changes reach the program behind them. `fuzz/corpus.tar.xz` holds what reaches new code of the images of
`seeds.py` and of what earlier runs have found. To renew it:
`ECU_UPDATE_CORPUS=1 pytest tests/native/test_fuzzing.py -k longer`;
`ECU_FUZZ_SECONDS` sets how long that looks.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import struct
import tarfile
from pathlib import Path

import pytest

from runtime.build import RUNTIME, Outcome, run, succeed

from .engine_build import Toolchain, compile_all, joined_sources
from .seeds import seed_images

FUZZ = Path(__file__).parent / "fuzz"
CORPUS = FUZZ / "corpus.tar.xz"
SECONDS = 30
SLOW_SECONDS = int(os.environ.get("ECU_FUZZ_SECONDS", "120"))
ENOUGH = 0.3
"""Share of the edges, those of the sanitizers' own reports included; without right digests it is 0.01."""
LARGEST_CORPUS = 150_000
"""Bytes of the archive."""

PLAIN = Toolchain("clang", "clang++")
FUZZED = Toolchain(
    "clang with libFuzzer",
    "clang++",
    ("-O2", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"),
)
TOOLS = ("image_parts.cpp", "mutate_image.cpp")
SHA256 = "sha256.cpp"
"""Neither of these is looked at: they would take most of the time."""

HASHES, TEXTS, DIGEST, SMALLEST = 48, 112, 32, 144
"""Offset of the hashes in an image and of what follows them, size of its digest and of the smallest image."""


def build_fuzzer(folder: Path, tools: Toolchain = FUZZED, *, runtime: Path = RUNTIME) -> Path:
    """The engine with all kernels behind the fuzzer's target."""
    engine = joined_sources(folder, runtime)
    plain = [*(FUZZ / name for name in TOOLS), *(source for source in engine if source.name == SHA256)]
    watched = [FUZZ / "fuzz_image.cpp", *(source for source in engine if source.name != SHA256)]
    objects = compile_all(folder, PLAIN, plain, runtime=runtime)
    objects += compile_all(folder, tools, watched, runtime=runtime)
    succeed([tools.compiler, *tools.flags, *objects, "-o", folder / "fuzz_image"])
    return folder / "fuzz_image"


def fuzz(program: Path, corpus: Path, *others: Path, seconds: int) -> Outcome:
    """Runs the fuzzer; findings go beside its program."""
    options = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=20", f"-dict={FUZZ / 'image.dict'}"]
    options += [f"-artifact_prefix={program.parent}/", "-print_final_stats=1"]
    return run([program, corpus, *others, *options], seconds=seconds + 300)


def unpack(folder: Path) -> Path:
    with tarfile.open(CORPUS) as archive:
        archive.extractall(folder, filter="data")
    return folder


def pack(files: list[bytes]) -> None:
    """Similar files beside each other, so that the archive is small."""
    with tarfile.open(CORPUS, "w:xz", preset=9) as archive:
        for number, data in enumerate(sorted(files, key=lambda data: (data[TEXTS:], data))):
            member = tarfile.TarInfo(f"{number:04}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def without_digests(image: bytes) -> bytes:
    """They cannot be compressed, and the fuzzer's target computes them anew."""
    if len(image) < SMALLEST:
        return image
    (size,) = struct.unpack_from("<I", image, 8)
    end = size if SMALLEST <= size <= len(image) else len(image)
    return image[:HASHES] + bytes(TEXTS - HASHES) + image[TEXTS : end - DIGEST] + bytes(DIGEST) + image[end:]


def covered(outcome: Outcome) -> float:
    """Share of the edges of the program that were reached."""
    reached = [int(count) for count in re.findall(r" cov: (\d+) ", outcome.output)]
    (edges,) = re.findall(r"Loaded 1 PC tables \((\d+) PCs\)", outcome.output)
    return reached[-1] / int(edges)


@pytest.fixture(scope="module")
def fuzzer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_fuzzer(tmp_path_factory.mktemp("fuzzer"))


def test_the_fuzzer_finds_nothing(fuzzer: Path, tmp_path: Path) -> None:
    outcome = fuzz(fuzzer, unpack(tmp_path), seconds=SECONDS)
    assert outcome.status == 0, outcome.output[-4000:]
    assert covered(outcome) > ENOUGH


@pytest.mark.slow
def test_the_fuzzer_finds_nothing_for_longer(fuzzer: Path, tmp_path: Path) -> None:
    """From images of this version's own writer too."""
    corpus, seeds = unpack(tmp_path / "corpus"), tmp_path / "seeds"
    seeds.mkdir()
    for name, image in seed_images().items():
        (seeds / name).write_bytes(image)
    outcome = fuzz(fuzzer, corpus, seeds, seconds=SLOW_SECONDS)
    assert outcome.status == 0, outcome.output[-4000:]
    if os.environ.get("ECU_UPDATE_CORPUS"):
        shutil.copytree(seeds, corpus, dirs_exist_ok=True)
        keep(fuzzer, corpus, tmp_path / "merged")


def keep(program: Path, corpus: Path, folder: Path) -> None:
    """Packs few files that reach all the code that the corpus reaches."""
    folder.mkdir()
    succeed([program, "-merge=1", "-use_counters=0", "-max_len=4096", folder, corpus])
    pack([without_digests(path.read_bytes()) for path in folder.iterdir()])


def test_the_corpus_is_small() -> None:
    assert CORPUS.stat().st_size < LARGEST_CORPUS


ERRORS = {
    "more memory than the arena has": (
        "arena.h",
        "count > (size_ - used_) / sizeof(T)",
        "count > size_ / sizeof(T)",
    ),
    "operands beyond their space": (
        "native/scope.cpp",
        "elements * size <= space - offset",
        "elements * size <= space",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", ERRORS)
def test_the_fuzzer_finds_a_seeded_error(tmp_path: Path, what: str) -> None:
    """In the memory of an open model, in the checks of references."""
    name, right, wrong = ERRORS[what]
    runtime = tmp_path / "runtime"
    shutil.copytree(RUNTIME, runtime)
    source = runtime / "src" / name
    assert source.read_text().count(right) == 1
    source.write_text(source.read_text().replace(right, wrong))
    fuzzer = build_fuzzer(tmp_path / "build", runtime=runtime)
    outcome = fuzz(fuzzer, unpack(tmp_path / "corpus"), seconds=SLOW_SECONDS)
    assert outcome.status != 0
    assert "AddressSanitizer" in outcome.output
