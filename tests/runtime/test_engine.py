"""The in-process engine: the same bits as ONNX Runtime's own Python package, and every refusal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ecu_bundle import engine as engine_module
from ecu_bundle.artifacts import ModelImage, OnnxModel
from ecu_bundle.engine import Engine
from ecu_bundle.errors import BundleError, ExitCode, ToolMissingError, UnsupportedModelError, UsageError
from ecu_bundle.image import compile_image, interface_hash
from ecu_bundle.interface import Interface, Rows, Tensor
from ecu_bundle.parity.session import run_rows

from .models import (
    ROW,
    ROW_SCORE,
    mixed_graph,
    mixed_image,
    mixed_interface,
    mixed_model,
    mixed_rows,
    onnx_model,
    patch,
)


def _sklearn_cases() -> list[tuple[object, Callable[..., tuple[NDArray[np.float64], NDArray[np.float64]]]]]:
    return [
        (RandomForestClassifier(20, random_state=0), load_iris),
        (make_pipeline(StandardScaler(), LogisticRegression()), load_iris),
        (MLPClassifier((8,), max_iter=500, tol=0.1, random_state=0), load_digits),
        (GradientBoostingRegressor(n_estimators=20, random_state=0), load_diabetes),
    ]


@pytest.mark.parametrize(("estimator", "data"), _sklearn_cases(), ids=["forest", "linear", "mlp", "boosting"])
def test_bits_equal_onnxruntime_in_python(
    estimator: object, data: Callable[..., tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> None:
    from skl2onnx import to_onnx

    raw, y = data(return_X_y=True)
    X = raw.astype(np.float32)
    estimator.fit(X, y)  # type: ignore[attr-defined]
    classifier = hasattr(estimator, "classes_")
    options = {"zipmap": False} if classifier else None
    proto = to_onnx(estimator, X[:1], options=options, target_opset={"": 21, "ai.onnx.ml": 3})
    columns = {"label": 1, "probabilities": len(np.unique(y)), "variable": 1}
    outputs = tuple(
        Tensor(out.name, "int32" if out.name == "label" else "float32", elements=columns[out.name])
        for out in proto.graph.output
    )
    kind = "classifier" if classifier else "regressor"
    interface = Interface(kind, (Tensor("X", "float32", elements=X.shape[1]),), outputs)  # type: ignore[arg-type]
    model, rows = OnnxModel("model", proto, interface), Rows({"X": X})
    expected = run_rows(proto, interface, rows)
    with Engine.open(model, engine="ort") as engine:
        results = engine.run_rows(rows)
    assert list(results) == [tensor.name for tensor in outputs]
    for name, result in results.items():
        assert result.dtype == expected[name].dtype
        assert result.shape == expected[name].shape
        assert result.tobytes() == expected[name].tobytes()


def _gelu() -> OnnxModel:
    """x (1 + erf(x / sqrt 2)) / 2, which graph optimisation replaces by one node with other rounding."""
    nodes = [
        helper.make_node("Div", ["x", "root"], ["scaled"]),
        helper.make_node("Erf", ["scaled"], ["erf"]),
        helper.make_node("Add", ["erf", "one"], ["sum"]),
        helper.make_node("Mul", ["x", "sum"], ["product"]),
        helper.make_node("Mul", ["product", "half"], ["y"]),
    ]
    constants = {"root": 2**0.5, "one": 1.0, "half": 0.5}
    graph = helper.make_graph(
        nodes,
        "gelu",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 1])],
        [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in constants.items()],
    )
    return onnx_model(graph, Interface("other", (Tensor("x", "float32"),), (Tensor("y", "float32"),)))


def test_the_graph_runs_as_it_is_written() -> None:
    """Without graph optimisation, which may change bits from version to version."""
    model = _gelu()
    rows = Rows({"x": np.linspace(-3, 3, 400, dtype=np.float32).reshape(-1, 1)})
    optimised = onnxruntime.InferenceSession(model.data, providers=["CPUExecutionProvider"])
    expected = run_rows(model.proto, model.interface, rows)["y"]
    assert (optimised.run(None, {"x": rows.tensors["x"]})[0] != expected).any(), "the model shows nothing"
    with Engine.open(model, engine="ort") as engine:
        assert engine.run_rows(rows)["y"].tobytes() == expected.tobytes()


def test_run_takes_rows_and_returns_outputs_in_order() -> None:
    with Engine.open(mixed_model(), engine="ort") as engine:
        results = engine.run({"x": np.repeat(ROW[0], 5, axis=0), "origin": ["Europe"] * 5})
    assert list(results) == ["label", "score"]
    assert results["label"].dtype == np.int32
    assert results["label"].tolist() == [1] * 5
    assert results["score"].tolist() == ROW_SCORE.tolist() * 5


def test_image_and_model_give_the_same() -> None:
    rows = mixed_rows(ROW[0], [2])
    with Engine.open(mixed_image()) as from_image, Engine.open(mixed_model(), engine="ort") as from_model:
        assert from_image.run_rows(rows)["score"].tolist() == ROW_SCORE.tolist()
        assert from_model.run_rows(rows)["score"].tolist() == ROW_SCORE.tolist()


def test_no_rows() -> None:
    with Engine.open(mixed_model(), engine="ort") as engine:
        results = engine.run_rows(mixed_rows(np.empty((0, 3), np.float32), []))
    assert {name: array.shape for name, array in results.items()} == {"label": (0, 1), "score": (0, 2)}


def test_info() -> None:
    with Engine.open(compile_image(mixed_model(), engine="ort", version="2.0")) as engine:
        info = engine.info()
    assert (info["name"], info["version"], info["engine"]) == ("mixed", "2.0", "ort")
    assert info["interface_hash"] == interface_hash(mixed_interface())
    assert [tensor["name"] for tensor in info["inputs"]] == ["x", "origin"]
    assert info["inputs"][0] == {"name": "x", "unit": "km/h", "dtype": "float32", "elements": 3}


def test_infinities_pass_and_nan_only_where_there_is_a_rule() -> None:
    for special, accepts in ((np.inf, False), (np.nan, True)):
        x = np.array([[1, 2, 3], [special, 2, 3]], dtype=np.float32)
        with Engine.open(mixed_model(accepts_nan=accepts), engine="ort") as engine:
            results = engine.run_rows(mixed_rows(x, [2, 2]))
        expected = run_rows(mixed_model().proto, mixed_interface(), mixed_rows(x, [2, 2]))
        assert results["score"].tobytes() == expected["score"].tobytes()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (mixed_rows(np.array([[1, 2, 3], [1, np.nan, 3]], np.float32), [2, 2]), ("ECU_NAN_REFUSED", "row 1")),
        (mixed_rows(np.zeros((3, 3), np.float32), [2, 7, 3]), ("ECU_BAD_CATEGORY", "row 2")),
        (mixed_rows(np.zeros((3, 2), np.float32), [2, 7, 2]), ("input x",)),
        (mixed_rows(np.zeros((3, 3), np.float32), [2, 7]), ("input origin",)),
        (mixed_rows(np.asfortranarray(np.zeros((3, 3), np.float32)), [2, 7, 2]), ("input x",)),
        (mixed_rows(np.zeros((3, 3)), [2, 7, 2]), ("input x",)),  # type: ignore[arg-type]
        (Rows({"x": np.zeros((1, 3), np.float32)}), ("lack", "origin")),
    ],
    ids=["nan", "category", "columns", "rows", "order", "dtype", "missing"],
)
def test_bad_rows_are_usage_errors(rows: Rows, words: tuple[str, ...]) -> None:
    with Engine.open(mixed_model(), engine="ort") as engine, pytest.raises(UsageError) as caught:
        engine.run_rows(rows)
    assert all(word in str(caught.value) for word in words)


def test_a_misaligned_array_is_a_usage_error() -> None:
    """As numpy makes it of a file's bytes."""
    x = np.frombuffer(bytes(13), np.uint8)[1:].view(np.float32).reshape(1, 3)
    with (
        Engine.open(mixed_model(), engine="ort") as engine,
        pytest.raises(UsageError, match=r"ECU_BUFFER_MISALIGNED.*\n.*\n.*copy"),
    ):
        engine.run_rows(mixed_rows(x, [2]))


def test_a_failed_row_does_not_stick() -> None:
    with Engine.open(mixed_model(), engine="ort") as engine:
        with pytest.raises(UsageError):
            engine.run_rows(mixed_rows(ROW[0], [3]))
        assert engine.run_rows(mixed_rows(ROW[0], [2]))["score"].tolist() == ROW_SCORE.tolist()


def test_closed() -> None:
    engine = Engine.open(mixed_model(), engine="ort")
    engine.close()
    engine.close()
    with pytest.raises(UsageError, match="ECU_NOT_OPEN"):
        engine.run_rows(mixed_rows(ROW[0], [2]))
    with pytest.raises(UsageError, match="ECU_NOT_OPEN"):
        engine.info()


def _with(
    *,
    inputs: tuple[Tensor, ...] | None = None,
    outputs: tuple[Tensor, ...] | None = None,
    graph: onnx.GraphProto | None = None,
) -> OnnxModel:
    """The mixed model with another interface, or another graph under the same one."""
    interface = mixed_interface()
    changed = replace(interface, inputs=inputs or interface.inputs, outputs=outputs or interface.outputs)
    return onnx_model(graph or mixed_graph(), changed)


def _graph(*nodes: onnx.NodeProto, label_shape: list[str | int] | None = None) -> onnx.GraphProto:
    """The mixed graph with other nodes after the score, which make the label."""
    graph = mixed_graph()
    del graph.node[3]
    graph.node.extend(nodes)
    shape = ["rows"] if label_shape is None else label_shape
    graph.output[0].CopyFrom(helper.make_tensor_value_info("label", TensorProto.INT64, shape))
    return graph


def _sequence() -> onnx.GraphProto:
    graph = _graph(helper.make_node("SequenceConstruct", ["score"], ["label"]))
    tensor = helper.make_tensor_type_proto(TensorProto.FLOAT, None)
    graph.output[0].CopyFrom(helper.make_value_info("label", helper.make_sequence_type_proto(tensor)))
    return graph


def _cube() -> onnx.GraphProto:
    shape = helper.make_tensor("shape", TensorProto.INT64, [3], [-1, 1, 1])
    graph = _graph(
        helper.make_node("ArgMax", ["score"], ["flat"], axis=1, keepdims=0),
        helper.make_node("Reshape", ["flat", "shape"], ["label"]),
        label_shape=["rows", 1, 1],
    )
    graph.initializer.append(shape)
    return graph


def _fails_while_running() -> onnx.GraphProto:
    """Reads beyond the two scores."""
    graph = _graph(
        helper.make_node("Gather", ["score", "beyond"], ["far"], axis=1),
        helper.make_node("Cast", ["far"], ["label"], to=TensorProto.INT64),
    )
    graph.initializer.append(helper.make_tensor("beyond", TensorProto.INT64, [], [5]))
    return graph


X_TENSOR, ORIGIN_TENSOR = mixed_interface().inputs
LABEL, SCORE = mixed_interface().outputs


@pytest.mark.parametrize(
    ("model", "words"),
    [
        pytest.param(_with(inputs=(X_TENSOR,)), ("number of inputs",), id="input count"),
        pytest.param(_with(outputs=(LABEL,)), ("number of inputs or outputs",), id="output count"),
        pytest.param(_with(inputs=(ORIGIN_TENSOR, X_TENSOR)), ("another name", "origin"), id="input order"),
        pytest.param(_with(outputs=(LABEL, replace(SCORE, name="s"))), ("another name",), id="output name"),
        pytest.param(
            _with(inputs=(X_TENSOR, Tensor("origin", "float32"))), ("element type", "origin"), id="input type"
        ),
        pytest.param(_with(outputs=(Tensor("label", "float32"), SCORE)), ("element type",), id="output type"),
        pytest.param(
            _with(inputs=(replace(X_TENSOR, elements=4), ORIGIN_TENSOR)), ("shape", "x"), id="input shape"
        ),
        pytest.param(_with(outputs=(LABEL, replace(SCORE, elements=3))), ("shape",), id="output shape"),
        pytest.param(_with(outputs=(replace(LABEL, elements=2), SCORE)), ("shape",), id="rank 1"),
        pytest.param(_with(graph=_cube()), ("shape", "label"), id="rank 3"),
        pytest.param(_with(graph=_sequence()), ("not a tensor", "label"), id="sequence"),
    ],
)
def test_a_graph_that_differs_from_the_interface(model: OnnxModel, words: tuple[str, ...]) -> None:
    with pytest.raises(UnsupportedModelError, match="ECU_ORT_BAD_INTERFACE") as caught:
        Engine.open(model, engine="ort")
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_graph_that_fails_while_running() -> None:
    with pytest.raises(UnsupportedModelError, match=r"ECU_ORT_RUN_FAILED.*(?s:.*)Gather"):
        Engine.open(_with(graph=_fails_while_running()), engine="ort")


def test_a_label_beyond_int32() -> None:
    big = helper.make_tensor("big", TensorProto.INT64, [], [2**31 - 1])
    nodes = (
        helper.make_node("ArgMax", ["score"], ["index"], axis=1, keepdims=0),
        helper.make_node("Add", ["index", "big"], ["label"]),
    )
    graph = _graph(*nodes)
    graph.initializer.append(big)
    with Engine.open(_with(graph=graph), engine="ort") as engine:
        largest = engine.run_rows(mixed_rows(np.array([[-2, -3, -2]], np.float32), [2]))
        assert largest["label"].tolist() == [[2**31 - 1]]
        with pytest.raises(BundleError, match=r"beyond int32 in output label") as caught:
            engine.run_rows(mixed_rows(np.repeat(ROW[0], 2, axis=0), [2, 2]))
    assert "row 0" in caught.value.place


def test_bytes_that_are_no_onnx_file() -> None:
    garbage = patch(mixed_image(), len(mixed_image().data) - 200, b"\xff" * 100)
    with pytest.raises(UnsupportedModelError, match="ECU_ORT_SESSION_FAILED") as caught:
        Engine.open(garbage)
    assert len(caught.value.cause) > len("ECU_ORT_SESSION_FAILED: ONNX Runtime refused the model"), (
        "no detail"
    )


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", "ECU_IMAGE_TRUNCATED"),
        (mixed_image().data[:-1], "ECU_IMAGE_TRUNCATED"),
        (mixed_image().data[:-1] + b"\0", "ECU_IMAGE_BAD_DIGEST"),
        (b"not an image", "ECU_IMAGE_BAD_MAGIC"),
        (patch(mixed_image(), 6, b"\2").data, "ECU_IMAGE_MALFORMED"),
    ],
)
def test_damaged_images(data: bytes, status: str) -> None:
    with pytest.raises(UnsupportedModelError, match=status) as caught:
        Engine.open(ModelImage("mixed", "ort", mixed_interface(), data))
    assert caught.value.exit_code is ExitCode.UNSUPPORTED_MODEL


def test_both_engines_run_one_model() -> None:
    rows = mixed_rows(np.repeat(ROW[0], 3, axis=0), [2, -1, 7])
    with (
        Engine.open(mixed_model(), engine="native") as native,
        Engine.open(mixed_model(), engine="ort") as ort,
    ):
        assert native.info()["engine"] == "native"
        expected = ort.run_rows(rows)
        actual = native.run_rows(rows)
        assert {name: array.tolist() for name, array in actual.items()} == {
            name: array.tolist() for name, array in expected.items()
        }


def test_an_image_is_for_one_engine() -> None:
    with pytest.raises(UsageError, match="for the engine 'ort'"):
        Engine.open(mixed_image(), engine="native")


def test_a_missing_onnxruntime_is_a_missing_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    engine_module._load_onnxruntime.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ToolMissingError, match="pip install onnxruntime"):
        Engine.open(mixed_model(), engine="ort")


def test_engines_of_several_threads_run_side_by_side() -> None:
    """One handle per thread; the GIL is released, and the results stay right."""
    rows = mixed_rows(np.repeat(ROW[0], 2000, axis=0), [2] * 2000)
    wrong: list[int] = []

    def work() -> None:
        with Engine.open(mixed_image()) as engine:
            if not (engine.run_rows(rows)["score"] == ROW_SCORE).all():
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
