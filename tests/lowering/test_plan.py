"""What the program does not do: copies, dead steps, memory that could be shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from ecu_bundle.interface import Code, Rows, Tensor
from ecu_bundle.lowering import Program, encode_program, lower
from ecu_bundle.lowering.program import Reference, Space
from lowering.graphs import ROWS, assert_same, f32, i64, model_of, node

POINTS = np.arange(18, dtype=np.float32).reshape(3, 6) / 8
GRID = {"axis": i64(1), "points": POINTS, "last": i64(2)}
WEIGHTS = {"w": np.linspace(-1, 1, 18, dtype=np.float32).reshape(6, 3), "c": f32(1, 2, 3)}


def _lowered(
    nodes: Sequence[onnx.NodeProto],
    constants: Mapping[str, NDArray[Any]],
    *outputs: Tensor,
    inputs: Sequence[Tensor] = (Tensor("X", "float32", 6),),
    rows: Rows | None = None,
) -> Program:
    """The program, after it has computed what ONNX Runtime does."""
    model = model_of(nodes, constants, outputs, inputs=inputs)
    assert_same(model, rows or Rows({"X": ROWS}))
    return lower(model)


def _kernels(program: Program) -> list[str]:
    return [operation.kernel.name for operation in program.operations]


def _y(elements: int) -> Tensor:
    return Tensor("y", "float32", elements)


def test_a_chain_works_in_one_place_and_ends_in_the_output() -> None:
    nodes = [
        node("Exp", ["X"], "a"),
        node("Neg", ["a"], "b"),
        node("Tanh", ["b"], "c"),
        node("Abs", ["c"], "y"),
    ]
    program = _lowered(nodes, {}, _y(6))
    assert _kernels(program) == ["exp_f32", "neg_f32", "tanh_f32", "abs_f32"]
    assert program.workspace == 32
    assert Reference.of(program.operations[0].words[1]) == Reference(Space.INPUT, 0)
    assert Reference.of(program.operations[-1].words[0]) == Reference(Space.OUTPUT, 0)


def test_views_cost_nothing() -> None:
    nodes = [
        node("Reshape", ["X", "s"], "r"),
        node("Transpose", ["r"], "t"),
        node("Unsqueeze", ["t", "axis"], "u"),
        node("Gather", ["u", "i"], "g", axis=2),
        node("Identity", ["g"], "h"),
        node("Add", ["h", "c"], "y"),
    ]
    constants = {
        "s": i64(2, 3),
        "axis": i64(0),
        "i": np.array(1),
        "c": f32(1, 2, 3),
    }
    program = _lowered(nodes, constants, _y(3))
    assert _kernels(program) == ["copy4", "add_f32"]  # an input is read from its first element on


def test_steps_that_nobody_reads_are_left_out() -> None:
    nodes = [node("Exp", ["X"], "unused"), node("TopK", ["unused", "k"], "v", "p"), node("Neg", ["X"], "y")]
    program = _lowered(nodes, {"k": i64(2)}, _y(6))
    assert _kernels(program) == ["neg_f32"]


def test_pieces_are_written_where_they_are_joined() -> None:
    nodes = [node("Exp", ["X"], "a"), node("Neg", ["X"], "b"), node("Concat", ["a", "b"], "c", axis=1)]
    program = _lowered([*nodes, node("Abs", ["c"], "y")], {}, _y(12))
    assert _kernels(program) == ["exp_f32", "neg_f32", "abs_f32"]
    assert [op.words[0] for op in program.operations[:2]] == [0, 24]


def test_an_output_that_is_read_again_is_copied_at_the_end() -> None:
    nodes = [node("Exp", ["X"], "y"), node("Neg", ["y"], "z")]
    program = _lowered(nodes, {}, _y(6), Tensor("z", "float32", 6))
    assert _kernels(program) == ["exp_f32", "neg_f32", "copy4"]


def test_one_tensor_for_two_outputs_and_an_input_for_a_third() -> None:
    nodes = [node("Exp", ["X"], "y"), node("Identity", ["y"], "z"), node("Identity", ["X"], "x2")]
    program = _lowered(nodes, {}, _y(6), Tensor("z", "float32", 6), Tensor("x2", "float32", 6))
    assert _kernels(program) == ["exp_f32", "copy4", "copy4", "copy4"]


def test_a_constant_output_is_copied() -> None:
    program = _lowered([node("Identity", ["c"], "y")], {"c": f32(1, 2)}, _y(2))
    assert _kernels(program) == ["copy4"]


def test_buffers_with_separate_lives_share_bytes() -> None:
    wide = {"w": np.ones((6, 64), np.float32), "v": np.ones((64, 64), np.float32)}
    nodes = [node("MatMul", ["X", "w"], "a")]
    nodes += [node("MatMul", [a, "v"], b) for a, b in ("ab", "bc", "cd", "de")]
    program = _lowered([*nodes, node("Neg", ["e"], "y")], wide, _y(64))
    assert program.workspace == 2 * 64 * 4


def test_an_operand_that_is_read_later_keeps_its_bytes() -> None:
    nodes = [node("Exp", ["X"], "a"), node("Neg", ["a"], "b"), node("Add", ["a", "b"], "y")]
    program = _lowered(nodes, {}, _y(6))
    assert program.workspace == 64


def test_a_turned_operand_is_not_overwritten() -> None:
    nodes = [
        node("Reshape", ["X", "s"], "r"),
        node("Gather", ["r", "i"], "g", axis=1),
        node("Exp", ["g"], "e"),
        node("Transpose", ["e"], "t"),
        node("Sub", ["e", "t"], "d"),
        node("Neg", ["d"], "y"),
    ]
    constants = {"s": i64(2, 3), "i": i64(0, 2)}
    program = _lowered(nodes, constants, _y(4))
    difference = next(op for op in program.operations if op.kernel.name == "sub_f32")
    assert difference.words[0] not in difference.words[1:3]


@pytest.mark.parametrize(
    ("terms", "reduction", "metric"),
    [("Mul", "ReduceSum", "squares"), ("Abs", "ReduceSum", "absolutes"), ("Abs", "ReduceMax", "largest")],
)
@pytest.mark.parametrize("order", [("u", "points"), ("points", "u")])
def test_distances_become_one_step(terms: str, reduction: str, metric: str, order: tuple[str, str]) -> None:
    nodes = [
        node("Unsqueeze", ["X", "axis"], "u"),
        node("Sub", order, "d"),
        node(terms, ["d", "d"] if terms == "Mul" else ["d"], "t"),
        node(reduction, ["t", "last"], "y", keepdims=0),
    ]
    program = _lowered(nodes, GRID, _y(3))
    assert _kernels(program) == [f"pairwise_{metric}_f32"]
    assert program.operations[0].words[3:] == (3, 6, 1)
    assert program.workspace == 0


def test_a_product_of_different_differences_is_not_a_distance() -> None:
    nodes = [
        node("Unsqueeze", ["X", "axis"], "u"),
        node("Sub", ["u", "points"], "d"),
        node("Add", ["u", "points"], "e"),
        node("Mul", ["d", "e"], "t"),
        node("ReduceSum", ["t", "last"], "y", keepdims=0),
    ]
    assert "pairwise_squares_f32" not in _kernels(_lowered(nodes, GRID, _y(3)))


def test_the_larger_of_a_product_and_0_is_written_by_the_product() -> None:
    nodes = [node("MatMul", ["X", "w"], "m"), node("Add", ["m", "c"], "a"), node("Relu", ["a"], "y")]
    program = _lowered(nodes, WEIGHTS, _y(3))
    assert _kernels(program) == ["matmul_f32"]
    assert program.operations[0].words[-1] == 1


def test_a_product_that_others_read_is_not_rectified() -> None:
    nodes = [
        node("MatMul", ["X", "w"], "m"),
        node("Relu", ["m"], "r"),
        node("Exp", ["m"], "e"),
        node("Add", ["r", "e"], "y"),
    ]
    assert _kernels(_lowered(nodes, WEIGHTS, _y(3))) == ["matmul_f32", "max_f32", "exp_f32", "add_f32"]


@pytest.mark.parametrize(("columns", "transposed"), [(1, 1), (7, 1), (8, 0), (10, 1), (15, 0), (64, 0)])
def test_weights_are_stored_for_the_fewest_instructions(columns: int, transposed: int) -> None:
    weights = {"w": np.arange(6 * columns, dtype=np.float32).reshape(6, columns)}
    program = _lowered([node("MatMul", ["X", "w"], "y")], weights, _y(columns))
    assert program.operations[0].words[-2] == transposed


def test_a_constant_row_becomes_the_bias() -> None:
    nodes = [node("MatMul", ["X", "w"], "m"), node("Add", ["m", "c"], "a"), node("Exp", ["a"], "y")]
    assert _kernels(_lowered(nodes, WEIGHTS, _y(3))) == ["matmul_f32", "exp_f32"]


def test_one_number_for_all_results_is_not_a_bias() -> None:
    nodes = [node("MatMul", ["X", "w"], "m"), node("Add", ["m", "c"], "y")]
    program = _lowered(nodes, {"w": WEIGHTS["w"], "c": f32(2)}, _y(3))
    assert _kernels(program) == ["matmul_f32", "add_f32"]


def test_a_computed_row_does_not() -> None:
    nodes = [node("MatMul", ["X", "w"], "m"), node("Exp", ["m"], "e"), node("Add", ["m", "e"], "y")]
    assert _kernels(_lowered(nodes, WEIGHTS, _y(3))) == ["matmul_f32", "exp_f32", "add_f32"]


def test_several_inputs_are_gathered_at_once() -> None:
    inputs = (
        Tensor("a", "float32", 2),
        Tensor("b", "int32", codes=(Code(0, "no"), Code(3, "yes"))),
        Tensor("d", "float32", 3),
    )
    rows = Rows(
        {"a": ROWS[:, :2].copy(), "b": np.array([[0], [3], [0], [3]], np.int32), "d": ROWS[:, 2:5].copy()}
    )
    nodes = [
        node("Cast", ["b"], "n", to=TensorProto.FLOAT),
        node("Concat", ["a", "n", "d"], "X", axis=1),
        node("MatMul", ["X", "w"], "y"),
    ]
    program = _lowered(nodes, WEIGHTS, _y(3), inputs=inputs, rows=rows)
    assert _kernels(program) == ["gather_inputs", "matmul_f32"]


def test_inputs_in_another_order_are_joined_one_by_one() -> None:
    inputs = (Tensor("a", "float32", 2), Tensor("b", "float32", 4))
    rows = Rows({"a": ROWS[:, :2].copy(), "b": ROWS[:, 2:].copy()})
    nodes = [node("Concat", ["b", "a"], "X", axis=1), node("MatMul", ["X", "w"], "y")]
    program = _lowered(nodes, WEIGHTS, _y(3), inputs=inputs, rows=rows)
    assert _kernels(program) == ["copy4", "copy4", "matmul_f32"]


def test_equal_constants_are_stored_once() -> None:
    nodes = [node("Add", ["X", "c"], "a"), node("Mul", ["a", "d"], "y")]
    same = f32(1, 2, 3, 4, 5, 6)
    assert len(_lowered(nodes, {"c": same, "d": same.copy()}, _y(6)).constants) == 24


def test_doubles_among_the_constants_are_aligned() -> None:
    nodes = [
        node("Add", ["X", "c"], "a"),
        node("Cast", ["a"], "b", to=TensorProto.DOUBLE),
        node("Mul", ["b", "d"], "e"),
        node("Cast", ["e"], "y", to=TensorProto.FLOAT),
    ]
    program = _lowered(nodes, {"c": f32(1), "d": np.array([3.0])}, _y(6))
    assert len(program.constants) == 16


def test_a_cast_there_and_back_is_no_step() -> None:
    nodes = [
        node("Cast", ["X"], "wide", to=TensorProto.DOUBLE),
        node("Reshape", ["wide", "s"], "r"),
        node("Cast", ["wide"], "back", to=TensorProto.FLOAT),
        node("Neg", ["back"], "y"),
    ]
    assert _kernels(_lowered(nodes, {"s": i64(6)}, _y(6))) == ["neg_f32"]


def test_labels_that_are_positions_are_not_looked_up() -> None:
    nodes = [node("ArgMax", ["X"], "p", axis=1, keepdims=0), node("Gather", ["labels", "p"], "y")]
    program = _lowered(nodes, {"labels": np.arange(6)}, Tensor("y", "int32"))
    assert _kernels(program) == ["arg_max_f32"]


SCALER = {"offset": [1.0, -2.0, 0.5, 3.0, -1.0, 0.25], "scale": [0.5, 2.0, 1.0, 0.125, 4.0, 1.5]}


@pytest.mark.parametrize(
    "scaling",
    [
        [node("Scaler", ["X"], "z", **SCALER)],
        [node("Mul", ["X", "f"], "m"), node("Add", ["s", "m"], "z")],
        [node("Sub", ["s", "X"], "m"), node("Div", ["m", "f"], "z")],
        [node("Div", ["X", "half"], "z")],
    ],
)
def test_scaling_becomes_part_of_the_weights(scaling: list[onnx.NodeProto]) -> None:
    constants = {**WEIGHTS, "f": f32(1, -2, 3, 0.5, 4, 8), "s": f32(6, 5, 4, 3, 2, 1), "half": f32(0.5)}
    nodes = [*scaling, node("MatMul", ["z", "w"], "m1"), node("Add", ["m1", "c"], "y")]
    assert _kernels(_lowered(nodes, constants, _y(3))) == ["matmul_f32"]


@pytest.mark.parametrize(
    "scaling",
    [
        [node("Sub", ["X", "far"], "z")],  # the sum would cancel
        [node("Div", ["f", "X"], "z")],
        [node("Sub", ["X", "X"], "z")],
        [node("Mul", ["X", "tiny"], "z")],  # the weights would lose bits
    ],
)
def test_other_scaling_stays_a_step(scaling: list[onnx.NodeProto]) -> None:
    constants = {"w": WEIGHTS["w"], "f": f32(1, -2, 3, 0.5, 4, 8), "far": f32(17), "tiny": f32(1e-35)}
    rows = Rows({"X": np.where(ROWS == 0, 1, ROWS).astype(np.float32)})
    nodes = [*scaling, node("MatMul", ["z", "w"], "y")]
    assert len(_kernels(_lowered(nodes, constants, _y(3), rows=rows))) == 2


def test_a_scaled_row_that_two_read_stays() -> None:
    nodes = [node("Scaler", ["X"], "z", **SCALER), node("MatMul", ["z", "w"], "m"), node("Exp", ["z"], "e")]
    nodes += [node("MatMul", ["e", "w"], "n"), node("Add", ["m", "n"], "y")]
    assert "sub_f32" in _kernels(_lowered(nodes, WEIGHTS, _y(3)))


def _two_classes(transform: str, row: str = "X") -> onnx.NodeProto:
    half = [0.5, -1.0, 0.25, 2.0, -0.125, 1.0]
    return node(
        "LinearClassifier",
        [row],
        "label",
        "y",
        coefficients=[-c for c in half] + half,
        intercepts=[-0.25, 0.25],
        classlabels_ints=[0, 1],
        post_transform=transform,
    )


def test_two_classes_take_one_product() -> None:
    program = _lowered([_two_classes("NONE")], {}, Tensor("label", "int32"), _y(2))
    assert program.operations[0].words[7] == 1  # n of the product


@pytest.mark.parametrize(
    "outputs", [(Tensor("label", "int32"), _y(2)), (_y(2), Tensor("label", "int32")), (_y(2),)]
)
def test_a_logistic_regression_of_two_classes_is_one_step(outputs: tuple[Tensor, ...]) -> None:
    scaled = [node("Scaler", ["X"], "z", **SCALER), _two_classes("LOGISTIC", "z")]
    assert _kernels(_lowered(scaled, {}, *outputs)) == ["linear_logistic_f32"]


def test_scores_that_others_read_stay() -> None:
    """The score beside its negative is an output too."""
    nodes = [_two_classes("NONE"), node("Sigmoid", ["y"], "p")]
    found = _kernels(_lowered(nodes, {}, Tensor("label", "int32"), _y(2), Tensor("p", "float32", 2)))
    assert "linear_logistic_f32" not in found
    assert "arg_max_f32" in found


def test_shares_are_not_normalized_again() -> None:
    nodes = [node("Softmax", ["X"], "s"), node("Normalizer", ["s"], "y", norm="L1")]
    assert _kernels(_lowered(nodes, {}, _y(6))) == ["softmax_f32"]


def test_the_same_bytes_every_time() -> None:
    nodes = [node("MatMul", ["X", "w"], "m"), node("Add", ["m", "c"], "a"), node("Softmax", ["a"], "y")]
    model = model_of(nodes, WEIGHTS, [_y(3)])
    assert encode_program(lower(model)) == encode_program(lower(model))
