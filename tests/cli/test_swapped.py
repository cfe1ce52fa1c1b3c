"""Arguments in the wrong place: what was given is named, and nothing is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.examples import Bundles, content_of, copy_of, model_file, rows_file

from .program import call

ROWS = str(rows_file("auto_mpg"))
MODEL = str(model_file("auto_mpg"))

SWAPPED: list[tuple[list[str], str]] = [
    (["build", ROWS], "rows.csv is a table of rows, not a model"),
    (["run", ROWS, "-i", MODEL, "-o", "out"], "rows.csv is a table of rows, not a model"),
    (["run", MODEL, "-i", MODEL, "-o", "out"], "unknown kind of file '.skops'"),
    (["init", ROWS, "-o", "my.toml"], "rows.csv is a table of rows, not a model"),
    (["inspect", ROWS], "rows.csv is a table of rows, not a model"),
    (["build", "{bundle}"], "{bundle.name} is a bundle, not a model"),
    (["build", "{bundle}/bundle.json"], "bundle.json is the manifest of a bundle, not a model"),
    (
        ["run", "{bundle}/model/auto_mpg.ecui", "-i", ROWS, "-o", "out"],
        "auto_mpg.ecui is a model image, not a",
    ),
    (["verify", MODEL], "auto_mpg.skops is a file, not a bundle"),
    (["verify", MODEL, "--model", "{bundle}"], "auto_mpg.skops is a file, not a bundle"),
    (["diff", "{bundle}", MODEL], "auto_mpg.skops is a file, not a bundle"),
    (["report", MODEL], "auto_mpg.skops is a file, not a bundle"),
    (["build", MODEL, "--config", "."], " is a folder"),
]


@pytest.mark.parametrize(
    ("arguments", "said"), SWAPPED, ids=[" ".join(case[0][:2])[-40:] for case in SWAPPED]
)
def test_what_was_given_is_named(
    arguments: list[str], said: str, bundles: Bundles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = bundles("auto_mpg")
    monkeypatch.chdir(tmp_path)
    outcome = call(*(word.format(bundle=bundle) for word in arguments))
    assert outcome.code == 2, outcome.stderr
    assert said.format(bundle=bundle) in outcome.stderr
    assert "\n  at: " in outcome.stderr and "\n  next: " in outcome.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "call_of",
    [
        lambda bundle: ("build", MODEL, "-o", bundle / "inner"),
        lambda bundle: ("build", MODEL, "-o", bundle / "src" / "build"),
        lambda bundle: ("report", bundle, "-o", bundle / "bundle.json"),
        lambda bundle: ("report", bundle, "-o", bundle / "reports" / "mine.html"),
        lambda bundle: ("init", MODEL, "-o", bundle / "ecu-bundle.toml"),
        lambda bundle: ("init", MODEL, "-o", bundle.parent / "link" / "ecu-bundle.toml"),
    ],
    ids=["build", "build below", "report over the manifest", "report", "init", "init through a link"],
)
def test_nothing_is_written_into_a_bundle(
    call_of: Callable[[Path], tuple[str | Path, ...]], bundles: Bundles, tmp_path: Path
) -> None:
    bundle = copy_of(bundles("auto_mpg"), tmp_path)
    (tmp_path / "link").symlink_to(bundle)
    before = content_of(bundle)
    outcome = call(*call_of(bundle))
    assert outcome.code == 2
    assert f"the place lies inside the bundle {bundle.name}, which would no longer verify" in outcome.stderr
    assert content_of(bundle) == before


def test_the_configuration_names_rows_that_are_not_there(tmp_path: Path) -> None:
    """Before anything is loaded, with the line to correct."""
    model = Path(shutil.copy(MODEL, tmp_path))
    config = tmp_path / "ecu-bundle.toml"
    config.write_text('[model]\n\n[parity]\ndata = "gone.csv"\n')
    outcome = call("build", model, "-o", tmp_path / "out", "--json")
    assert outcome.code == 2
    assert outcome.data["cause"] == f"there is no file {tmp_path / 'gone.csv'}, which parity.data names"
    assert outcome.data["place"] == f"{config}, line 4"
    assert "load " not in outcome.stderr
    assert not (tmp_path / "out").exists()


def test_an_engine_of_the_configuration_that_the_target_lacks(tmp_path: Path) -> None:
    config = tmp_path / "my.toml"
    config.write_text('[build]\ntarget = "cortex-m3"\nengine = "ort"\n')
    data = call("build", MODEL, "--config", config, "--json").data
    assert data["cause"] == "the engine 'ort' is not available for the target cortex-m3"
    assert data["place"] == f"{config}, line 3"


def test_an_option_without_its_value_names_the_verb() -> None:
    outcome = call("build", MODEL, "--output")
    assert outcome.code == 2
    assert "next: ecu-bundle build --help" in outcome.stderr
