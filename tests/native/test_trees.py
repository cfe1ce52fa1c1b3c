"""Trees on the native engine: the bits of ONNX Runtime on every target, and nothing but trees that end."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ecu_bundle.image.writer import compile_image
from ecu_bundle.lowering import Program, lower
from ecu_bundle.lowering.trees.encode import forms_of_sums
from ecu_bundle.lowering.trees.ensemble import Ensemble, sizes_of
from ecu_bundle.lowering.trees.fixed import sums_fit, to_fixed
from ecu_bundle.lowering.trees.layouts import links_of
from ecu_bundle.lowering.trees.slots import keys_of
from runtime.build import CHECKOUT, RUNTIME, run, succeed
from runtime.device import OK, Device

from .assembler import INPUT, KERNELS, OUTPUT, TREES, Assembler, float_input, output_tensor
from .cases import PLACES, Case, Place, make_case
from .engine_build import OTHERS, PROGRAMS, SHARED, Toolchain, compile_all, run_program, write_cases
from .running import open_image, run_case, run_row
from .tree_models import MODELS, tried

MALFORMED = 20
HELPERS = (
    "trees",
    "tree_walk",
    "tree_leaves",
    "trees_complete",
    "wide",
    "positions",
    "reduction",
    "elementwise",
)
EXACT = (
    *("tree", "forest of ten classes", "forest with gaps", "forest of three outputs"),
    "boosting",
    "hist boosting",
)
"""Models whose programs need no elementary function."""


@pytest.mark.parametrize("name", MODELS)
def test_outputs_have_the_bits_of_onnx_runtime(device: Device, name: str) -> None:
    model = tried(name)
    found = _outputs(device, compile_image(model.converted, engine="native").data, model.rows)
    for expected, values, tensor in zip(
        model.expected, found, model.converted.interface.outputs, strict=True
    ):
        assert np.array_equal(expected.view(np.uint32), values), tensor.name


@pytest.mark.parametrize("name", [name for name in MODELS if "boosting" in name or "forest" in name])
def test_values_are_those_of_scikit_learn_rounded_once(device: Device, name: str) -> None:
    model = tried(name)
    rows = model.rows[(np.abs(model.rows) < 1e30).all(axis=1)]  # scikit-learn adds up its input
    image = compile_image(model.converted, engine="native").data
    found = _outputs(device, image, rows)[-1].view(np.float32)
    wanted = _by_sklearn(model.estimator, rows)
    close = np.abs(found - wanted) <= np.spacing(np.abs(wanted)) + np.float32(1e-12)
    assert close.all()
    assert (found == wanted).mean() > 0.99


@pytest.mark.cross
@pytest.mark.parametrize("tools", OTHERS, ids=lambda tools: tools.name)
def test_every_target_computes_the_same_bits(tmp_path: Path, tools: Toolchain) -> None:
    kernels: set[str] = set()
    cases = []
    for name in EXACT:
        model = tried(name)
        image = compile_image(model.converted, engine="native").data
        kernels.update(lower(model.converted).kernels)
        for row in model.rows[::7]:
            cases.append(Case(name, image, (row,), ()))
    program = _program(tmp_path / "target", tools, kernels)
    host = _program(tmp_path / "host", Toolchain("host", "g++"), kernels)
    file = write_cases(tmp_path / "cases.bin", cases)
    wanted = run([host, file])
    assert wanted.status == 0
    assert run_program(tools, program, file).output == wanted.output


def test_every_layout_gives_the_same_sums(device: Device) -> None:
    """Of one ensemble that all of them can hold."""
    random = np.random.default_rng(5)
    ensemble = _random_ensemble(random, trees=9, depth=3, elements=4)
    values = random.integers(-(2**40), 2**40, size=(len(ensemble.values), 1))
    forms = forms_of_sums(ensemble, values, 1)
    assert {form.layout.name for form in forms} == {"keyed", "ranked", "complete"}
    rows = random.normal(size=(40, 4)).astype(np.float32)
    rows[::5, 1] = np.nan
    sums = np.array([_sum_by_hand(ensemble, values, row) for row in rows])
    for form in forms:
        asm = Assembler([float_input("x", 4)], [output_tensor("sum", np.dtype(np.int64), 1)])
        _add_form(asm, form, out=OUTPUT, trees=9)
        found = _outputs(device, asm.image(), rows)[0].view(np.int64).ravel()
        assert np.array_equal(found, sums), form.kernel


def test_rows_of_leaves_are_numbered_by_tree(device: Device) -> None:
    """So many different leaves of three columns that a link cannot hold their numbers."""
    random = np.random.default_rng(6)
    ensemble = _random_ensemble(random, trees=300, depth=7, elements=4)
    values = random.integers(-(2**40), 2**40, size=(len(ensemble.values), 3))
    assert len(values) > 2**15
    (form, *_) = forms = [form for form in forms_of_sums(ensemble, values, 1) if form.leaves.name == "rows"]
    assert form.leaves.bases[0] > 0
    rows = random.normal(size=(5, 4)).astype(np.float32)
    sums = np.array([[_sum_by_hand(ensemble, values[:, [c]], row) for c in range(3)] for row in rows])
    for form in forms:
        asm = Assembler([float_input("x", 4)], [output_tensor("sum", np.dtype(np.int64), 3)])
        _add_form(asm, form, out=OUTPUT, trees=300, columns=3)
        found = _outputs(device, asm.image(), rows)[0].view(np.int64).reshape(5, 3)
        assert np.array_equal(found, sums), form.kernel


def test_keys_have_the_order_of_numbers() -> None:
    numbers = np.array([-np.inf, -3e38, -1.5, -1e-45, -0.0, 0.0, 1e-45, 2.0, np.inf], dtype=np.float32)
    keys = keys_of(numbers)
    assert (np.diff(keys) > 0).tolist() == [True, True, True, True, False, True, True, True]


def test_two_words_where_one_would_round_twice() -> None:
    tree = np.array([0, 1])
    fine = [np.array([[2.0**-60], [2.0**-59]]), np.array([[2.0**-40], [2.0**-40]]), np.array([[1.0], [3.0]])]
    assert to_fixed(fine[1:], tree) is not None
    found = to_fixed(fine, tree)
    assert found is not None
    assert found.words == 2
    assert to_fixed([np.array([[2.0**-90], [1.0]])], tree) is None
    assert sums_fit([np.array([[1.0], [2.0**24 - 1.1]])], tree, 24) is False


@pytest.mark.parametrize("place", PLACES)
def test_votes_are_rounded_as_numbers_of_float64(device: Device, place: Place) -> None:
    """Quotients that tie after rounding, signs, zero, and sums of all sizes; numpy divides in float64."""
    random = np.random.default_rng(3)
    bits = random.integers(0, 62, size=(40, 7))
    sums = random.integers(-(2**62), 2**62, size=bits.shape) >> bits
    sums[::4] = np.abs(sums[::4])
    sums[1], sums[2] = 0, 2**61 + np.array([1, 0, 2, 3, 2, 1, 3])  # the float64 quotients of the last are one
    for row, exponent in zip(sums, random.integers(-110, 64, size=len(sums)), strict=True):
        divisor = int(random.integers(1, 65536))
        shares = np.ldexp(row.astype(np.float64), exponent) / divisor
        results: dict[str, NDArray[Any]] = {
            "out": shares.astype(np.float32),
            "label": np.array([shares.argmax()], np.int32),
        }
        operands = {"sums": row, "exponents!": np.full(row.size, exponent, np.int32)}
        words: list[int | str] = ["out", "label", "sums", row.size, "exponents!", divisor]
        case = make_case("mean_votes", words, operands, results, place=place)
        found = run_case(device, case)
        assert [a.tobytes() for a in found] == [a.tobytes() for a in case.expected], (row, exponent, divisor)


@pytest.mark.parametrize(("exponent", "divisor"), [(-111, 3), (64, 3), (0, 0), (0, 65536)])
def test_votes_beyond_float32_are_refused(device: Device, exponent: int, divisor: int) -> None:
    operands: dict[str, NDArray[Any]] = {
        "sums": np.arange(2),
        "exponents!": np.array([0, exponent], np.int32),
    }
    results: dict[str, NDArray[Any]] = {"out": np.zeros(2, np.float32), "label": np.zeros(1, np.int32)}
    words: list[int | str] = ["out", "label", "sums", 2, "exponents!", divisor]
    case = make_case("mean_votes", words, operands, results, place="constants")
    assert open_image(device, case.image)[0] == MALFORMED


DAMAGE: dict[str, tuple[int, bytes]] = {
    "a slot that is not there": (8, struct.pack("<H", 17)),
    "a link behind the tree": (8 + 2, struct.pack("<h", 400)),
    "a link to the node itself": (8 + 2, struct.pack("<h", 0)),
    "a leaf that is not there": (8 + 2, struct.pack("<h", ~4000)),
    "a tree longer than its table": (0, struct.pack("<I", 4000)),
    "a tree without nodes": (0, struct.pack("<I", 0)),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damaged_nodes_are_refused(device: Device, what: str) -> None:
    offset, data = DAMAGE[what]
    assert _open_with_nodes(device, None) == OK
    assert _open_with_nodes(device, (offset, data)) == MALFORMED


@pytest.mark.parametrize("child", [0, -5, 16, 99])
def test_a_lone_tree_whose_children_do_not_follow_it_is_refused(device: Device, child: int) -> None:
    """A child is a distance in bytes; a negative number is a leaf, whatever it is."""
    nodes = np.array([(0, 1, 16, ~0), (5, 0, child, ~1)], dtype="<i4,<u4,<i4,<i4")
    asm = Assembler([float_input("x", 3)], [output_tensor("leaf", np.dtype(np.int32), 1)])
    asm.add("tree_lone", OUTPUT, INPUT, 3, asm.constant(nodes.view("<i4")), 2)
    status, *_ = open_image(device, asm.image())
    assert status == (OK if child < 0 else MALFORMED)


ROWS: dict[str, tuple[int, int]] = {
    "right": (0, OUTPUT),
    "a leaf beyond the table": (6, 1),
    "rows beyond the constants": (8, 99),
    "more words than the output has": (8, 3),
    "a second result of no words": (1, OUTPUT),
    "words for a second result that is missing": (9, 1),
    "an element beyond the input": (3, 1),
}


@pytest.mark.parametrize("what", ROWS)
def test_damaged_rows_of_a_lone_tree_are_refused(device: Device, what: str) -> None:
    place, value = ROWS[what]
    nodes = np.array([(0, 1, ~0, ~1)], dtype="<i4,<u4,<i4,<i4")
    asm = Assembler([float_input("x", 3)], [output_tensor("row", np.dtype(np.int32), 2)])
    table = asm.constant(np.array([[1, 2], [3, 4]], dtype="<i4"))
    words = [OUTPUT, 0xFFFFFFFF, INPUT, 3, asm.constant(nodes.view("<i4")), 1, 2, table, 2, 0]
    words[place] = value
    asm.add("tree_rows", *words)
    status, *_ = open_image(device, asm.image())
    assert status == (OK if what == "right" else MALFORMED)


def test_outputs_without_nan_need_no_look() -> None:
    """The program of a tree says so; that of a perceptron does not, whose sums may be NaN."""
    assert lower(tried("tree").converted).no_nan
    assert lower(tried("boosting").converted).no_nan
    assert not lower(tried("isolation forest").converted).no_nan


def test_a_lone_tree_that_tests_an_element_beyond_the_input_is_refused(device: Device) -> None:
    nodes = np.array([(0, 3, ~0, ~1)], dtype="<i4,<u4,<i4,<i4")
    asm = Assembler([float_input("x", 3)], [output_tensor("leaf", np.dtype(np.int32), 1)])
    asm.add("tree_lone", OUTPUT, INPUT, 3, asm.constant(nodes.view("<i4")), 1)
    status, *_ = open_image(device, asm.image())
    assert status == MALFORMED


def test_the_documentation_has_the_same_numbers() -> None:
    text = (CHECKOUT / "docs" / "native_trees.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", text, re.MULTILINE)
    listed = {name: number for name, number in KERNELS.items() if number in TREES}
    assert {name: int(number) for number, name in rows} == listed


def test_the_same_model_gives_the_same_program() -> None:
    model = tried("forest of ten classes").converted
    first: Program = lower(model)
    assert first == lower(model)


def test_a_result_over_the_slots_is_refused(device: Device) -> None:
    """It would change them during the walk, which relies on slot 0."""
    assert _open_with_nodes(device, None, overlap=True) == MALFORMED


EDGES = 21
"""Of the one element of the ensemble below; 2**4 is the largest power of two that is no more."""

TABLES: dict[str, tuple[int, int]] = {
    "right": (1, EDGES | 4 << 16),
    "an element beyond the input": (0, 4),
    "more edges than there are": (1, 200 | 7 << 16),
    "a window beyond all windows": (1, EDGES | 36 << 16),
    "a window beyond the edges": (1, EDGES | 5 << 16),
    "a window of less than half": (1, EDGES | 3 << 16),
    "no window": (1, EDGES),
}


@pytest.mark.parametrize("what", TABLES)
def test_a_damaged_table_of_slots_is_refused(device: Device, what: str) -> None:
    """Of ranks, whose search trusts it."""
    word, value = TABLES[what]
    ensemble = _random_ensemble(np.random.default_rng(7), trees=3, depth=3, elements=1)
    values = np.arange(len(ensemble.values), dtype=np.int64)[:, np.newaxis]
    form = next(form for form in forms_of_sums(ensemble, values, 1) if form.layout.name == "ranked")
    table = form.layout.table.copy()
    table[0, word] = value
    asm = Assembler([float_input("x", 4)], [output_tensor("sum", np.dtype(np.int64), 1)])
    _add_form(asm, replace(form, layout=replace(form.layout, table=table)), out=OUTPUT, trees=3)
    status, *_ = open_image(device, asm.image())
    assert status == (OK if what == "right" else MALFORMED)


def test_the_larger_side_is_the_next_node() -> None:
    """Splits are mirrored for it; a leaf stands on the left only where both sides are leaves."""
    ensemble = _random_ensemble(np.random.default_rng(3), trees=1, depth=1, elements=1)
    left, right = np.array([1, -1, 3, -1, -1]), np.array([2, -1, 4, -1, -1])
    lopsided = replace(
        ensemble,
        roots=np.array([0]),
        left=left,
        right=right,
        leaf=np.array([-1, 0, -1, 1, 2]),
        size=sizes_of(np.array([0]), left, right),
    )
    links = links_of(lopsided, 0, np.arange(3))
    assert links.node.tolist() == [0, 2, 3]
    assert links.mirrored.tolist() == [True, False, False]
    assert links.link.tolist() == [~0, ~2, ~1]


def _program(folder: Path, tools: Toolchain, kernels: set[str]) -> Path:
    """programs/run_cases.cpp over an engine with these kernels."""
    source = RUNTIME / "src"
    parts = (*SHARED, *(f"native/{part}.cpp" for part in ("engine", "program", "scope", "kernel_table")))
    files = [PROGRAMS / "run_cases.cpp", *(source / part for part in parts)]
    files += [source / "native" / "kernels" / f"{stem}.cpp" for stem in sorted({*kernels, *HELPERS})]
    objects = compile_all(folder, tools, files)
    succeed([tools.compiler, *tools.flags, *objects, "-o", folder / "cases"])
    return folder / "cases"


def _open_with_nodes(device: Device, damage: tuple[int, bytes] | None, *, overlap: bool = False) -> int:
    random = np.random.default_rng(7)
    ensemble = _random_ensemble(random, trees=3, depth=3, elements=4)
    values = random.integers(0, 1000, size=(len(ensemble.values), 1))
    form = next(form for form in forms_of_sums(ensemble, values, 1) if form.layout.name == "keyed")
    if damage is not None:
        offset, data = damage
        nodes = form.layout.nodes
        damaged = nodes[:offset] + data + nodes[offset + len(data) :]
        form = replace(form, layout=replace(form.layout, nodes=damaged))
    asm = Assembler([float_input("x", 4)], [output_tensor("sum", np.dtype(np.int64), 1)])
    _add_form(asm, form, out=OUTPUT, trees=3, overlap=overlap)
    status, *_ = open_image(device, asm.image())
    return status


def _add_form(
    asm: Assembler, form: Any, *, out: int, trees: int, columns: int = 1, overlap: bool = False
) -> None:
    """The record of a form, written without the lowering's own plan."""
    layout = form.layout
    size = -(-8 * columns // 16) * 16
    sums = asm.buffer(size + layout.slots * layout.slot_size + 3 + 4 * form.leaves.counters)
    slots = sums + (0 if overlap else size)
    table = asm.constant(layout.table)
    edges = asm.constant(layout.edges) if layout.edges.size else 0xFFFFFFFF
    nodes = asm.constant(np.frombuffer(layout.nodes, "<i4"))
    leaves = [
        word
        if isinstance(word, int)
        else asm.constant(np.frombuffer(word.storage.data, "<i8" if word.dtype == "i64" else "<i4"))
        for word in form.leaves.words
    ]
    asm.add(
        form.kernel,
        *(sums, slots, INPUT, 4, table, len(layout.table), edges, len(layout.edges)),
        *(nodes, layout.count, trees, layout.depth, *leaves),
    )
    asm.add("copy4", out, sums, 0, 1, 2 * columns, 1)


def _random_ensemble(random: np.random.Generator, *, trees: int, depth: int, elements: int) -> Ensemble:
    """Complete trees of random splits, but for one whose root is a leaf."""
    nodes = 2 ** (depth + 1) - 1
    inner = 2**depth - 1
    one = np.arange(nodes)
    left, right = np.where(one < inner, 2 * one + 1, -1), np.where(one < inner, 2 * one + 2, -1)
    base = np.arange(trees)[:, np.newaxis] * nodes
    is_leaf = np.tile(one >= inner, trees)
    count = int(is_leaf.sum())
    left, right = (np.where(is_leaf, -1, (base + side).ravel()) for side in (left, right))
    return Ensemble(
        roots=base.ravel(),
        element=np.where(is_leaf, 0, random.integers(elements, size=trees * nodes)),
        threshold=random.normal(size=trees * nodes).astype(np.float32),
        left=left,
        right=right,
        missing_left=random.random(trees * nodes) < 0.5,
        leaf=np.where(is_leaf, np.cumsum(is_leaf) - 1, -1),
        values=np.zeros((count, 1)),
        size=sizes_of(base.ravel(), left, right),
    )


def _sum_by_hand(ensemble: Ensemble, values: NDArray[np.int64], row: NDArray[np.float32]) -> int:
    total = 0
    for root in ensemble.roots:
        node = int(root)
        while ensemble.leaf[node] < 0:
            x = row[ensemble.element[node]]
            left = ensemble.missing_left[node] if np.isnan(x) else x <= ensemble.threshold[node]
            node = int(ensemble.left[node] if left else ensemble.right[node])
        total += int(values[ensemble.leaf[node], 0])
    return total


def _outputs(device: Device, image: bytes, rows: NDArray[np.float32]) -> list[NDArray[np.uint32]]:
    """The words of each output, (rows, elements)."""
    status, handle, *memory = open_image(device, image)
    assert status == OK, device.status_text(status)
    results = [run_row(device, handle, [row]) for row in rows]
    del memory
    return [
        np.stack([np.frombuffer(part, np.uint32) for part in parts]) for parts in zip(*results, strict=True)
    ]


def _by_sklearn(estimator: Any, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    method = next(m for m in ("predict_proba", "decision_function", "predict") if hasattr(estimator, m))
    values = np.asarray(getattr(estimator, method)(rows.astype(np.float64)), dtype=np.float64)
    return values.reshape(len(rows), -1).astype(np.float32)
