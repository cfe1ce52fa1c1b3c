"""``inspect`` and ``report``: what is in a model, an image and a bundle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pipeline.examples import Bundles, content_of, copy_of, model_file

from .program import call, succeed

INPUTS = ["cylinders", "displacement", "horsepower", "weight", "acceleration", "model_year", "origin"]


def _paths(bundles: Bundles) -> dict[str, Path]:
    bundle = bundles("auto_mpg")
    return {
        "model": model_file("auto_mpg"),
        "image": bundle / "model/auto_mpg.ecui",
        "bundle": bundle,
    }


@pytest.mark.parametrize("kind", ["model", "image", "bundle"])
def test_all_tell_the_same_interface(kind: str, bundles: Bundles) -> None:
    path = _paths(bundles)[kind]
    facts = succeed("inspect", path, "--json").data
    assert (facts["kind"], facts["name"]) == (kind, "auto_mpg")
    interface = facts["interface"]
    assert [tensor["name"] for tensor in interface["inputs"]] == INPUTS
    assert interface["inputs"][2]["unit"] == "hp"
    assert {"0": "Asia", "1": "Europe", "2": "North America"}.items() <= interface["inputs"][6][
        "codes"
    ].items()
    assert [tensor["name"] for tensor in interface["outputs"]] == ["mpg"]
    image = (bundles("auto_mpg") / "model/auto_mpg.ecui").read_bytes()
    assert bytes.fromhex(interface["hash"]) in image
    onnx = (bundles("auto_mpg") / "model/auto_mpg.onnx").read_bytes()
    assert facts["onnx_digest"] == hashlib.sha256(onnx).hexdigest()


@pytest.mark.parametrize("kind", ["model", "image", "bundle"])
def test_the_text_for_people(kind: str, bundles: Bundles) -> None:
    outcome = succeed("inspect", _paths(bundles)[kind])
    lines = outcome.stdout.splitlines()
    assert lines[0].split() == ["kind", kind]
    assert any(line.split()[:3] == ["horsepower", "float32[1]", "hp"] for line in lines)
    assert any("2 North America" in line for line in lines)
    stages = [line.split()[0] for line in outcome.stderr.splitlines()]
    assert stages == (["load", "convert"] if kind == "model" else [])


def test_a_model_tells_where_it_comes_from() -> None:
    facts = succeed("inspect", model_file("wine_grade"), "--json").data
    assert facts["format"] == "skops"
    assert facts["estimator"] == "Pipeline"
    assert facts["source_digest"] == hashlib.sha256(model_file("wine_grade").read_bytes()).hexdigest()
    assert sum(facts["onnx_operators"].values()) > 0


def test_a_bundle_shows_its_whole_manifest(bundles: Bundles) -> None:
    facts = succeed("inspect", bundles("wine_grade"), "--json").data
    manifest = json.loads((bundles("wine_grade") / "bundle.json").read_bytes())
    assert facts == {"kind": "bundle", **manifest}


def test_damaged_images(bundles: Bundles, tmp_path: Path) -> None:
    data = (bundles("wine_grade") / "model/wine_grade.ecui").read_bytes()
    path = tmp_path / "image.ecui"
    path.write_bytes(data[:-1])
    assert call("inspect", path).code == 3
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    outcome = call("inspect", path)
    assert outcome.code == 1
    assert "the model image is damaged" in outcome.stderr


def test_the_report_of_a_bundle_is_found(bundles: Bundles) -> None:
    report = bundles("wine_grade") / "reports/report.html"
    assert succeed("report", bundles("wine_grade")).stdout.strip() == str(report)
    assert succeed("report", bundles("wine_grade"), "--json").data == {"report": str(report)}


def test_a_report_is_written_again_with_the_same_bytes(bundles: Bundles, tmp_path: Path) -> None:
    bundle = copy_of(bundles("auto_mpg"), tmp_path)
    before = content_of(bundle)
    succeed("report", bundle, "-o", tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == before["reports/report.html"]
    (bundle / "reports/report.html").unlink()
    succeed("report", bundle)
    assert content_of(bundle) == before


@pytest.mark.parametrize("output", ["/dev/full", "/proc/report.html"])
def test_a_report_that_cannot_be_written(output: str, bundles: Bundles) -> None:
    outcome = call("report", bundles("wine_grade"), "-o", output)
    assert outcome.code == 2
    assert f"output: {Path(output).name} cannot be written: " in outcome.stderr


def test_a_report_needs_its_records(bundles: Bundles, tmp_path: Path) -> None:
    bundle = copy_of(bundles("wine_grade"), tmp_path)
    (bundle / "reports/certificate.json").write_text("{}")
    outcome = call("report", bundle, "-o", tmp_path / "report.html")
    assert outcome.code == 2
    assert "certificate or resources of the bundle cannot be read" in outcome.stderr
    assert not (tmp_path / "report.html").exists()
