"""Every operator with a rule, in small graphs, against ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from ecu_bundle.interface import Rows, Tensor
from ecu_bundle.lowering.rules import RULES, trees
from lowering.graphs import ROWS, assert_same, f32, i64, model_of, node


@dataclass(frozen=True)
class Case:
    """A graph over X (1, 6) whose output is y.

    Attributes:
        nodes: the last one writes y.
        elements: of y.
        constants: by name.
        dtype: of y.
        rows: what goes in.
        opset: version of the operator set.
        ml: version of ``ai.onnx.ml``.
    """

    nodes: list[onnx.NodeProto]
    elements: int
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)
    dtype: Any = "float32"
    rows: NDArray[np.float32] = field(default_factory=lambda: ROWS)
    opset: int = 21
    ml: int = 3


def _one(operator: str, **constants: NDArray[Any]) -> Case:
    """An operator over X and constants, with six results."""
    return Case([node(operator, ["X", *constants], "y")], 6, constants)


def _truth(operator: str, **constants: NDArray[Any]) -> Case:
    nodes = [node(operator, ["X", *constants], "t"), _cast("t", "y", TensorProto.INT64)]
    return Case(nodes, 6, constants, "int32")


def _cast(source: str, target: str, kind: int) -> onnx.NodeProto:
    return node("Cast", [source], target, to=kind)


def _positive(operator: str) -> Case:
    return Case([node("Abs", ["X"], "a"), node(operator, ["a"], "y")], 6)


NAN_ROWS = np.where(ROWS == 0, np.nan, ROWS).astype(np.float32)
SHIFT = f32(1, -2, 0.5, 3, -1, 0.25)
WEIGHTS = np.arange(-9, 9, dtype=np.float32).reshape(6, 3) / 4
TABLE = np.arange(12, dtype=np.float32).reshape(2, 6)
LINEAR = {"coefficients": (WEIGHTS.T.ravel() / 8).tolist(), "intercepts": [0.5, -0.25, 0.125]}

CASES: dict[str, Case] = {
    **{name: _one(name, c=SHIFT) for name in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean")},
    **{name: _one(name) for name in ("Abs", "Neg", "Exp", "Tanh", "Sigmoid", "Relu", "Floor", "Ceil")},
    **{
        name: _one(name)
        for name in ("Round", "Sign", "Sin", "Cos", "Erf", "Identity", "LeakyRelu", "Softmax")
    },
    **{name: _positive(name) for name in ("Log", "Sqrt", "Reciprocal")},
    **{name: _truth(name, c=SHIFT) for name in ("Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal")},
    "IsNaN": Case(_truth("IsNaN").nodes, 6, {}, "int32", NAN_ROWS),
    "IsInf": Case(_truth("IsInf").nodes, 6, {}, "int32", np.where(ROWS > 3, np.inf, ROWS)),
    "Sum of three": Case([node("Sum", ["X", "X", "c"], "y")], 6, {"c": SHIFT}),
    "Pow": Case([node("Abs", ["X"], "a"), node("Pow", ["a", "e"], "y")], 6, {"e": f32(1.5)}),
    "Pow 2": _one("Pow", e=f32(2)),
    "Pow of whole numbers": _one("Pow", e=i64(2)),
    "Clip": _one("Clip", low=f32(-1).reshape(()), high=f32(2).reshape(())),
    "Clip before 11": Case([node("Clip", ["X"], "y", min=-1.0, max=2.0)], 6, opset=10),
    "Where": Case([node("Less", ["X", "c"], "t"), node("Where", ["t", "X", "c"], "y")], 6, {"c": SHIFT}),
    **{
        name: Case(
            [
                node("Less", ["X", "c"], "a"),
                node("Less", ["c", "d"], "b"),
                node(name, ["a", "b"], "t"),
                _cast("t", "y", TensorProto.FLOAT),
            ],
            6,
            {"c": SHIFT, "d": f32(0)},
        )
        for name in ("And", "Or", "Xor")
    },
    "Not": Case(
        [node("Less", ["X", "c"], "a"), node("Not", ["a"], "t"), _cast("t", "y", TensorProto.FLOAT)],
        6,
        {"c": SHIFT},
    ),
    "Cast to whole numbers": Case([_cast("X", "y", TensorProto.INT64)], 6, dtype="int32"),
    "Cast to truth": Case(
        [_cast("X", "t", TensorProto.BOOL), _cast("t", "y", TensorProto.INT64)], 6, dtype="int32"
    ),
    "Cast to double and back": Case(
        [_cast("X", "d", TensorProto.DOUBLE), node("Exp", ["d"], "e"), _cast("e", "y", TensorProto.FLOAT)], 6
    ),
    "whole numbers": Case(
        [
            _cast("X", "i", TensorProto.INT64),
            node("Mul", ["i", "three"], "m"),
            node("Sub", ["m", "one"], "s"),
            node("Neg", ["s"], "n"),
            node("Max", ["n", "one"], "x"),
            node("Div", ["s", "three"], "d"),
            node("Add", ["d", "x"], "y"),
        ],
        6,
        {"three": i64(3), "one": i64(1)},
        "int32",
    ),
    "sum of whole numbers": Case(
        [
            _cast("X", "i", TensorProto.INT64),
            node("ReduceSum", ["i", "axes"], "s"),
            node("LessOrEqual", ["s", "i"], "t"),
            _cast("t", "y", TensorProto.INT64),
        ],
        6,
        {"axes": i64(1)},
        "int32",
    ),
    "Concat": Case([node("Concat", ["X", "c", "X"], "y", axis=1)], 18, {"c": SHIFT.reshape(1, 6)}),
    "Concat of columns": Case(
        [
            node("Reshape", ["X", "s"], "r"),
            node("Neg", ["r"], "n"),
            node("Concat", ["r", "n"], "y", axis=1),
        ],
        12,
        {"s": i64(3, 2)},
    ),
    "Transpose": Case(
        [node("Reshape", ["X", "s"], "r"), node("Transpose", ["r"], "t"), node("Exp", ["t"], "y")],
        6,
        {"s": i64(2, -1)},
    ),
    "Transpose of three axes": Case(
        [
            node("Reshape", ["X", "s"], "r"),
            node("Transpose", ["r"], "t", perm=[2, 0, 1]),
            node("Add", ["t", "c"], "y"),
        ],
        6,
        {"s": i64(0, 2, 3), "c": f32(1, 2)},
    ),
    "Flatten": Case([node("Reshape", ["X", "s"], "r"), node("Flatten", ["r"], "y")], 6, {"s": i64(1, 2, 3)}),
    "Squeeze": Case([node("Squeeze", ["X", "a"], "s"), node("Neg", ["s"], "y")], 6, {"a": i64(0)}),
    "Unsqueeze": Case(
        [node("Unsqueeze", ["X", "a"], "u"), node("Add", ["u", "c"], "y")],
        12,
        {"a": i64(-1), "c": f32(0.5, -0.5)},
    ),
    "Expand": Case([node("Expand", ["X", "s"], "y")], 12, {"s": i64(2, 6)}),
    "Tile": Case([node("Tile", ["X", "r"], "y")], 18, {"r": i64(1, 3)}),
    "Tile of two axes": Case(
        [node("Reshape", ["X", "s"], "r"), node("Tile", ["r", "n"], "y")],
        24,
        {"s": i64(2, 3), "n": i64(2, 2)},
    ),
    "Pad": Case([node("Pad", ["X", "p", "v"], "y")], 9, {"p": i64(0, 1, 0, 2), "v": f32(7).reshape(())}),
    "Shape": Case(
        [node("Shape", ["X"], "s"), _cast("s", "f", TensorProto.FLOAT), node("Mul", ["f", "X2"], "y")],
        2,
        {"X2": f32(2)},
    ),
    "Slice": Case(
        [node("Slice", ["X", "b", "e", "a", "s"], "y")],
        2,
        {"b": i64(1), "e": i64(2**63 - 1), "a": i64(1), "s": i64(3)},
    ),
    "Slice backwards": Case(
        [node("Slice", ["X", "b", "e", "a", "s"], "y")],
        6,
        {"b": i64(-1), "e": i64(-(2**63)), "a": i64(1), "s": i64(-1)},
    ),
    "Split": Case(
        [node("Split", ["X", "n"], "p", "q", axis=1), node("Concat", ["q", "p"], "y", axis=1)],
        6,
        {"n": i64(2, 4)},
    ),
    "Gather": Case([node("Gather", ["X", "i"], "y", axis=1)], 3, {"i": i64(4, -6, 2)}),
    "Gather one": Case([node("Gather", ["X", "i"], "g", axis=1), node("Neg", ["g"], "y")], 1, {"i": i64(2)}),
    "Gather by a computed place": Case(
        [node("ArgMax", ["X"], "p", axis=1), node("Gather", ["table", "p"], "y", axis=1)], 2, {"table": TABLE}
    ),
    "Gather labels": Case(
        [node("ArgMin", ["X"], "p", axis=1, keepdims=0), node("Gather", ["labels", "p"], "y")],
        1,
        {"labels": i64(5, 3, -1, 8, 0, 2)},
        "int32",
    ),
    "ArrayFeatureExtractor": Case([node("ArrayFeatureExtractor", ["X", "i"], "y")], 2, {"i": i64(5, 1)}),
    "ArrayFeatureExtractor by a computed place": Case(
        [node("ArgMax", ["X"], "p", axis=1), node("ArrayFeatureExtractor", ["X", "p"], "y")], 1
    ),
    "GatherElements": Case(
        [node("TopK", ["X", "k"], "v", "p", axis=1), node("GatherElements", ["table", "p"], "y", axis=1)],
        3,
        {"k": i64(3), "table": TABLE[:1]},
    ),
    "GatherElements of rows": Case(
        [
            node("Reshape", ["X", "s"], "r"),
            node("TopK", ["r", "k"], "v", "p", axis=1, largest=0),
            node("GatherElements", ["table", "p"], "y", axis=1),
        ],
        4,
        {"s": i64(2, 3), "k": i64(2), "table": TABLE[:, :3].copy()},
    ),
    "TopK": Case([node("TopK", ["X", "k"], "y", "p", axis=1, largest=0)], 4, {"k": i64(4)}),
    "TopK places": Case([node("TopK", ["X", "k"], "v", "y", axis=1)], 4, {"k": i64(4)}, "int32"),
    "ArgMax": Case([node("ArgMax", ["X"], "y", axis=1)], 1, dtype="int32"),
    "ArgMin": Case([node("ArgMin", ["X"], "y", axis=-1)], 1, dtype="int32"),
    **{
        name: Case(
            [node("Reshape", ["X", "s"], "r"), node(name, ["r", "a"], "y", keepdims=0)],
            2,
            {
                "s": i64(1, 2, 3),
                "a": i64(2),
            },
        )
        for name in (
            "ReduceSum",
            "ReduceMax",
            "ReduceMin",
            "ReduceMean",
            "ReduceProd",
            "ReduceSumSquare",
            "ReduceL1",
            "ReduceL2",
            "ReduceLogSumExp",
        )
    },
    "ReduceLogSum": Case([node("Abs", ["X"], "p"), node("ReduceLogSum", ["p"], "y")], 1),
    "ReduceLogSumExp without a finite maximum": Case(
        [node("Div", ["c", "z"], "i"), node("Sub", ["X", "i"], "d"), node("ReduceLogSumExp", ["d"], "y")],
        1,
        {"c": f32(1), "z": f32(0)},
    ),
    "ReduceSum of the first axis": Case(
        [node("Reshape", ["X", "s"], "r"), node("ReduceSum", ["r", "a"], "y")],
        3,
        {"s": i64(2, 3), "a": i64(0)},
    ),
    "ReduceSum of two axes apart": Case(
        [node("Tile", ["X", "n"], "t"), node("Reshape", ["t", "s"], "r"), node("ReduceSum", ["r", "a"], "y")],
        3,
        {"n": i64(1, 2), "s": i64(2, 3, 2), "a": i64(0, 2)},
    ),
    "ReduceMean before 18": Case([node("ReduceMean", ["X"], "y", axes=[1])], 1, opset=13),
    "Softmax before 13": Case([node("Softmax", ["X"], "y")], 6, opset=11),
    "Softmax of another axis": Case(
        [node("Reshape", ["X", "s"], "r"), node("Softmax", ["r"], "y", axis=0)], 6, {"s": i64(3, 2)}
    ),
    "LpNormalization": Case([node("LpNormalization", ["X"], "y", p=1, axis=1)], 6),
    "CumSum": Case([node("CumSum", ["X", "a"], "y")], 6, {"a": i64(1).reshape(())}),
    "MatMul": Case([node("MatMul", ["X", "w"], "y")], 3, {"w": WEIGHTS}),
    "MatMul of batches": Case(
        [node("Reshape", ["X", "s"], "r"), node("MatMul", ["r", "w"], "y")],
        6,
        {"s": i64(2, 1, 3), "w": WEIGHTS.reshape(2, 3, 3).copy()},
    ),
    "MatMul of computed operands": Case(
        [
            node("Reshape", ["X", "s"], "r"),
            node("Transpose", ["r"], "t"),
            node("MatMul", ["r", "t"], "y"),
        ],
        4,
        {"s": i64(2, 3)},
    ),
    "MatMul of a vector": Case(
        [node("Squeeze", ["X", "a"], "v"), node("MatMul", ["v", "w"], "y")], 3, {"a": i64(0), "w": WEIGHTS}
    ),
    "MatMul and a row": Case(
        [node("MatMul", ["X", "w"], "m"), node("Add", ["c", "m"], "y")], 3, {"w": WEIGHTS, "c": f32(1, 2, 3)}
    ),
    "MatMul that two read": Case(
        [
            node("MatMul", ["X", "w"], "m"),
            node("Add", ["m", "c"], "a"),
            node("Mul", ["a", "m"], "y"),
        ],
        3,
        {"w": WEIGHTS, "c": f32(1, 2, 3)},
    ),
    "Gemm": Case(
        [node("Gemm", ["X", "w", "c"], "y", alpha=0.5, beta=2.0, transB=1)],
        3,
        {"w": WEIGHTS.T.copy(), "c": f32(1, 2, 3)},
    ),
    "LinearRegressor": Case([node("LinearRegressor", ["X"], "y", targets=3, **LINEAR)], 3),
    **{
        f"LinearClassifier {name}": Case(
            [
                node(
                    "LinearClassifier",
                    ["X"],
                    "l",
                    "y",
                    classlabels_ints=[4, 2, 9],
                    post_transform=name,
                    **LINEAR,
                )
            ],
            3,
        )
        for name in ("NONE", "SOFTMAX", "LOGISTIC")
    },
    "LinearClassifier label": Case(
        [node("LinearClassifier", ["X"], "y", "p", classlabels_ints=[4, 2, 9], **LINEAR)], 1, dtype="int32"
    ),
    "Scaler": Case([node("Scaler", ["X"], "y", offset=SHIFT.tolist(), scale=[0.5] * 6)], 6),
    "Scaler of one number": Case([node("Scaler", ["X"], "y", offset=[1.0], scale=[3.0])], 6),
    **{f"Normalizer {n}": Case([node("Normalizer", ["X"], "y", norm=n)], 6) for n in ("L1", "L2", "MAX")},
    "Binarizer": Case([node("Binarizer", ["X"], "y", threshold=0.25)], 6),
    "Imputer": Case(
        [node("Imputer", ["X"], "y", imputed_value_floats=SHIFT.tolist(), replaced_value_float=float("nan"))],
        6,
        rows=NAN_ROWS,
    ),
    "Imputer of a number": Case(
        [node("Imputer", ["X"], "y", imputed_value_floats=[2.5], replaced_value_float=1.0)], 6
    ),
    "OneHotEncoder": Case([node("OneHotEncoder", ["X"], "y", cats_int64s=[-4, 0, 2, 4])], 24),
    "LabelEncoder": Case(
        [
            node(
                "LabelEncoder",
                ["X"],
                "y",
                keys_floats=[-4.5, 0.0, 2.0],
                values_int64s=[7, 8, 9],
                default_int64=-3,
            )
        ],
        6,
        dtype="int32",
    ),
    **{
        f"LabelEncoder of a missing value, version {ml}": Case(
            [node("LabelEncoder", ["X"], "y", keys_floats=[float("nan"), 2.0], values_floats=[7.0, 9.0])],
            6,
            rows=NAN_ROWS,
            ml=ml,
        )
        for ml in (3, 4)
    },
    "LabelEncoder of whole numbers": Case(
        [
            _cast("X", "i", TensorProto.INT64),
            node(
                "LabelEncoder",
                ["i"],
                "y",
                keys_int64s=[4, -4, 1],
                values_floats=[0.5, 1.5, 2.5],
                default_float=-1.0,
            ),
        ],
        6,
    ),
}


def _support_vectors() -> dict[str, Any]:
    vectors = np.array([[1, 0, 0, 0, 1, 0], [0, 1, 1, 0, 0, 0], [0, 0, 0, 2, 0, 1], [0.5, 0, 1, 0, 0, -1]])
    return {"support_vectors": vectors.ravel().tolist(), "rho": [0.25]}


def _svm(kernel: str, **more: Any) -> Case:
    attributes = {"kernel_type": kernel, "kernel_params": [0.0625, 0.5, 3.0], "n_supports": 4} | more
    coefficients = [0.5, -1.5, 1.0, 0.75]
    return Case(
        [node("SVMRegressor", ["X"], "y", coefficients=coefficients, **_support_vectors(), **attributes)], 1
    )


def _votes(counts: list[int], output: str) -> Case:
    classes = len(counts)
    pairs = classes * (classes - 1) // 2
    coefficients = np.linspace(-1, 1, (classes - 1) * 4).round(2)
    attributes = _support_vectors() | {"rho": [0.1, -0.2, 0.05][:pairs]}
    outputs = [("y" if name == output else name) for name in ("label", "scores")]
    wide = max(pairs, 2)
    return Case(
        [
            node(
                "SVMClassifier",
                ["X"],
                *outputs,
                classlabels_ints=[3, 1, 2][:classes],
                vectors_per_class=counts,
                coefficients=coefficients.tolist(),
                kernel_type="RBF",
                kernel_params=[0.03125, 0.0, 3.0],
                **attributes,
            )
        ],
        1 if output == "label" else wide,
        dtype="int32" if output == "label" else "float32",
    )


CASES |= {f"SVMRegressor {kernel}": _svm(kernel) for kernel in ("RBF", "LINEAR", "POLY", "SIGMOID")}
CASES["SVMRegressor POLY 2"] = _svm("POLY", kernel_params=[0.0625, 0.5, 2.0])
CASES["SVMRegressor of one class"] = _svm("RBF", one_class=1)
for _counts in ([2, 2], [1, 2, 1]):
    for _output in ("label", "scores"):
        CASES[f"SVMClassifier of {len(_counts)} classes, {_output}"] = _votes(_counts, _output)


def _scan() -> Case:
    """Squared distances to the rows of a table, as skl2onnx writes them."""
    none: list[Any] = []
    body = helper.make_graph(
        [
            node("Identity", ["row"], "same"),
            node("Sub", ["row", "point"], "d"),
            node("ReduceSumSquare", ["d", "axes"], "found", keepdims=0),
        ],
        "body",
        [
            helper.make_tensor_value_info("row", TensorProto.FLOAT, none),
            helper.make_tensor_value_info("point", TensorProto.FLOAT, none),
        ],
        [
            helper.make_tensor_value_info("same", TensorProto.FLOAT, none),
            helper.make_tensor_value_info("found", TensorProto.FLOAT, none),
        ],
        [helper.make_tensor("axes", TensorProto.INT64, [1], [1])],
    )
    for value in (*body.input, *body.output):
        value.type.tensor_type.ClearField("shape")
    scan = helper.make_node("Scan", ["X", "table"], ["state", "y"], name="scan", body=body, num_scan_inputs=1)
    return Case([scan], 2, {"table": TABLE})


CASES["Scan"] = _scan()


@pytest.mark.parametrize("name", CASES)
def test_an_operator_computes_what_onnxruntime_does(name: str) -> None:
    case = CASES[name]
    model = model_of(
        case.nodes, case.constants, [Tensor("y", case.dtype, case.elements)], opset=case.opset, ml=case.ml
    )
    assert_same(model, Rows({"X": case.rows.astype(np.float32)}))


def test_every_rule_has_a_case() -> None:
    used = {proto.op_type for case in CASES.values() for proto in case.nodes}
    assert set(RULES) - set(trees.RULES) <= used
