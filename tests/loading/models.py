"""Small models and damaged files for the tests of this folder."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import skops.io
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

IRIS = load_iris(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)


def tree() -> DecisionTreeClassifier:
    return DecisionTreeClassifier(max_depth=3, random_state=0).fit(*IRIS)


def pipeline() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(*IRIS)


def skops_bytes(value: Any) -> bytes:
    data = skops.io.dumps(value)
    assert isinstance(data, bytes)
    return data


def schema_of(data: bytes) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return json.loads(archive.read("schema.json"))


def edit_schema(data: bytes, edit: Callable[[Any], Any]) -> bytes:
    """The same skops file with a schema that `edit` changed in place, or replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "schema.json":
                schema = json.loads(content)
                content = json.dumps(edit(schema) or schema).encode()
            new.writestr(name, content)
    return out.getvalue()


def edit_array(
    data: bytes, choose: Callable[[np.ndarray[Any, Any]], bool], edit: Callable[[Any], Any]
) -> bytes:
    """The same skops file with the first array that `choose` accepts changed in place, or replaced."""
    out = io.BytesIO()
    done = False
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith(".npy") and not done:
                array = np.load(io.BytesIO(content))
                if choose(array):
                    replaced = edit(array)
                    buffer = io.BytesIO()
                    np.save(buffer, array if replaced is None else replaced)
                    content, done = buffer.getvalue(), True
            new.writestr(name, content)
    assert done, "no array was chosen"
    return out.getvalue()


def as_version(data: bytes, version: str) -> bytes:
    """The same skops file as if another scikit-learn had written it."""

    def visit(value: Any) -> None:
        if isinstance(value, dict):
            entry = value.get("_sklearn_version")
            if isinstance(entry, dict):
                entry["content"] = json.dumps(version)
            for item in value.values():
                visit(item)
        elif isinstance(value, list):
            for item in value:
                visit(item)

    return edit_schema(data, visit)
