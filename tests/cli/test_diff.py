"""``diff``: can B be flashed where A runs?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.datasets import make_regression
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import ecu_bundle
from ecu_bundle.difference import hindrances
from ecu_bundle.errors import VerificationError
from ecu_bundle.generation.golden import read_rows
from ecu_bundle.interface import Interface, Tensor
from ecu_bundle.manifest import read_manifest
from generation.bundles import sources
from generation.samples import classifier, golden, regressor
from pipeline.examples import EXAMPLES, Bundles, copy_of, model_file

from .program import call, succeed

YES = "yes: B can be flashed where A runs: interface, engine, target and memory fit"
CONFIG = (EXAMPLES / "wine_grade/ecu-bundle.toml").read_text(encoding="utf-8")


YES_NATIVE = YES.replace("engine,", "engine, kernels,")


@dataclass(frozen=True, slots=True)
class Successor:
    """The next model of wine_grade: the intercept of its first class is 5 higher."""

    bundle: Path
    estimator: Any


@pytest.fixture(scope="module")
def successor(tmp_path_factory: pytest.TempPathFactory) -> Successor:
    folder = tmp_path_factory.mktemp("successor")
    estimator = ecu_bundle.load(model_file("wine_grade")).estimator
    assert estimator is not None
    estimator[-1].intercept_[0] += 5.0
    skops.io.dump(estimator, folder / "wine_grade.skops")
    config = CONFIG.replace('data = "rows.npy"', "").replace('version = "1.0.0"', 'version = "2.0.0"')
    (folder / "ecu-bundle.toml").write_text(config, encoding="utf-8")
    ecu_bundle.build(folder / "wine_grade.skops", output=folder / "bundle")
    return Successor(folder / "bundle", estimator)


def test_a_bundle_and_itself(bundles: Bundles) -> None:
    outcome = succeed("diff", bundles("wine_grade"), bundles("wine_grade"))
    assert "both hold the same model image" in outcome.stdout
    assert "interface: the same" in outcome.stdout
    assert "grade: the same bits in every row" in outcome.stdout
    assert outcome.stdout.splitlines()[-2:] == [YES, "drift: none, the same bits on all 48 golden rows"]
    assert outcome.stdout.splitlines()[0] == outcome.stdout.splitlines()[1].replace("B  ", "A  ")
    strict = succeed("diff", bundles("wine_grade"), bundles("wine_grade"), "--max-drift", "0")
    assert strict.stdout.splitlines()[-1] == "--max-drift: met"


def test_a_new_model_drifts_and_can_be_flashed(bundles: Bundles, successor: Successor) -> None:
    """The drift is the one that scikit-learn has on the same rows."""
    a = bundles("wine_grade")
    outcome = succeed("diff", a, successor.bundle, "--json")
    data = outcome.data
    assert (data["flashable"], data["reasons"], data["interface"]) == (True, [], [])
    assert data["resources"]["arena"]["a"] == data["resources"]["arena"]["b"]
    label, probabilities = data["drift"]
    model = ecu_bundle.load(model_file("wine_grade")).estimator
    assert model is not None
    rows = read_rows((a / "tests/golden_vectors.cpp").read_text(), _interface_of(a))
    X = np.concatenate(list(rows.tensors.values()), axis=1).astype(np.float64)
    assert data["golden_rows"] == len(X)
    old, new = model.predict_proba(X), successor.estimator.predict_proba(X)
    distance = np.abs(old - new).max(axis=1)
    assert probabilities["largest"] == pytest.approx(distance.max(), abs=1e-5)
    assert probabilities["mean"] == pytest.approx(distance.mean(), abs=1e-5)
    assert distance[probabilities["worst_row"]] == pytest.approx(distance.max(), abs=1e-5)
    changed = model.predict(X) != successor.estimator.predict(X)
    close = [np.diff(np.sort(scores, axis=1)[:, -2:])[:, 0] < 1e-5 for scores in (old, new)]
    tied = close[0] | close[1]  # there float32 may choose the other class
    assert (changed & ~tied).any()
    assert (changed & ~tied).sum() <= label["rows"] <= (changed | tied).sum()
    assert label["largest"] is None
    names = read_manifest(a).interface.outputs[0].codes
    before, after = (m.predict(X)[changed & ~tied] for m in (model, successor.estimator))
    certain = {(names[str(int(old))], names[str(int(new))]) for old, new in zip(before, after, strict=True)}
    assert certain <= {(move["before"], move["after"]) for move in label["moves"]}
    assert sum(move["rows"] for move in label["moves"]) == label["rows"]


def test_the_verdict_tells_flashing_and_drift_apart(bundles: Bundles, successor: Successor) -> None:
    """Another model of the same interface can be flashed; that it decides otherwise is said beside it."""
    a = bundles("wine_grade")
    label, probabilities = succeed("diff", a, successor.bundle, "--json").data["drift"]
    lines = succeed("diff", a, successor.bundle).stdout.splitlines()
    assert lines[0].startswith("A  wine_grade, version 1.0.0, for host, engine ort, model image ")
    assert lines[1].startswith("B  wine_grade, version 2.0.0, for host, engine ort, model image ")
    assert lines[0][-16:] == read_manifest(a).image_digest[:16]
    assert lines[-2:] == [
        YES,
        f"drift: {label['rows']} of 48 golden rows give another grade; "
        f"probabilities changes by up to {probabilities['largest']:.4g}",
    ]
    row = label["worst_row"] + 1
    assert f"  grade: {label['rows']} of 48 rows give another label, the first is row {row}" in lines
    assert f"    {label['moves'][0]['before']} -> barolo: {label['moves'][0]['rows']}" in lines


def test_drift_fails_beyond_its_limit(bundles: Bundles, successor: Successor) -> None:
    a, b = bundles("wine_grade"), successor.bundle
    label, probabilities = succeed("diff", a, b, "--json").data["drift"]
    rows, largest = label["rows"], probabilities["largest"]
    allowed = [f"--max-drift={rows}", f"--max-drift=probabilities={largest + 1e-6}"]
    assert succeed("diff", a, b, *allowed).stdout.splitlines()[-1] == "--max-drift: met"
    for limits, excess in (
        (["0"], f"grade: {rows} rows give another label, allowed are 0"),
        ([f"grade={rows - 1}"], f"grade: {rows} rows give another label, allowed are {rows - 1}"),
        (["probabilities=0.25"], f"probabilities: changes by up to {largest:.6g}, allowed is 0.25"),
    ):
        words = [f"--max-drift={limit}" for limit in limits]
        outcome = call("diff", a, b, *words)
        assert outcome.code == 1
        assert YES in outcome.stdout
        assert f"\n--max-drift: not met\n  {excess}" in outcome.stdout
        data = call("diff", a, b, *words, "--json").data
        assert (data["flashable"], data["accepted"]) == (True, False)
        assert data["excesses"][0] == excess


def test_a_limit_that_is_none(bundles: Bundles) -> None:
    outcome = call("diff", bundles("wine_grade"), bundles("wine_grade"), "--max-drift", "grad=1", "--json")
    assert outcome.code == 2
    assert outcome.data["cause"] == "A has no output 'grad'"
    assert "did you mean 'grade'?" in outcome.data["hint"]


def test_a_range_that_nobody_declared(bundles: Bundles, tmp_path: Path) -> None:
    (tmp_path / "ecu-bundle.toml").write_text(
        CONFIG.replace("min = 11\n", "", 1).replace("max = 15\n", "", 1).replace('data = "rows.npy"', ""),
        encoding="utf-8",
    )
    b = ecu_bundle.build(
        model_file("wine_grade"), config=tmp_path / "ecu-bundle.toml", output=tmp_path / "bundle"
    ).path
    text = succeed("diff", bundles("wine_grade"), b).stdout
    assert "input 'alcohol': range 11 to 15 -> not declared (for people only)" in text
    assert "inf" not in text


def _interface_of(bundle: Path) -> Interface:
    from ecu_bundle.manifest import interface_of

    return interface_of(read_manifest(bundle).interface)


def test_another_unit_is_another_interface(bundles: Bundles, tmp_path: Path) -> None:
    (tmp_path / "ecu-bundle.toml").write_text(
        CONFIG.replace('name = "alcohol"\n', 'name = "alcohol"\ndescription = "new"\n', 1)
        .replace('unit = "%"', 'unit = "vol"', 1)
        .replace('"barolo"', '"barbaresco"')
        .replace('data = "rows.npy"', ""),
        encoding="utf-8",
    )
    ecu_bundle.build(
        model_file("wine_grade"), config=tmp_path / "ecu-bundle.toml", output=tmp_path / "bundle"
    )
    outcome = call("diff", bundles("wine_grade"), tmp_path / "bundle", "--json")
    assert outcome.code == 1
    assert outcome.data["flashable"] is False
    assert outcome.data["interface"] == [
        "input 'alcohol': unit % -> vol",
        "output 'grade': code 0 means 'barbaresco', it meant 'barolo'",
        "output 'probabilities': values barolo, grignolino, barbera -> barbaresco, grignolino, barbera",
    ]
    assert any("input 'alcohol': description" in text for text in outcome.data["meanings"])
    assert "3 changes" in outcome.data["reasons"][0]
    assert all(drift["rows"] == 0 for drift in outcome.data["drift"])


def test_two_models_that_have_nothing_in_common(bundles: Bundles) -> None:
    outcome = call("diff", bundles("wine_grade"), bundles("auto_mpg"))
    assert outcome.code == 1
    assert "input 'alcohol' is gone" in outcome.stdout
    assert "input 'horsepower' is new" in outcome.stdout
    assert "drift: not measured, B cannot take the golden rows of A" in outcome.stdout
    assert "\nno: B cannot be flashed where A runs\n  the interface differs" in outcome.stdout
    assert outcome.stdout.endswith("\ndrift: not measured\n")
    strict = call("diff", bundles("wine_grade"), bundles("auto_mpg"), "--max-drift", "0")
    assert strict.stdout.endswith(
        "--max-drift: not met\n  the drift was not measured: B cannot take the golden rows of A\n"
    )
    assert "Traceback" not in outcome.stderr


HINDRANCES: list[tuple[dict[str, Any], int, str]] = [
    ({}, 0, ""),
    ({"engine": "native"}, 0, "B needs the engine native, A has ort"),
    ({"onnxruntime_version": "1.33.0"}, 0, "proved with ONNX Runtime 1.33.0, A carries 1.32"),
    ({"target": "armv7-linux"}, 0, "build B for host"),
    ({}, 1, "A's program has 1000 (ECU_ARENA_TOO_SMALL)"),
    ({}, -1, ""),
]


@pytest.mark.parametrize(("changes", "more", "reason"), HINDRANCES)
def test_what_stands_in_the_way(changes: dict[str, Any], more: int, reason: str, bundles: Bundles) -> None:
    a = read_manifest(bundles("wine_grade"))
    found = hindrances(a, a.model_copy(update=changes), (), {"arena": (1000, 1000 + more)})
    assert len(found) == bool(reason)
    assert reason in "".join(found)


def _native_bundle(estimator: Any, folder: Path, name: str) -> Path:
    """A bundle of the native engine for the host; the model has the same name each time."""
    (folder / name).mkdir()
    skops.io.dump(estimator, folder / name / "model.skops")
    output = folder / name / "bundle"
    return ecu_bundle.build(folder / name / "model.skops", engine="native", output=output).path


def test_a_kernel_that_the_program_does_not_have(tmp_path: Path) -> None:
    """Deep trees and shallow ones of one estimator are run by different kernels."""
    X, y = make_regression(400, 4, noise=20.0, random_state=0)
    X = X.astype(np.float32)
    deep, shallow = (
        _native_bundle(RandomForestRegressor(20, max_depth=depth, random_state=0).fit(X, y), tmp_path, name)
        for name, depth in (("deep", None), ("shallow", 3))
    )
    for a, b in ((deep, shallow), (shallow, deep)):
        linked, needed = (
            json.loads((bundle / "reports/resources.json").read_text())["kernels"] for bundle in (a, b)
        )
        assert linked != needed
        missing = [name for name in needed if name not in linked]
        outcome = call("diff", a, b, "--json")
        named = [reason for reason in outcome.data["reasons"] if "ECU_KERNEL_MISSING" in reason]
        assert outcome.data["interface"] == []
        assert named == (
            [f"B needs kernels that A's program lacks: {', '.join(missing)} (ECU_KERNEL_MISSING)"]
            if missing
            else []
        )
    assert YES_NATIVE in succeed("diff", shallow, shallow).stdout


def test_a_value_that_is_another_column(tmp_path: Path) -> None:
    """Trained again, SelectKBest keeps another column: type and interface hash stay, the meaning does not."""
    X = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    table = pd.DataFrame(X, columns=["speed", "torque", "heat"])
    a, b = (
        _native_bundle(
            make_pipeline(StandardScaler(), SelectKBest(f_regression, k=2)).fit(table, wanted), tmp_path, name
        )
        for name, wanted in (("first", X[:, 0] + X[:, 1]), ("second", X[:, 0] + X[:, 2]))
    )
    assert read_manifest(a).interface.hash == read_manifest(b).interface.hash
    outcome = call("diff", a, b, "--json")
    assert outcome.code == 1
    (change,) = outcome.data["interface"]
    assert change.endswith(": values speed, torque -> speed, heat")
    assert outcome.data["reasons"] == [
        "the interface differs (1 change): "
        "A's header accepts B's image, and A's program takes its values for others"
    ]


def test_folders_that_cannot_be_compared(bundles: Bundles, tmp_path: Path) -> None:
    bundle = bundles("wine_grade")
    outcome = call("diff", bundle, tmp_path, "--json")
    assert outcome.code == 2
    assert "is not a bundle" in outcome.data["cause"]
    damaged = copy_of(bundle, tmp_path)
    (damaged / "src/wine_grade.cpp").write_text("")
    outcome = call("diff", bundle, damaged)
    assert outcome.code == 1
    assert "error: verify: the bundle is not as it was delivered" in outcome.stderr
    assert outcome.stdout == ""


@pytest.mark.parametrize("sample", [regressor, classifier], ids=lambda s: s.__name__)
def test_golden_rows_are_read_back(sample: Any) -> None:
    model = sample()
    text = sources(model).files["tests/golden_vectors.cpp"].decode()
    rows, written = read_rows(text, model.interface), golden(model).rows
    for name, values in written.tensors.items():
        assert rows.tensors[name].dtype == values.dtype
        assert rows.tensors[name].tobytes() == values.tobytes()
    for damaged in (text.replace("kInput0", "kOther0"), text.replace("kInput1[]", "kGone[]"), ""):
        with pytest.raises(VerificationError, match="golden vectors of the bundle cannot be read"):
            read_rows(damaged, model.interface)


def test_rows_of_different_lengths_are_refused() -> None:
    text = "const std::uint32_t kInput{}[] = {{\n    {}}};\n"
    inputs = (Tensor("a", "float32"), Tensor("b", "float32"))
    word = "0x3f800000U"
    with pytest.raises(VerificationError, match="cannot be read"):
        read_rows(text.format(0, word) + text.format(1, f"{word}, {word}"), Interface("other", inputs, ()))
