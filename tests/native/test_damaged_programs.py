"""Programs are hostile: whatever the bytes are, open refuses them or what opens stays in bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runtime.build import Outcome, run
from runtime.device import Device

from .assembler import (
    CONSTANTS,
    INPUT,
    KERNELS,
    MISSING,
    OUTPUT,
    Assembler,
    float_input,
    float_output,
    image_of,
    output_tensor,
    views,
)
from .cases import Case
from .engine_build import (
    PROGRAMS,
    SANITIZE,
    Toolchain,
    link_program,
    run_program,
    write_cases,
)
from .models import MODELS
from .running import open_image
from .tree_records import TREE_ROWS

OK, MALFORMED, KERNEL_MISSING = 0, 20, 33
SANITIZED = Toolchain("gcc with sanitizers", "g++", ("-O1", *SANITIZE))


@pytest.fixture(scope="module")
def damage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return link_program(tmp_path_factory.mktemp("damage"), SANITIZED, PROGRAMS / "damage_programs.cpp")


def _counts(outcome: Outcome, key: str) -> Counter[int]:
    counts: Counter[int] = Counter()
    for line in outcome.values(key):
        status, count = line.split()
        counts[int(status)] += int(count)
    return counts


@pytest.mark.parametrize(("records", "status"), [(100, OK), (200, MALFORMED)])
def test_constants_are_named_again_a_limited_number_of_times(
    device: Device, records: int, status: int
) -> None:
    """Else a small image could keep open busy for hours: each record has its keys looked at."""
    keys = np.arange(10_000, dtype=np.int32)
    asm = Assembler([float_input("x", 1)], [output_tensor("y", np.dtype(np.int32), 1)])
    table = asm.constant(keys)
    for _ in range(records):
        asm.add("map_i32", OUTPUT, INPUT, 1, table, table, len(keys), 0)
    assert open_image(device, asm.image())[0] == status


FLIPPED = [*MODELS, *TREE_ROWS]


@pytest.mark.parametrize("name", FLIPPED)
def test_truncations_and_flips_are_refused_or_stay_in_bounds(damage: Path, tmp_path: Path, name: str) -> None:
    program = MODELS[name]() if name in MODELS else TREE_ROWS[name].program()
    image = tmp_path / "image"
    image.write_bytes(program.image())
    outcome = run([damage, image])
    assert outcome.status == 0, outcome.output
    size = len(program.payload())
    assert _counts(outcome, "truncated") == {MALFORMED: size}
    flipped = _counts(outcome, "flipped")
    assert flipped.total() == 8 * size
    assert set(flipped) == {OK, MALFORMED, KERNEL_MISSING}


def test_no_sanitizer_complains_about_right_programs(tmp_path: Path, cases: list[Case]) -> None:
    program = link_program(tmp_path, SANITIZED, PROGRAMS / "run_cases.cpp")
    outcome = run_program(SANITIZED, program, write_cases(tmp_path / "cases", cases))
    assert outcome.status == 0, outcome.output


N = 8
"""Elements of the input and the output of the programs below."""


def _program() -> Assembler:
    """Constants of 32 bytes, workspace of 32 bytes."""
    program = Assembler([float_input("x", N)], [float_output("y", N)])
    program.constant(np.arange(N, dtype=np.uint32))
    program.buffer(4 * N)
    return program


BIG = 0xFFFFFFFF
WILD: dict[str, tuple[int, tuple[str | int, list[int]]]] = {
    "right": (OK, ("neg_f32", [OUTPUT, INPUT, N])),
    "unused number": (KERNEL_MISSING, (75, [OUTPUT, INPUT, N])),
    "number 0": (KERNEL_MISSING, (0, [OUTPUT, INPUT, N])),
    "number beyond the table": (KERNEL_MISSING, (0xFFFF, [OUTPUT, INPUT, N])),
    "too few words": (MALFORMED, ("neg_f32", [OUTPUT, INPUT])),
    "no words": (MALFORMED, ("neg_f32", [])),
    "too many words": (MALFORMED, ("neg_f32", [OUTPUT, INPUT, N, 0])),
    "no elements": (MALFORMED, ("neg_f32", [OUTPUT, INPUT, 0])),
    "one element too many": (MALFORMED, ("neg_f32", [OUTPUT, INPUT, N + 1])),
    "a huge length": (MALFORMED, ("neg_f32", [OUTPUT, INPUT, BIG])),
    "a length that wraps in bytes": (MALFORMED, ("neg_f32", [OUTPUT, INPUT, (1 << 30) + 1])),
    "an unknown input": (MALFORMED, ("neg_f32", [OUTPUT, INPUT | 1, N])),
    "an unknown output": (MALFORMED, ("neg_f32", [OUTPUT | 1, INPUT, N])),
    "writes an input": (MALFORMED, ("neg_f32", [INPUT, INPUT, N])),
    "writes constants": (MALFORMED, ("neg_f32", [CONSTANTS, INPUT, N])),
    "reads an output": (MALFORMED, ("neg_f32", [0, OUTPUT, N])),
    "a missing operand": (MALFORMED, ("neg_f32", [OUTPUT, MISSING, N])),
    "a missing result": (MALFORMED, ("neg_f32", [MISSING, INPUT, N])),
    "workspace to its end": (OK, ("neg_f32", [4, INPUT, N - 1])),
    "beyond the workspace": (MALFORMED, ("neg_f32", [4, INPUT, N])),
    "beyond the constants": (MALFORMED, ("neg_f32", [0, CONSTANTS | 4, N])),
    "an offset beyond the workspace": (MALFORMED, ("neg_f32", [64, INPUT, 1])),
    "the last offset": (MALFORMED, ("neg_f32", [0x3FFFFFFC, INPUT, 1])),
    "misaligned workspace": (MALFORMED, ("neg_f32", [2, INPUT, 1])),
    "misaligned constants": (MALFORMED, ("neg_f32", [0, CONSTANTS | 1, 1])),
    "misaligned doubles": (MALFORMED, ("neg_f64", [4, 8, 1])),
    "doubles from an input": (MALFORMED, ("neg_f64", [0, INPUT, 1])),
    "doubles to an output": (MALFORMED, ("neg_f64", [OUTPUT, 0, 1])),
    "a result over its operand": (OK, ("pairwise_squares_f32", [0, 0, 0, 2, 4, 0])),
    "rank 0": (MALFORMED, ("add_f32", [OUTPUT, INPUT, INPUT, 0])),
    "rank 6": (MALFORMED, ("add_f32", [OUTPUT, INPUT, INPUT, 6, *[1] * 18])),
    "a huge rank": (MALFORMED, ("add_f32", [OUTPUT, INPUT, INPUT, BIG, 1, 1, 1])),
    "an axis of no length": (MALFORMED, ("add_f32", [OUTPUT, INPUT, INPUT, 2, 0, 1, *views([1, 1], [1, 1])])),
    "a shape that wraps": (
        MALFORMED,
        ("add_f32", [OUTPUT, INPUT, INPUT, 3, 1 << 16, 1 << 16, 1, *views([0] * 3, [0] * 3)]),
    ),
    "a stride too long": (MALFORMED, ("add_f32", [OUTPUT, INPUT, INPUT, 1, 4, 1, 3])),
    "a stride that fits": (OK, ("add_f32", [OUTPUT, INPUT, INPUT, 1, 4, 2, 0])),
    "a stride that wraps": (MALFORMED, ("add_f32", [OUTPUT, INPUT, INPUT, 1, 5, 1 << 30, 0])),
    "a start beyond the operand": (MALFORMED, ("copy4", [OUTPUT, INPUT, 5, 1, 4, 1])),
    "a start that wraps": (MALFORMED, ("copy4", [OUTPUT, INPUT, BIG, 1, 2, 1])),
    "constant positions": (OK, ("take4", [OUTPUT, INPUT, N, N, CONSTANTS])),
    "a constant position beyond": (MALFORMED, ("take4", [OUTPUT, INPUT, N - 1, N, CONSTANTS])),
    "positions that are not constant": (MALFORMED, ("take4", [OUTPUT, INPUT, N, N, 0])),
    "keys in order": (OK, ("map_i32", [OUTPUT, INPUT, N, CONSTANTS, CONSTANTS, N, 0])),
    "keys that are not constant": (MALFORMED, ("map_i32", [OUTPUT, INPUT, N, 0, CONSTANTS, N, 0])),
    "more keys than constants": (MALFORMED, ("map_i32", [OUTPUT, INPUT, N, CONSTANTS, CONSTANTS, N + 1, 0])),
    "pick that wraps": (MALFORMED, ("pick4", [OUTPUT, INPUT, CONSTANTS, 1 << 31, 1, 2])),
    "axes that wrap": (MALFORMED, ("reduce_sum_f32", [OUTPUT, INPUT, 1 << 16, 1 << 16, 1])),
    "more than there are": (MALFORMED, ("top_k_f32", [OUTPUT, 0, INPUT, 1, 4, 5, 1])),
    "neither largest nor smallest": (MALFORMED, ("top_k_f32", [OUTPUT, 0, INPUT, 1, 4, 2, 2])),
    "points in neither order": (MALFORMED, ("pairwise_squares_f32", [OUTPUT, INPUT, CONSTANTS, 4, 2, 2])),
    "matmul": (OK, ("matmul_f32", [OUTPUT, INPUT, CONSTANTS, MISSING, 1, 1, 2, 4, 0, 0, 0, 0])),
    "matmul with a huge batch": (
        MALFORMED,
        ("matmul_f32", [OUTPUT, INPUT, CONSTANTS, MISSING, BIG, 1, 1, 1, 0, 0, 0, 0]),
    ),
    "matmul with steps that wrap": (
        MALFORMED,
        ("matmul_f32", [OUTPUT, INPUT, CONSTANTS, MISSING, 2, 1, 2, 2, BIG, BIG, 0, 0]),
    ),
    "matmul with sizes that wrap": (
        MALFORMED,
        ("matmul_f32", [OUTPUT, INPUT, CONSTANTS, MISSING, 1, 1, 1 << 31, 2, 0, 0, 0, 0]),
    ),
    "matmul, transposed twice": (
        MALFORMED,
        ("matmul_f32", [OUTPUT, INPUT, CONSTANTS, MISSING, 1, 1, 2, 4, 0, 0, 2, 0]),
    ),
    "matmul, rectified twice": (
        MALFORMED,
        ("matmul_f32", [OUTPUT, INPUT, CONSTANTS, MISSING, 1, 1, 2, 4, 0, 0, 0, 2]),
    ),
    "matmul without a size": (
        MALFORMED,
        ("matmul_f32", [OUTPUT, INPUT, CONSTANTS, MISSING, 1, 1, 0, 4, 0, 0, 0, 0]),
    ),
    "a bias beyond": (
        MALFORMED,
        ("matmul_f32", [OUTPUT, INPUT, CONSTANTS, CONSTANTS | 20, 1, 1, 2, 4, 0, 0, 0, 0]),
    ),
}


@pytest.mark.parametrize("name", WILD)
def test_wild_records(device: Device, name: str) -> None:
    expected, (kernel, words) = WILD[name]
    program = _program()
    program.add(kernel, *words)
    program.add("abs_f32", OUTPUT, INPUT, N)
    assert open_image(device, program.image())[0] == expected


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([(OUTPUT, N), (OUTPUT | 1, 2)], OK),
        ([(OUTPUT, N)], MALFORMED),
        ([(OUTPUT, N), (OUTPUT | 1, 1)], MALFORMED),
        ([(OUTPUT, N - 1), (OUTPUT | 1, 2)], MALFORMED),
        ([(0, N), (OUTPUT | 1, 2)], MALFORMED),
    ],
)
def test_a_program_that_leaves_an_output_unwritten_is_refused(
    device: Device, results: list[tuple[int, int]], status: int
) -> None:
    program = Assembler([float_input("x", N)], [float_output("y", N), float_output("z", 2)])
    program.buffer(4 * N)
    for reference, count in results:
        program.add("neg_f32", reference, INPUT, count)
    assert open_image(device, program.image())[0] == status


def _with(payload: bytes, offset: int, value: int, size: int = 4) -> bytes:
    return payload[:offset] + value.to_bytes(size, "little") + payload[offset + size :]


HEADERS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "right": (OK, lambda payload: payload),
    "empty": (MALFORMED, lambda payload: payload[:0]),
    "bad magic": (MALFORMED, lambda payload: b"ECUI" + payload[4:]),
    "version 2": (MALFORMED, lambda payload: _with(payload, 4, 2, 2)),
    "version in the other byte order": (MALFORMED, lambda payload: _with(payload, 4, 0x0100, 2)),
    "no operations": (MALFORMED, lambda payload: _with(payload, 6, 0, 2)),
    "fewer operations than records": (MALFORMED, lambda payload: _with(payload, 6, 1, 2)),
    "more operations than records": (MALFORMED, lambda payload: _with(payload, 6, 3, 2)),
    "odd workspace": (MALFORMED, lambda payload: _with(payload, 8, 33)),
    "more workspace than arena": (MALFORMED, lambda payload: _with(payload, 8, 1 << 20)),
    "all the workspace": (MALFORMED, lambda payload: _with(payload, 8, 0xFFFFFFF0)),
    "operations elsewhere": (MALFORMED, lambda payload: _with(payload, 12, 48)),
    "operations of a broken word": (MALFORMED, lambda payload: _with(payload, 16, 31)),
    "operations without end": (MALFORMED, lambda payload: _with(payload, 16, 0xFFFFFFFC)),
    "constants over operations": (MALFORMED, lambda payload: _with(payload, 20, 48)),
    "constants that wrap": (MALFORMED, lambda payload: _with(payload, 24, 0xFFFFFFFC)),
    "bytes after the constants": (MALFORMED, lambda payload: payload + bytes(4)),
    "flags that are not known": (MALFORMED, lambda payload: _with(payload, 28, 2)),
    "a record of no words": (MALFORMED, lambda payload: _with(payload, 32, KERNELS["neg_f32"])),
    "a record beyond the operations": (
        MALFORMED,
        lambda payload: _with(payload, 32, KERNELS["neg_f32"] | (0xFFFF << 16)),
    ),
}


@pytest.mark.parametrize("name", HEADERS)
def test_damaged_headers(device: Device, name: str) -> None:
    expected, damage = HEADERS[name]
    program = _program()
    program.add("neg_f32", OUTPUT, INPUT, N)
    program.add("abs_f32", 0, INPUT, N)
    payload = program.payload()
    assert len(payload) == 32 + 2 * 16 + 32
    image = image_of(damage(payload), program.interface, program.workspace)
    assert open_image(device, image)[0] == expected


def test_a_gap_that_is_not_zero(device: Device) -> None:
    program = _program()
    program.add("gather_inputs", OUTPUT)
    for gap, expected in ((0, OK), (1, MALFORMED)):
        payload = _with(program.payload(), 32 + 2 * 4, gap)
        assert open_image(device, image_of(payload, program.interface, program.workspace))[0] == expected


def test_an_arena_that_the_image_states_too_small(device: Device) -> None:
    program = _program()
    program.add("neg_f32", OUTPUT, INPUT, N)
    program.buffer(4096)
    image = image_of(program.payload(), program.interface, 0)
    assert open_image(device, image)[0] == MALFORMED
