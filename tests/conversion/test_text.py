"""No text reaches an ECU: what stands behind a vectorizer converts, and text nodes run in the C locale."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from ecu_bundle.artifacts import LoadedModel
from ecu_bundle.conversion import convert
from ecu_bundle.engine import Engine
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.loading import from_estimator

from .models import TWO, proven

TEXTS = ["Bremse wärmt", "brake cold", "l'été, engine warm", "brake a warm engine"] * 20
VECTORIZERS: list[Any] = [
    CountVectorizer(),
    CountVectorizer(ngram_range=(1, 2), strip_accents="unicode"),
    CountVectorizer(analyzer="char_wb", ngram_range=(2, 2)),
    TfidfVectorizer(sublinear_tf=True),
    HashingVectorizer(n_features=16),
]


@pytest.mark.parametrize("vectorizer", VECTORIZERS, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("last", [LogisticRegression(), DecisionTreeClassifier(random_state=0)])
def test_the_steps_behind_a_vectorizer_are_a_model(vectorizer: Any, last: Any) -> None:
    """The way out that the refusal names, for words in any language and every setting."""
    whole = make_pipeline(vectorizer, last).fit(TEXTS, TWO)
    with pytest.raises(UnsupportedModelError) as refused:
        convert(from_estimator(whole))
    assert "no text can reach an ECU" in refused.value.cause
    assert "model[1:]" in refused.value.hint
    numbers = whole[0].transform(TEXTS).toarray().astype(np.float32)
    with Engine.open(proven(whole[1:], data=numbers), "ort") as engine:
        assert engine.run(numbers)["label"].ravel().tolist() == whole.predict(TEXTS).tolist()


def words_inside(locale: str) -> bytes:
    """A graph that turns its number into text, normalizes the text and looks it up."""
    nodes = [
        helper.make_node("Reshape", ["X", "flat"], ["row"]),
        helper.make_node("Cast", ["row"], ["text"], to=TensorProto.STRING),
        helper.make_node("StringNormalizer", ["text"], ["lower"], case_change_action="LOWER", locale=locale),
        helper.make_node(
            "LabelEncoder",
            ["lower"],
            ["found"],
            domain="ai.onnx.ml",
            keys_strings=["1", "nan"],
            values_floats=[2.5, 4.5],
            default_float=-1.0,
        ),
        helper.make_node("Reshape", ["found", "shape"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "words",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
        [
            helper.make_tensor("flat", TensorProto.INT64, [1], [-1]),
            helper.make_tensor("shape", TensorProto.INT64, [2], [-1, 1]),
        ],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)]
    model: ModelProto = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    data: bytes = model.SerializeToString()
    return data


PROGRAM = """
from conversion.test_text import words_inside
from ecu_bundle.artifacts import LoadedModel
from ecu_bundle.conversion import convert
from ecu_bundle.engine import Engine
given = LoadedModel("words", "onnx", "0" * 64, None, onnx_bytes=words_inside("xx_XX"))
with Engine.open(convert(given), "ort") as engine:
    print(engine.run([[1.0], [7.0]])["y"].ravel().tolist())
"""


@pytest.mark.parametrize("locale", ["en_US", "en_US.UTF-8", "xx_XX"])
def test_text_nodes_are_emitted_with_the_c_locale(locale: str) -> None:
    model = convert(LoadedModel("words", "onnx", "0" * 64, None, onnx_bytes=words_inside(locale)))
    (node,) = (node for node in model.proto.graph.node if node.op_type == "StringNormalizer")
    assert [a.s for a in node.attribute if a.name == "locale"] == [b"C"]


def test_they_run_where_no_other_locale_is_installed() -> None:
    here = Path(__file__).parents[1]
    path = os.pathsep.join(map(str, (here, here.parent, here.parent / "toolchain")))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"LC_ALL": "C", "PYTHONPATH": path},
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout == "[2.5, -1.0]\n"
