"""`make demo-update`, step by step."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from examples.update.demo import Story, tell

from pipeline.examples import CHECKOUT

pytestmark = [pytest.mark.cross, pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Looks like the checkout."""
    made = tmp_path_factory.mktemp("story")
    (made / "examples").symlink_to(CHECKOUT / "examples")
    (made / ".venv").symlink_to(sys.prefix)
    return made


@pytest.fixture(scope="module")
def told(folder: Path) -> tuple[Story, list[str]]:
    lines: list[str] = []
    story = tell(folder / "build/update", lines.append)
    return story, lines


def test_everything_before_the_ecu_works(told: tuple[Story, list[str]]) -> None:
    results = told[0].results
    names = [
        "build A",
        "build B",
        "keygen root",
        "keygen",
        "pack A",
        "pack B",
        "pack takeover",
        "export mps2",
        "build A for virt",
        "export virt",
    ]
    assert {name: results[name][0] for name in names} == dict.fromkeys(names, 0)


@pytest.mark.parametrize(
    ("name", "model", "boot"),
    [
        ("factory", "A", "slot=0 trial=0 sequence=1 reverted=0"),
        ("bad", "A", "slot=0 trial=0 sequence=1 reverted=70"),  # ECU_UPDATE_SELF_TEST_FAILED
        ("cut", "A", "slot=0 trial=0 sequence=1 reverted=0"),
        ("B", "B", "slot=1 trial=1 sequence=3 reverted=0"),
        ("refusals", "B", "slot=1 trial=0 sequence=3 reverted=0"),
        ("virt factory", "A", "slot=0 trial=0 sequence=1 reverted=0"),
        ("virt B", "B", "slot=1 trial=0 sequence=3 reverted=0"),
    ],
)
def test_the_ecu_runs_the_right_model(
    told: tuple[Story, list[str]], name: str, model: str, boot: str
) -> None:
    """By its own word, and by what it computes: all rows as scikit-learn does with that model alone."""
    assert told[0].boots[name] == dict(word.split("=") for word in boot.split())
    assert told[0].outputs[name] == model


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("bad", 1, "ECU_UPDATE_SELF_TEST_FAILED"),
        ("cut", 4, "no usable connection"),
        ("rollback", 1, "ECU_PACKAGE_ROLLBACK"),
        ("interface", 1, "ECU_PACKAGE_WRONG_INTERFACE"),
        ("stranger", 1, "ECU_PACKAGE_UNKNOWN_KEY"),
        ("takeover", 1, "ECU_PACKAGE_WRONG_USE"),
    ],
)
def test_what_must_not_be_is_refused(told: tuple[Story, list[str]], name: str, code: int, said: str) -> None:
    found, data = told[0].results[name]
    assert found == code
    assert said in data["cause"]


@pytest.mark.parametrize("name", ["B", "virt B"])
def test_the_new_model_is_confirmed(told: tuple[Story, list[str]], name: str) -> None:
    code, data = told[0].results[name]
    assert code == 0
    assert (data["before"]["sequence"], data["after"]["sequence"]) == (1, 3)
    assert data["after"]["model"] == "wine_grade 2.0.0"
    assert data["after"]["rxswin"] == ["R 155-0042"]
    assert data["after"]["state"] == "confirmed"


def test_the_ecu_of_the_story_is_flashed_by_hand(told: tuple[Story, list[str]], folder: Path) -> None:
    """With the lines of docs/flashing.md as they stand there, the first one in a terminal of its own."""
    page = (CHECKOUT / "docs/flashing.md").read_text(encoding="utf-8").split("## A simulated ECU")[1]
    start, *rest = re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S)[0].splitlines()
    with subprocess.Popen(
        shlex.split(start), cwd=folder, stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as ecu:
        try:
            assert ecu.stdout is not None
            assert ecu.stdout.readline().startswith(b"listening on 127.0.0.1:13400, ")
            for line in rest:
                done = subprocess.run(
                    shlex.split(line), cwd=folder, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, done.stderr
        finally:
            ecu.terminate()
    assert "sequence 4: the ECU runs it, confirmed\n" in done.stdout
    assert told[0].outputs["refusals"] == "B"


def test_the_transcript_can_be_read(told: tuple[Story, list[str]]) -> None:
    lines = "\n".join(told[1]).splitlines()
    assert [line[:2].strip() for line in lines if line[:2].strip()] == [str(n) for n in range(1, 13)]
    assert max(map(len, lines)) < 200
    assert not any(str(Path.home()) in line or "/tmp" in line for line in lines)  # noqa: S108
