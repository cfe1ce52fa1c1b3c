"""One table of kernels in three places."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

from ecu_bundle.lowering.kernels import KERNELS, KERNELS_BY_NUMBER, REFERENCES

CHECKOUT = Path(__file__).parents[2]
DOCUMENT = CHECKOUT / "docs" / "native_engine.md"
RUNTIME = CHECKOUT / "runtime" / "src" / "native" / "kernel_table.cpp"

TREES = range(108, 132)
"""Tree kernels have a page of their own."""


def _documented() -> dict[str, tuple[int, tuple[str, ...]]]:
    """Number and words of every kernel in the documentation; trees have a page of their own."""
    table: dict[str, tuple[int, tuple[str, ...]]] = {}
    words: tuple[str, ...] = ()
    for line in DOCUMENT.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 5 or not re.match(r"\d", cells[0]) or cells[2] == "trees":
            continue
        words = words if cells[3] == "same" else tuple(cells[3].split())
        numbers = [int(n) for n in re.findall(r"\d+", cells[0] + " " + cells[1])]
        names = cells[2].split(", ")
        if names[0].endswith(" *"):
            base = names[0].removesuffix("_f32 *")
            names = [f"{base}_f32", f"{base}_f64"]
        elif " to " in cells[0]:
            numbers = list(range(numbers[0], numbers[1] + 1))
        for number, name in zip(numbers, names, strict=True):
            table[name] = (number, words)
    return table


def test_the_documentation_has_the_same_table() -> None:
    ours = {
        name: (kernel.number, kernel.words) for name, kernel in KERNELS.items() if kernel.number not in TREES
    }
    assert _documented() == ours


def test_the_runtime_has_the_same_table() -> None:
    found = re.findall(r"KERNEL\((\d+), (\w+)\)", RUNTIME.read_text("utf-8"))
    theirs = {name: int(number) for number, name in found}
    ours = {name: kernel.number for name, kernel in KERNELS.items()}
    assert {n: number for n, number in theirs.items() if number not in TREES or n in ours} == ours


def test_numbers_and_names_are_different() -> None:
    assert len(KERNELS) == len(KERNELS_BY_NUMBER)
    assert all(kernel.name == name for name, kernel in KERNELS.items())


def test_results_come_first_and_are_references() -> None:
    assert all(set(k.words[: k.results]) <= REFERENCES for k in KERNELS.values())
    used = set(chain.from_iterable(k.words for k in KERNELS.values()))
    assert used >= REFERENCES


def test_only_kernels_that_read_where_they_write_work_in_place() -> None:
    in_place = {name.rpartition("_")[0] for name, k in KERNELS.items() if k.is_elementwise}
    assert {"add", "exp", "not", "f32"} <= in_place
    assert KERNELS["where4"].is_elementwise
    others = ("copy4", "take4", "pick4", "softmax_f32", "matmul_f32", "reduce_sum_f32", "map_i32")
    assert not any(KERNELS[name].is_elementwise for name in others)
