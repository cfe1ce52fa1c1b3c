"""Skops files: the allow-list is enough for scikit-learn and lets nothing else through."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ecu_bundle.errors import ExitCode, UnsupportedModelError, UsageError
from ecu_bundle.loading import limits, load

from .models import IRIS, as_version, edit_schema, pipeline, skops_bytes, tree


class CustomScaler(StandardScaler):  # type: ignore[misc]
    """A user's own transformer."""


def _save(folder: Path, data: bytes) -> Path:
    path = folder / "model.skops"
    path.write_bytes(data)
    return path


def _zip(*members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("make", [tree, pipeline])
def test_a_model_comes_back_as_it_was(tmp_path: Path, make: Callable[[], Any]) -> None:
    original = make()
    model = load(_save(tmp_path, skops_bytes(original)))
    assert model.estimator is not None
    assert (model.format, model.trusted_pickle, model.notes) == ("skops", False, ())
    assert model.sklearn_version == sklearn.__version__
    assert np.array_equal(model.estimator.predict_proba(IRIS[0]), original.predict_proba(IRIS[0]))


def _lambda_transformer() -> Any:
    return FunctionTransformer(np.save).fit(IRIS[0])


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: CustomScaler().fit(IRIS[0]), "CustomScaler"),
        (_lambda_transformer, "numpy.save"),
        (lambda: FunctionTransformer(zipfile.is_zipfile).fit(IRIS[0]), "zipfile.is_zipfile"),
    ],
)
def test_a_foreign_type_is_refused_by_name(tmp_path: Path, make: Callable[[], Any], named: str) -> None:
    with pytest.raises(UnsupportedModelError) as caught:
        load(_save(tmp_path, skops_bytes(make())))
    assert named in caught.value.cause
    assert "scikit-learn's estimators only" in caught.value.hint
    assert caught.value.exit_code == ExitCode.UNSUPPORTED_MODEL


def _json_node(value: object) -> dict[str, Any]:
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(value),
        "is_json": True,
    }


def _tuple_node(*values: object) -> dict[str, Any]:
    nodes = [_json_node(value) for value in values]
    return {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": nodes}


def _hidden(node: dict[str, Any]) -> Callable[[Any], None]:
    """Put a node among the attributes of the saved estimator."""

    def edit(schema: Any) -> None:
        schema["content"]["content"]["extra"] = node
        types = schema["content"]["key_types"]["content"]
        types.append(types[0] | {"__id__": 1})

    return edit


ATTACKS: dict[str, dict[str, Any]] = {
    "a command by its constructor": {
        "__module__": "subprocess",
        "__class__": "Popen",
        "__loader__": "ConstructorFromReduceNode",
        "content": _tuple_node("true"),
    },
    "a listed class called with arguments": {
        "__module__": "sklearn.tree._classes",
        "__class__": "DecisionTreeClassifier",
        "__loader__": "ConstructorFromReduceNode",
        "content": _tuple_node("true"),
    },
    "a listed function called with arguments": {
        "__module__": "numpy",
        "__class__": "mean",
        "__loader__": "ConstructorFromReduceNode",
        "content": _tuple_node("true"),
    },
    "a partial system function": {
        "__module__": "functools",
        "__class__": "partial",
        "__loader__": "PartialNode",
        "content": {
            "func": {"__module__": "os", "__class__": "system", "__loader__": "FunctionNode"},
            "args": _tuple_node("true"),
            "kwds": _json_node({}),
            "namespace": _json_node(None),
        },
    },
    "a system function": {"__module__": "os", "__class__": "system", "__loader__": "FunctionNode"},
    "a module of scikit-learn that loads": {
        "__module__": "sklearn.datasets._base",
        "__class__": "load_files",
        "__loader__": "FunctionNode",
    },
    "a compiler of numpy": {"__module__": "numpy.f2py", "__class__": "compile", "__loader__": "FunctionNode"},
    "a class as a function": {
        "__module__": "sklearn.pipeline",
        "__class__": "Pipeline",
        "__loader__": "FunctionNode",
    },
    "an operator": {
        "__module__": "operator",
        "__class__": "methodcaller",
        "__loader__": "OperatorFuncNode",
        "attrs": _tuple_node("x"),
    },
    "a method": {
        "__module__": "sklearn.pipeline",
        "__class__": "Pipeline",
        "__loader__": "MethodNode",
        "content": {"func": "fit", "obj": _json_node(1)},
    },
    "a reference": {
        "__module__": "builtins",
        "__class__": "dict",
        "__loader__": "CachedNode",
        "__id__": 5,
    },
    "an unknown way to load": {"__module__": "builtins", "__class__": "dict", "__loader__": "NewNode"},
    "a loader that is no text": {"__module__": "builtins", "__class__": "dict", "__loader__": ["DictNode"]},
}


@pytest.mark.parametrize("attack", sorted(ATTACKS))
def test_an_attack_in_the_schema_is_refused_before_anything_is_restored(
    tmp_path: Path, attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import skops.io

    def never(*_: object, **__: object) -> None:
        raise AssertionError("restored")

    monkeypatch.setattr(skops.io, "loads", never)
    path = _save(tmp_path, edit_schema(skops_bytes(tree()), _hidden(ATTACKS[attack])))
    with pytest.raises(UnsupportedModelError, match=r"not scikit-learn's own|not a skops file"):
        load(path)


def _call_as_key_type(schema: Any) -> None:
    schema["content"]["key_types"]["content"][0] = {
        "__module__": "numpy",
        "__class__": "mean",
        "__loader__": "FunctionNode",
    }


def _key_types_gone(schema: Any) -> None:
    del schema["content"]["key_types"]


def _set(**changes: object) -> Callable[[Any], None]:
    return lambda schema: schema.update(changes)


def _drop(key: str) -> Callable[[Any], None]:
    def edit(schema: Any) -> None:
        del schema[key]

    return edit


@pytest.mark.parametrize(
    ("edit", "cause"),
    [
        (_call_as_key_type, "keys of a dictionary"),
        (_key_types_gone, "keys of a dictionary"),
        (_set(protocol=0), "protocol 0"),
        (_set(protocol=99), "protocol 99"),
        (_set(protocol=True), "protocol True"),
        (_drop("protocol"), "protocol None"),
        (_drop("__module__"), "names no type"),
        (_set(__class__=3), "names no type"),
        (_drop("__loader__"), "describes no object"),
        (lambda _: [1, 2], "describes no object"),
        (_drop("content"), "not a fitted|is not fitted|cannot be restored"),
    ],
)
def test_a_malformed_schema_is_refused(tmp_path: Path, edit: Callable[[Any], Any], cause: str) -> None:
    with pytest.raises(UnsupportedModelError, match=cause):
        load(_save(tmp_path, edit_schema(skops_bytes(tree()), edit)))


@pytest.mark.parametrize(
    ("schema", "cause"),
    [(b"{", "cannot be parsed"), (b"[" * 100_000, "cannot be parsed"), (b"\xff\xfe", "cannot be parsed")],
)
def test_a_schema_that_is_no_json_is_refused(tmp_path: Path, schema: bytes, cause: str) -> None:
    with pytest.raises(UnsupportedModelError, match=cause):
        load(_save(tmp_path, _zip(("schema.json", schema))))


def test_version_skew_is_an_error_unless_allowed(tmp_path: Path) -> None:
    path = _save(tmp_path, as_version(skops_bytes(pipeline()), "1.2.0"))
    with pytest.raises(UsageError, match=r"1\.2\.0") as caught:
        load(path)
    assert "--allow-version-skew" in caught.value.hint
    model = load(path, allow_version_skew=True)
    assert model.sklearn_version == "1.2.0"
    assert model.notes == (
        f"version skew allowed: written with scikit-learn 1.2.0, read with {sklearn.__version__}",
    )


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    data = skops_bytes(tree())
    for length in range(1, len(data), 97):
        with pytest.raises(UnsupportedModelError):
            load(_save(tmp_path, data[:length]))


def test_flipped_bytes_are_refused_or_change_nothing_but_names(tmp_path: Path) -> None:
    data = bytearray(skops_bytes(tree()))
    for position in range(4, len(data), 211):
        damaged = bytearray(data)
        damaged[position] ^= 0x41
        path = _save(tmp_path, bytes(damaged))
        try:
            model = load(path)
        except (UnsupportedModelError, UsageError):
            continue
        # a field of the ZIP directory that nobody reads, for instance a time stamp
        assert model.estimator is not None
        assert np.array_equal(model.estimator.predict(IRIS[0]), tree().predict(IRIS[0]))


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (_zip(("a.txt", b"x")), "without schema.json"),
        (_zip(), "without schema.json"),
        (_zip(("schema.json", b"{}")), "describes no object"),
    ],
)
def test_another_zip_is_refused(tmp_path: Path, data: bytes, cause: str) -> None:
    with pytest.raises(UnsupportedModelError, match=cause):
        load(_save(tmp_path, data))


def test_a_zip_with_a_double_name_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = _zip(("schema.json", b"{}"), ("schema.json", b"{}"))
    with pytest.raises(UnsupportedModelError, match="twice"):
        load(_save(tmp_path, data))


def test_a_zip_with_a_link_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("schema.json")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UnsupportedModelError, match="holds a link"):
        load(_save(tmp_path, out.getvalue()))


def test_a_compressed_model_loads_but_a_bomb_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import skops.io

    path = tmp_path / "model.skops"
    skops.io.dump(tree(), path, compression=zipfile.ZIP_DEFLATED)
    assert load(path).estimator is not None
    bomb = _zip(("schema.json", b"{}"), ("zeros", bytes(1 << 20)), compression=zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(limits, "RATIO_FREE_BYTES", 1 << 16)
    with pytest.raises(UnsupportedModelError, match="decompression bomb"):
        load(_save(tmp_path, bomb))


@pytest.mark.parametrize(
    ("limit", "value", "cause"),
    [
        ("MAX_UNPACKED_BYTES", 2000, "unpacks to"),
        ("MAX_ZIP_ENTRIES", 3, "more than 3 entries"),
        ("MAX_SCHEMA_BYTES", 100, "schema.json has"),
    ],
)
def test_limits_of_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, cause: str
) -> None:
    path = _save(tmp_path, skops_bytes(tree()))
    monkeypatch.setattr(limits, limit, value)
    with pytest.raises(UnsupportedModelError, match=cause):
        load(path)


def test_one_member_read_many_times_counts_many_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tree()
    model.large_ = np.zeros(10_000)

    def multiply(schema: Any) -> None:
        large = schema["content"]["content"]["large_"]
        copies = [large | {"__id__": 10**6 + index} for index in range(1000)]
        _hidden({"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": copies})(
            schema
        )

    data = edit_schema(skops_bytes(model), multiply)
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", len(data))
    with pytest.raises(UnsupportedModelError, match="the schema unpacks"):
        load(_save(tmp_path, data))


def test_an_array_that_is_shared_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tree()
    large = np.zeros(10_000)
    model.large_ = [large] * 100
    data = skops_bytes(model)
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", len(data) + large.nbytes)
    assert load(_save(tmp_path, data)).estimator is not None


def test_a_bomb_inside_a_sparse_matrix_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = KMeans(n_clusters=2, n_init=1, random_state=0).fit(IRIS[0])
    model.extra_ = sparse.csr_array(np.zeros((1 << 17, 4)))
    data = skops_bytes(model)
    assert load(_save(tmp_path, data)).estimator is not None
    monkeypatch.setattr(limits, "RATIO_FREE_BYTES", 1 << 17)
    with pytest.raises(UnsupportedModelError, match=r"\.npz unpacks"):
        load(_save(tmp_path, data))


def test_a_missing_array_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(skops_bytes(tree()))) as old, zipfile.ZipFile(out, "w") as new:
        new.writestr("schema.json", old.read("schema.json"))
    with pytest.raises(UnsupportedModelError, match="is missing"):
        load(_save(tmp_path, out.getvalue()))
