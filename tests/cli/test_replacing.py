"""What stands in the place of a build, and what the verdict says of ranges that nobody declared."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.gaussian_process import GaussianProcessRegressor

from ecu_bundle.inspection import has_assumed_ranges, notes_of
from ecu_bundle.manifest import read_manifest
from pipeline.examples import Bundles, content_of, copy_of, model_file

from .program import call, succeed


def _config(folder: Path, version: str) -> Path:
    path = folder / "ecu-bundle.toml"
    path.write_text(f'[model]\nname = "auto_mpg"\nversion = "{version}"\n')
    return path


def test_another_interface_under_the_same_version_is_refused(bundles: Bundles, tmp_path: Path) -> None:
    place = copy_of(bundles("auto_mpg", "host"), tmp_path)
    before = content_of(place)
    config = _config(tmp_path, read_manifest(place).version)
    outcome = call("build", model_file("wine_grade"), "-o", place, "--config", config)
    assert outcome.code == 2
    assert "same name and version, auto_mpg 1.0.0, with other inputs" in outcome.stderr
    assert "--replace" in outcome.stderr
    assert content_of(place) == before


@pytest.mark.slow
@pytest.mark.parametrize(("version", "option"), [("1.0.0", ["--replace"]), ("1.0.1", [])])
def test_another_interface_replaces_it_and_is_told(
    version: str, option: list[str], bundles: Bundles, tmp_path: Path
) -> None:
    place = copy_of(bundles("auto_mpg", "host"), tmp_path)
    config = _config(tmp_path, version)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = GaussianProcessRegressor().fit(np.eye(3, dtype=np.float32) * 95.0, [1.0, 2.0, 3.0])
    skops.io.dump(model, tmp_path / "hist.skops")
    outcome = succeed("build", tmp_path / "hist.skops", "-o", place, "--config", config, *option)
    assert "Its interface was another one: programs written for it no longer fit" in outcome.stderr
    costs = next(line for line in outcome.stdout.splitlines() if line.startswith("  costs "))
    assert "flash " in costs


def test_notes_about_ranges_agree(bundles: Bundles, tmp_path: Path) -> None:
    """An input is in one of the two notes, and only an assumption is told at the verdict."""
    place = copy_of(bundles("auto_mpg", "host"), tmp_path)
    manifest, page = place / "bundle.json", place / "reports/certificate.json"
    record, certificate = (json.loads(path.read_bytes()) for path in (manifest, page))
    for tensor in record["interface"]["inputs"][:2]:
        tensor["maximum"] = "Infinity"
    names = [tensor["name"] for tensor in record["interface"]["inputs"][:2]]
    manifest.write_text(json.dumps(record))
    assert not has_assumed_ranges(notes_of(place))
    assert ", ".join(names) in notes_of(place)[0]
    certificate["notes"] = [f"no range is known for {names[0]}: -3.0 to 3.0 was assumed"]
    page.write_text(json.dumps(certificate))
    learned, assumed = notes_of(place)
    assert has_assumed_ranges([assumed]) and not has_assumed_ranges([learned])
    assert names[0] in assumed and names[0] not in learned and names[1] in learned
    assert "declare min and max" in assumed and "declare min and max" in learned
