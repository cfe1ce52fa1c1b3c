"""CBMC: frame, header, texts and interface of an image and the walk of a tree, for all bytes at small sizes.

They stay inside their memory and end.

clang makes LLVM's code of the engine's sources, `proof/translate.py` C of that, and CBMC looks at all
contents of image, record, constants and row at once. Loops have a bound that is proved too. What the
translation computes is compared with what the sources compute.
"""

from __future__ import annotations

import ctypes
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.build import RUNTIME, Outcome, succeed

from .assembler import INPUT, MISSING, OUTPUT
from .engine_build import FLAGS
from .proof.checker import checker
from .proof.translate import translate

PROOF = Path(__file__).parent / "proof"
CLANG = (
    *("clang++", *FLAGS, "-O1", "-fno-vectorize", "-fno-slp-vectorize", "-fno-unroll-loops"),
    *("-fno-discard-value-names", "-Werror=missing-field-initializers"),
)
PROVED, REFUTED = 0, 10
SECONDS = 3000.0
CONSTANTS = 1 << 30


@dataclass(frozen=True, slots=True)
class Subject:
    """What is proved.

    Attributes:
        sources: below runtime/src.
        kernel: for a kernel, its name; empty for the image reader.
        entry: the function of the harness.
        sizes: of the memory that may hold anything; macros of proof/kernel.c and proof/reader.c.
        options: bounds of loops, larger than what the sizes allow.
    """

    sources: tuple[str, ...]
    kernel: str
    entry: str
    sizes: dict[str, int]
    options: tuple[str, ...]

    @property
    def harness(self) -> str:
        return "kernel" if self.kernel else "reader"


_READER = ("image/reader.cpp",)
_WALK = ("native/scope.cpp", "native/kernels/tree_walk.cpp")
SUBJECTS = {
    "tree_lone": Subject(
        (*_WALK, "native/kernels/tree_lone.cpp"),
        "tree_lone",
        "prove",
        {"WORDS": 5, "CONSTANTS": 12, "WORKSPACE": 2, "ROW": 2, "RESULTS": 2},
        ("--unwind", "5"),
    ),
    "tree_rows": Subject(
        (*_WALK, "native/kernels/tree_rows.cpp"),
        "tree_rows",
        "prove",
        {"WORDS": 10, "CONSTANTS": 12, "WORKSPACE": 2, "ROW": 2, "RESULTS": 2},
        ("--unwind", "5"),
    ),
    "header of an image": Subject(_READER, "", "prove_header", {"SIZE": 192}, ("--unwind", "17")),
    "texts of an image": Subject(_READER, "", "prove_texts", {"SIZE": 24}, ("--unwind", "6")),
    "interface of an image": Subject(_READER, "", "prove_interface", {"SIZE": 34}, ("--unwind", "9")),
}


def _unit(folder: Path, subject: Subject, runtime: Path = RUNTIME) -> Path:
    """The sources and the harness in one file."""
    files = [*(runtime / "src" / name for name in subject.sources), PROOF / f"{subject.harness}.cpp"]
    lines = [f"#define PROOF_KERNEL ecu_kernel_{subject.kernel}", *(f'#include "{file}"' for file in files)]
    unit = folder / "unit.cpp"
    unit.write_text("\n".join(lines) + "\n")
    return unit


def _translated(folder: Path, subject: Subject, runtime: Path = RUNTIME) -> Path:
    """`prove` of the harness, and what it needs, in C."""
    folder.mkdir(parents=True, exist_ok=True)
    include = (f"-I{runtime}/include", f"-I{runtime}/src")
    output = folder / "unit.ll"
    succeed([*CLANG, *include, "-S", "-emit-llvm", _unit(folder, subject, runtime), "-o", output])
    path = folder / "unit.c"
    path.write_text(translate(output.read_text(), subject.entry))
    return path


def prove(folder: Path, subject: Subject, *options: str, runtime: Path = RUNTIME) -> Outcome:
    program = folder / "program.c"
    folder.mkdir(parents=True, exist_ok=True)
    macros = {"PROVE": subject.entry, **subject.sizes}
    defined = "".join(f"#define {name} {value}\n" for name, value in macros.items())
    code = _translated(folder, subject, runtime).read_text()
    program.write_text(f'{defined}{code}\n#include "{subject.harness}.c"\n')
    return checker().check(program, f"-I{PROOF}", *subject.options, *options, seconds=SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize("name", SUBJECTS)
def test_all_bytes_are_refused_or_stay_in_bounds(tmp_path: Path, name: str) -> None:
    outcome = prove(tmp_path / "proof", SUBJECTS[name])
    assert outcome.status == PROVED, outcome.output[-4000:]
    assert "VERIFICATION SUCCESSFUL" in outcome.output
    reached = prove(tmp_path / "reached", SUBJECTS[name], "-DREACHED", "--property", "main.assertion.1")
    assert reached.status == REFUTED, "nothing is ever taken, so nothing was proved"


ERRORS = {
    "a child one node too far": (
        "tree_lone",
        "native/kernels/tree_walk.cpp",
        "distance < nodes - node;",
        "distance <= nodes - node;",
    ),
    "a leaf too many": (
        "tree_rows",
        "native/kernels/tree_walk.cpp",
        "static_cast<uint32_t>(~child) < leaves;",
        "static_cast<uint32_t>(~child) <= leaves;",
    ),
    "an element too far": (
        "tree_lone",
        "native/kernels/tree_walk.cpp",
        "& ~kLoneNanIsLow) < elements &&",
        "& ~kLoneNanIsLow) <= elements &&",
    ),
    "a child that is its parent": (
        "tree_lone",
        "native/kernels/tree_walk.cpp",
        "distance > 0U && distance",
        "distance",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", ERRORS)
def test_a_seeded_error_is_found(tmp_path: Path, what: str) -> None:
    name, path, right, wrong = ERRORS[what]
    runtime = tmp_path / "runtime"
    shutil.copytree(RUNTIME, runtime)
    source = runtime / "src" / path
    assert source.read_text().count(right) == 1
    source.write_text(source.read_text().replace(right, wrong))
    outcome = prove(tmp_path / "proof", SUBJECTS[name], runtime=runtime)
    assert outcome.status == REFUTED, outcome.output[-4000:]


Words = NDArray[np.uint32]


def _libraries(folder: Path, subject: Subject) -> tuple[ctypes.CDLL, ctypes.CDLL]:
    """A kernel compiled from its sources, and from the translation."""
    include = (f"-I{RUNTIME}/include", f"-I{RUNTIME}/src", f"-I{PROOF}")
    shared = ("-O1", "-fPIC", "-shared", *include)
    succeed(["g++", *FLAGS, *shared, _unit(folder, subject), "-o", folder / "sources.so"])
    translated = _translated(folder, subject)
    succeed(["gcc", "-w", "-fno-strict-aliasing", *shared, translated, "-o", folder / "translated.so"])
    return ctypes.CDLL(str(folder / "sources.so")), ctypes.CDLL(str(folder / "translated.so"))


def _run(library: ctypes.CDLL, blocks: list[Words]) -> tuple[bool, list[bytes]]:
    """Whether the record is taken, and the memory behind."""
    library.prove.restype = ctypes.c_bool
    copies = [block.copy() for block in blocks]
    arguments: list[object] = []
    for copy in copies:
        arguments += [copy.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint32(len(copy))]
    return bool(library.prove(*arguments)), [copy.tobytes() for copy in copies]


RIGHT = {
    "tree_lone": [OUTPUT, INPUT, 2, CONSTANTS, 3],
    "tree_rows": [OUTPUT, MISSING, INPUT, 2, CONSTANTS, 3, 4, CONSTANTS | 16, 1, 0],
}
NODES = [5, 0, 16, 32, 7, 1, ~0, ~1, 9, 1, ~2, ~3]
CHANGES = (1, -1, 16, 1 << 31)


@pytest.mark.parametrize("kernel", RIGHT)
def test_the_translation_computes_what_the_sources_compute(tmp_path: Path, kernel: str) -> None:
    """On a right record and its constants, with small changes in half of the cases each."""
    libraries = _libraries(tmp_path, SUBJECTS[kernel])
    random = np.random.default_rng(3)
    counts = [0, 0]
    for _ in range(3_000):
        record, constants = list(RIGHT[kernel]), list(NODES)
        for block in (record, constants):
            if random.random() < 0.5:
                block[random.integers(len(block))] += int(random.choice(CHANGES))
        row = random.integers(0, 1 << 32, 2)
        blocks = [np.array(b, np.int64).astype(np.uint32) for b in (record, constants, [0, 0], row, [0, 0])]
        found, expected = (_run(library, blocks) for library in libraries)
        assert found == expected
        counts[found[0]] += 1
    assert min(counts) > 300
