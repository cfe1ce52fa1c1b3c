"""The same model gives the same bytes, wherever and however the tool is started."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from cli.program import spawn

from .examples import EXAMPLES, Bundles, content_of

ELSEWHERE = {
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "4711",
    "CXXFLAGS": "-O0 -g",
    "SOURCE_DATE_EPOCH": "1",
    "COLUMNS": "40",
}


@pytest.mark.parametrize(
    ("example", "engine"), [("auto_mpg", "auto"), ("wine_grade", "auto"), ("wine_grade", "both")]
)
def test_another_folder_and_environment_give_the_same_bytes(
    bundles: Bundles, example: str, engine: str, tmp_path: Path
) -> None:
    folder = tmp_path / "a place with spaces"
    home = tmp_path / "home"
    home.mkdir()
    shutil.copytree(EXAMPLES / example, folder)
    env = {"PATH": os.environ["PATH"], "HOME": str(home), **ELSEWHERE}
    command = 'umask 077 && exec "$0" build "$1.skops" -e "$2" -o out'
    outcome = spawn(example, engine, env=env, cwd=folder, prefix=("sh", "-c", command))
    assert outcome.code == 0, outcome.stderr
    first, second = content_of(bundles(example, engine=engine)), content_of(folder / "out")
    assert list(first) == list(second)
    assert [path for path in first if first[path] != second[path]] == []
