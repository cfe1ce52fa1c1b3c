"""The tables of wrong records are complete: each check that is left out is missed by one of them."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from runtime.build import RUNTIME, run, succeed

from .cases import Case
from .check_mutants import DECLARATION, Mutants
from .engine_build import HOST, PROGRAMS, compile_all, native_sources, write_cases
from .test_records import ALL

EQUIVALENT = [
    # A position, leaf or element is never below 0, so lengths of 0 are refused by what follows.
    "positions.cpp check_take: length, but for 0",
    "top_k.h check_top_k: length, but for 0",
    *["tree_leaves.cpp check: length, but for 0"] * 5,
    "tree_leaves.cpp check_halves: length, but for 0",
    "tree_rows.cpp check: length, but for 0",
    "tree_walk.cpp check_lone: length, but for 0",
    "trees.cpp read_record: length, but for 0",
    # Stands before a look at a word that is not there; the record is refused as too short.
    "tree_rows.cpp check: operation.count() <= kSecondWords",
    # Larger numbers need more memory than the workspace or the constants of a small image have.
    "trees.cpp read_record: record.entries <= kMaxSlots",
    "trees.cpp read_record: record.slots <= kMaxSlots",
    "tree_rows.cpp check: row <= kMaxResults",
    # The others of the three hold the sum of all rows to the size of the table.
    "trees.h check_trees: at == record.nodes",
    "trees.h check_trees: rows == 0U",
    "trees.h check_trees: rows > record.nodes - at",
]
"""Checks that no small record can show missing, and why."""


@pytest.mark.slow
def test_every_check_is_missed_by_a_record(tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    shutil.copytree(RUNTIME, runtime)
    mutants = Mutants()
    for source in sorted((runtime / "src/native/kernels").iterdir()):
        text = mutants.file(source)
        if "ecu_mutant" in text:
            first = re.search(r"^namespace", text, re.MULTILINE)
            assert first is not None
            text = text[: first.start()] + DECLARATION + text[first.start() :]
            source.write_text(text)
    assert len(mutants.texts) > 150
    images = [(image, 0) for record in ALL.values() for _, image in record.rights()]
    images += [(image, 20) for record in ALL.values() for _, image in record.wrongs()]
    empty = (np.zeros(0, np.float32),)
    file = write_cases(tmp_path / "cases", [Case("", image, empty, ()) for image, _ in images])
    sources = [PROGRAMS / "open_images.cpp", *native_sources(runtime)]
    objects = compile_all(tmp_path / "build", HOST, sources, "-w", "-O0", runtime=runtime)
    program = tmp_path / "open_images"
    succeed([HOST.compiler, *objects, "-o", program])
    wanted = [str(status) for _, status in images]
    assert run([program, file, "-1"]).output.split() == wanted
    survivors = [
        text
        for number, text in enumerate(mutants.texts)
        if run([program, file, str(number)]).output.split() == wanted
    ]
    assert sorted(survivors) == sorted(EQUIVALENT), sorted((Counter(survivors) - Counter(EQUIVALENT)).items())
