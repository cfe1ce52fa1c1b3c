"""``run``: predictions of models and bundles are those of scikit-learn, on every target."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ecu_bundle
from pipeline.examples import Bundles, copy_of, model_file, rows_file

from .program import call, succeed

Predictions = dict[str, np.ndarray[Any, Any]]


def _rows(example: str) -> Any:
    path = rows_file(example)
    return np.load(path) if path.suffix == ".npy" else pd.read_csv(path)


def _run(path: Path, table: Path, output: Path, *options: str) -> Predictions:
    data = succeed("run", path, "--input", table, "-o", output, "--json", *options).data
    files = {name: Path(file) for name, file in data["outputs"].items()}
    assert set(output.iterdir()) == set(files.values())
    arrays = {name: np.load(file) for name, file in files.items()}
    assert {name: list(array.shape) for name, array in arrays.items()} == data["shapes"]
    return arrays


def _rounded(rows: Any) -> Any:
    """The rows as the device gets them: float32, which scikit-learn then reads as float64."""
    if isinstance(rows, pd.DataFrame):
        numbers = rows.select_dtypes("number").columns
        return rows.astype(dict.fromkeys(numbers, np.float32)).astype(dict.fromkeys(numbers, np.float64))
    return rows.astype(np.float32).astype(np.float64)


@pytest.mark.parametrize(
    ("example", "label", "values"),
    [
        ("auto_mpg", "", "mpg"),
        ("fault_classifier", "verdict", "probabilities"),
        ("wine_grade", "grade", "probabilities"),
    ],
)
def test_a_model_predicts_like_scikit_learn(example: str, label: str, values: str, tmp_path: Path) -> None:
    results = _run(model_file(example), rows_file(example), tmp_path / "out")
    estimator = ecu_bundle.load(model_file(example)).estimator
    assert estimator is not None
    rows = _rounded(_rows(example))
    assert list(results) == ([label, values] if label else [values])
    if label:
        np.testing.assert_array_equal(results[label], estimator.predict(rows))
        np.testing.assert_allclose(results[values], estimator.predict_proba(rows), rtol=1e-5, atol=1e-5)
    else:
        np.testing.assert_allclose(results[values][:, 0], estimator.predict(rows), rtol=1e-5)
    reference = _run(model_file(example), rows_file(example), tmp_path / "reference", "--engine", "sklearn")
    for name, array in results.items():
        assert reference[name].dtype == array.dtype
        np.testing.assert_allclose(array, reference[name], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("example", "target"),
    [
        ("auto_mpg", "host"),
        ("wine_grade", "host"),
        pytest.param("auto_mpg", "armv7-linux", marks=pytest.mark.cross),
    ],
)
def test_a_bundle_gives_the_same_bits(bundles: Bundles, example: str, target: str, tmp_path: Path) -> None:
    table = rows_file(example)
    model = _run(model_file(example), table, tmp_path / "model")
    bundle = _run(bundles(example, target), table, tmp_path / "bundle", "--engine", "ort")
    assert list(model) == list(bundle)
    for name, array in model.items():
        assert array.dtype == bundle[name].dtype
        assert array.tobytes() == bundle[name].tobytes()


def test_all_kinds_of_tables_agree(tmp_path: Path) -> None:
    X = np.load(rows_file("wine_grade")).astype(np.float32)
    names = [tensor.name for tensor in _interface("wine_grade").inputs]
    frame = pd.DataFrame(X, columns=names)
    np.save(tmp_path / "rows.npy", X)
    frame[names[::-1]].to_csv(tmp_path / "rows.csv", index=False)
    frame.assign(remark="extra column").to_parquet(tmp_path / "rows.parquet")
    results = [
        _run(model_file("wine_grade"), tmp_path / f"rows.{ending}", tmp_path / ending)
        for ending in ("npy", "csv", "parquet")
    ]
    for name, array in results[0].items():
        assert all(array.tobytes() == other[name].tobytes() for other in results[1:])


def _interface(example: str) -> Any:
    from ecu_bundle.pipeline import Options, convert_model, load_model, make_plan

    plan = make_plan(model_file(example), Options())
    return convert_model(load_model(model_file(example), plan), plan).interface


def test_an_engine_that_is_not_there(bundles: Bundles, tmp_path: Path) -> None:
    bundle = bundles("wine_grade")
    for path, engine in ((model_file("wine_grade"), "steam"), (bundle, "steam"), (bundle, "native")):
        outcome = call("run", path, "-i", rows_file("wine_grade"), "-o", tmp_path / "out", "--engine", engine)
        assert outcome.code == 2
        assert f"the engine '{engine}' is not available here" in outcome.stderr
    assert not (tmp_path / "out").exists()


def test_the_native_engine_predicts_the_same(tmp_path: Path) -> None:
    model, rows = model_file("wine_grade"), rows_file("wine_grade")
    reference = _run(model, rows, tmp_path / "ort", "--engine", "ort")
    native = _run(model, rows, tmp_path / "native", "--engine", "native")
    assert np.array_equal(native["grade"], reference["grade"])
    np.testing.assert_allclose(native["probabilities"], reference["probabilities"], rtol=1e-5, atol=1e-6)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    outcome = call("run", model_file("wine_grade"), "-i", rows_file("wine_grade"), "-o", tmp_path / "file")
    assert outcome.code == 2
    assert "output: file is a file" in outcome.stderr
    assert "a name that ends in .csv" in outcome.stderr
    assert (tmp_path / "file").read_text() == "mine"


def test_the_rows_are_not_replaced(tmp_path: Path) -> None:
    table = tmp_path / "grade.npy"
    table.write_bytes(rows_file("wine_grade").read_bytes())
    outcome = call("run", model_file("wine_grade"), "-i", table, "-o", tmp_path)
    assert outcome.code == 2
    assert "output: grade.npy holds the rows, which would be overwritten" in outcome.stderr
    assert table.read_bytes() == rows_file("wine_grade").read_bytes()
    assert list(tmp_path.iterdir()) == [table]


def _swap_inputs(interface: Any) -> None:
    first, second = (entry["name"] for entry in interface["inputs"][:2])
    interface["inputs"][0]["name"], interface["inputs"][1]["name"] = second, first


def _swap_labels(interface: Any) -> None:
    (codes,) = (entry["codes"] for entry in interface["outputs"] if entry["codes"])
    codes["0"], codes["1"] = codes["1"], codes["0"]


@pytest.mark.parametrize("swap", [_swap_inputs, _swap_labels])
def test_a_forged_manifest_is_not_believed(
    swap: Callable[[Any], None], bundles: Bundles, tmp_path: Path
) -> None:
    bundle = copy_of(bundles("wine_grade"), tmp_path)
    manifest = json.loads((bundle / "bundle.json").read_bytes())
    swap(manifest["interface"])
    (bundle / "bundle.json").write_text(json.dumps(manifest))
    outcome = call("run", bundle, "-i", rows_file("wine_grade"), "-o", tmp_path / "out")
    assert outcome.code == 1
    assert "the manifest contradicts the certificate" in outcome.stderr
    assert "bundle.json: interface" in outcome.stderr
    assert not (tmp_path / "out").exists()


def test_a_changed_bundle_is_not_run(bundles: Bundles, tmp_path: Path) -> None:
    bundle = copy_of(bundles("wine_grade"), tmp_path)
    with (bundle / "CMakeLists.txt").open("a") as file:
        file.write("# mine\n")
    outcome = call("run", bundle, "-i", rows_file("wine_grade"), "-o", tmp_path / "out")
    assert outcome.code == 1
    assert "CMakeLists.txt has changed" in outcome.stderr


def test_a_table_for_a_spreadsheet(tmp_path: Path) -> None:
    """Row for row what the arrays hold, with classes by their names."""
    arrays = _run(model_file("wine_grade"), rows_file("wine_grade"), tmp_path / "out")
    file = tmp_path / "new" / "grades.csv"
    outcome = succeed("run", model_file("wine_grade"), "-i", rows_file("wine_grade"), "-o", file)
    assert outcome.stdout == f"{file}: 54 rows of grade, probabilities\n"
    frame = pd.read_csv(file)
    names = ["barolo", "grignolino", "barbera"]
    assert list(frame) == ["grade", *(f"probabilities[{name}]" for name in names)]
    assert frame["grade"].tolist() == [names[value] for value in arrays["grade"]]
    np.testing.assert_array_equal(frame.iloc[:, 1:].to_numpy(np.float32), arrays["probabilities"])
    data = succeed("run", model_file("wine_grade"), "-i", rows_file("wine_grade"), "-o", file, "--json").data
    assert data["outputs"] == {"grade": str(file), "probabilities": str(file)}


def test_gaps_in_the_rows_are_told(tmp_path: Path, bundles: Bundles) -> None:
    frame = pd.read_csv(rows_file("auto_mpg")).astype(object)
    frame.loc[[3, 5], "origin"] = "Mars"
    table = tmp_path / "rows.csv"
    frame.to_csv(table, index=False)
    note = (
        "note: 2 of 98 rows hold a category that the model does not know, "
        f"the first: {table}, line 5 (row 4), column 'origin'\n"
    )
    for path in (model_file("auto_mpg"), bundles("auto_mpg")):
        outcome = succeed("run", path, "-i", table, "-o", tmp_path / "out")
        assert note in outcome.stderr
    data = succeed("run", model_file("auto_mpg"), "-i", table, "-o", tmp_path / "out", "--json").data
    (gap,) = data["gaps"]
    assert (gap["column"], gap["kind"], gap["rows"]) == ("'origin'", "unknown", 2)
    whole = succeed("run", model_file("auto_mpg"), "-i", rows_file("auto_mpg"), "-o", tmp_path / "out")
    assert "note:" not in whole.stderr


@pytest.mark.parametrize("place", ["", "results", "results.csv", "reports/predictions.csv"])
def test_a_bundle_is_not_filled_with_results(place: str, bundles: Bundles) -> None:
    bundle = bundles("wine_grade")
    before = sorted(bundle.rglob("*"))
    outcome = call("run", bundle, "-i", rows_file("wine_grade"), "-o", bundle / place)
    assert outcome.code == 2
    assert f"the place lies inside the bundle {bundle.name}, which would no longer verify" in outcome.stderr
    assert sorted(bundle.rglob("*")) == before
