"""The comparison with other generators: its judgement, statuses, tables and picture."""

from __future__ import annotations

import json
import math
import venv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from benchmarks.peers import __main__ as command
from benchmarks.peers import generate, measure
from benchmarks.peers.chart import chart
from benchmarks.peers.compared import MODELS, TOOLS, Cost, Kind, Truth, Verdict, judge
from benchmarks.peers.environment import PACKAGES, PINNED, environment, pins
from benchmarks.peers.page import page
from benchmarks.peers.store import Cells, Results, chosen, loads, require_same

from ecu_bundle.building.processes import Finished
from ecu_bundle.errors import UsageError

NATIVE = Cost(m4=100, m4_most=120, flash=2000, bss=500, stack=90, x86=80, rows=50, wrong_labels=0, error=0.0)
RESULTS = Results(
    {"gcc": "gcc 12", "m2cgen": "1.0"},
    "harness",
    {"dt": "truth"},
    {
        "dt": {
            "native": NATIVE,
            "onnxruntime": Cost(x86=20_000, rows=50, wrong_labels=0, error=1e-7),
            "emlearn": Cost("refused", "ValueError: Unknown | model `type`"),
            "emlearn-int16": Cost("not applicable"),
            "m2cgen": replace(NATIVE, m4=50, flash=9000, bss=0, wrong_labels=7, error=0.5),
            "micromlgen": replace(NATIVE, m4=70, flash=1000, error=None),
            "tl2cgen": Cost("failed", "Cortex-M4F: region FLASH overflowed"),
        }
    },
)
TWO_CLASSES = Truth(np.array([0, 1]), np.array([[0.75, 0.25], [0.25, 0.75]]))
SCORES = Truth(np.array([0, 1]), np.array([[-1.0], [2.0]]), positive=True)
VALUES = Truth(None, np.array([[1.0], [200.0]]))
INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("kind", "found", "truth", "wrong", "error"),
    [
        ("probabilities", [[0.75, 0.25], [0.25, 0.75]], TWO_CLASSES, 0, 0.0),
        ("probabilities", [[0.25, 0.75], [0.25, 0.75]], TWO_CLASSES, 1, 0.5),
        ("probabilities", [[0.75, 0.25], [NAN, 0.75]], TWO_CLASSES, 1, INF),
        ("label", [[0.0], [0.0]], TWO_CLASSES, 1, None),
        ("label", [[0.0], [NAN]], TWO_CLASSES, 1, None),
        ("score", [[-1.0], [1.5]], SCORES, 0, 0.5),
        ("score", [[1.0], [-2.0]], SCORES, 2, 4.0),
        ("score", [[-0.1], [0.1]], TWO_CLASSES, 0, None),
        ("value", [[1.0], [202.5]], VALUES, None, 2.5),
    ],
)
def test_results_are_judged_by_scikit_learn(
    kind: Kind, found: list[list[float]], truth: Truth, wrong: int | None, error: float | None
) -> None:
    assert judge(kind, np.array(found, np.float32).view(np.uint32), truth) == (wrong, error)


def test_of_two_scores_the_second_is_the_score() -> None:
    words = np.array([[0.0, 1.0, -1.0], [0.0, -2.0, 2.5]], np.float32).view(np.uint32)
    words[:, 0] = [0, 1]
    assert judge("label and numbers", words, SCORES) == (0, 0.5)


def test_a_label_of_ours_is_an_integer() -> None:
    words = np.array([[0.0, 0.75, 0.25], [0.0, 0.25, 0.5]], np.float32).view(np.uint32)
    words[:, 0] = [0, 1]
    assert judge("label and numbers", words, TWO_CLASSES) == (0, 0.25)
    words[:, 0] = np.float32(-1.0).view(np.uint32)  # what is written when a run fails
    assert judge("label and numbers", words, TWO_CLASSES)[0] == 2


@pytest.mark.parametrize(
    ("kind", "found", "truth"),
    [
        ("probabilities", [[0.75, 0.25]], TWO_CLASSES),
        ("probabilities", [[0.75, 0.2, 0.05], [0.25, 0.7, 0.05]], TWO_CLASSES),
        ("value", [[0.75, 0.25], [0.25, 0.75]], TWO_CLASSES),
    ],
    ids=["rows", "numbers", "no label"],
)
def test_results_of_another_shape_are_no_results(kind: Kind, found: list[list[float]], truth: Truth) -> None:
    with pytest.raises(ValueError, match=r"came back|no label"):
        judge(kind, np.array(found, np.float32).view(np.uint32), truth)


@pytest.mark.parametrize(
    ("cost", "verdict"),
    [
        (Cost("refused", "no"), ""),
        (NATIVE, "right"),
        (replace(NATIVE, error=2e-4), "numbers off"),
        (replace(NATIVE, error=2e-4, span=200.0, wrong_labels=None), "right"),
        (replace(NATIVE, error=INF), "numbers off"),
        (replace(NATIVE, error=None), "labels only"),
        (replace(NATIVE, error=None, wrong_labels=1), "labels wrong"),
        (replace(NATIVE, wrong_labels=1), "labels wrong"),
    ],
)
def test_a_verdict_names_the_worst(cost: Cost, verdict: Verdict) -> None:
    assert cost.verdict == verdict


def _lines(heading: str) -> list[str]:
    part = page(RESULTS).split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line for line in part.splitlines() if line]


def test_tables_mark_what_is_not_right_and_what_is_best() -> None:
    assert _lines("Instructions of a row, Cortex-M4F")[2:] == [
        "| **ecu-bundle native** | 100 |",
        "| m2cgen | 50 w |",
        "| micromlgen | **70** l |",
    ]
    assert "| **ecu-bundle native** | **80** |" in _lines("Instructions of a row, x86-64")
    assert _lines("RAM and stack, bytes, Cortex-M4F")[2] == "| **ecu-bundle native** | 500 + 90 |"


def test_every_tool_has_its_result_or_its_status() -> None:
    assert _lines("Results")[3:] == [
        "| **ecu-bundle native** | 0, 0 |",
        "| ONNX Runtime | 0, 1e-07 |",
        "| emlearn | refused |",
        "| emlearn int16 loadable | - |",
        "| m2cgen | 7 of 50, 5e-01 |",
        "| micromlgen | 0 |",
        "| tl2cgen quantize=1 | failed |",
    ]
    assert _lines("What was refused, or failed") == [
        "- emlearn, dt: refused. `ValueError: Unknown | model 'type'`",
        "- tl2cgen quantize=1, dt: failed. `Cortex-M4F: region FLASH overflowed`",
    ]


def test_what_needs_less_than_ours_is_said() -> None:
    assert _lines("Where others need less than ecu-bundle")[3:] == [
        "| instructions, Cortex-M4F | dt | 100 "
        "| m2cgen 50 (7 of 50 labels wrong); micromlgen 70 (labels only) |",
        "| bytes of flash | dt | 2,000 | micromlgen 1,000 (labels only) |",
    ]


def test_the_picture_has_a_dot_for_each_result_and_names_the_rest() -> None:
    svg = ElementTree.fromstring(chart(RESULTS.costs))  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    assert [dot.get("class") for dot in svg.iter(f"{space}circle")] == ["wrong", "right", "ours"]
    texts = {text.text for text in svg.iter(f"{space}text")}
    assert {"dt", MODELS["dt"], "100 · 2.0 KiB", "refused: emlearn", "failed: tl2cgen quantize=1"} <= texts


def test_figures_survive_their_file() -> None:
    assert loads(RESULTS.dumps()) == RESULTS
    assert len(RESULTS.dumps().splitlines()) < 20


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"costs": {"dt": {"native": {"speed": 3}}}}'])
def test_broken_figures_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        loads(text)


@pytest.mark.parametrize(
    ("fresh", "said"),
    [
        (replace(RESULTS, versions={"gcc": "gcc 13", "m2cgen": "1.0"}), "gcc"),
        (replace(RESULTS, models={"dt": "another"}), "model dt"),
        (replace(RESULTS, harness="another"), "benchmarks/peers"),
    ],
)
def test_old_and_new_figures_stand_together_only_when_taken_alike(fresh: Results, said: str) -> None:
    require_same(RESULTS, RESULTS)
    with pytest.raises(UsageError, match=f"with something else: {said}\n"):
        require_same(RESULTS, fresh)


def test_a_broken_run_goes_on(tmp_path: Path) -> None:
    cells = Cells(tmp_path, {"gcc": "12"})
    assert cells.get("dt", "truth", "m2cgen") is None
    cells.put("dt", "truth", "m2cgen", NATIVE)
    assert cells.get("dt", "truth", "m2cgen") == NATIVE
    assert cells.get("dt", "other", "m2cgen") is None
    assert Cells(tmp_path, {"gcc": "13"}).get("dt", "truth", "m2cgen") is None
    (tmp_path / "dt" / "m2cgen.json").write_text("{")
    assert cells.get("dt", "truth", "m2cgen") is None


def test_tools_can_be_chosen() -> None:
    kept = {**dict.fromkeys(TOOLS, NATIVE), "emlearn": Cost("not run"), "m2cgen": Cost("failed", "no")}
    assert chosen("ours", (), kept) == ("native",)
    assert set(chosen("peers", (), kept)) == set(TOOLS) - {"native"}
    assert chosen("missing", (), kept) == ("emlearn",)
    assert chosen("missing", (), {}) == tuple(TOOLS)
    assert chosen("", ("m2cgen", "native"), {}) == ("native", "m2cgen")
    with pytest.raises(UsageError, match="all models and tools"):
        command.run(command.parse(["--only", "ours", "--model", "dt"]))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"m2cgen": Cost("not installed", "no network")}, 1),
        ({"m2cgen": Cost("not run")}, 1),
        ({"native": replace(NATIVE, wrong_labels=1)}, 1),
        ({"native": Cost("refused", "no")}, 1),
    ],
)
def test_the_exit_status_says_what_is_missing(changes: dict[str, Cost], code: int, tmp_path: Path) -> None:
    results = replace(RESULTS, costs={"dt": {**RESULTS.costs["dt"], **changes}})
    assert command._write(results, tmp_path, update_docs=False) == code
    assert {place.name for place in tmp_path.iterdir()} == {"peers.md", "peers.svg", "peers.json"}


def _raiser(error: Exception) -> Callable[..., dict[str, Any]]:
    def tool(*_: object) -> dict[str, Any]:
        raise error

    return tool


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (ValueError("first\nUnknown model type"), "refused", "ValueError: Unknown model type"),
        (AssertionError(), "refused", "AssertionError: "),
        (RecursionError("too deep"), "failed", "RecursionError: too deep"),
        (generate.NotApplicableError(), "not applicable", ""),
        (ModuleNotFoundError("No module named 'm2cgen'"), "not installed", "No module named 'm2cgen'"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_tool_says_is_kept(
    error: Exception, status: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(generate.TOOLS, "m2cgen", _raiser(error))
    assert generate.made_by("m2cgen", object(), tmp_path) == {"status": status, "reason": reason}


@pytest.mark.parametrize(
    ("code", "stderr", "said"),
    [
        (
            1,
            "In file x\ncc1: out of memory allocating 9 bytes\ncompilation terminated.",
            "cc1: out of memory",
        ),
        (1, "/usr/lib/gcc/ld: region `FLASH' overflowed by 9 bytes", "ld: region `FLASH' overflowed"),
        (1, "strange\nthe end", "the end"),
        (-11, "", "ended by SIGSEGV"),
        (None, "much text", "stopped at its time limit"),
    ],
)
def test_a_failure_is_explained_without_paths_of_this_machine(
    code: int | None, stderr: str, said: str
) -> None:
    assert measure.explained(Finished(("x",), code, b"", stderr)).startswith(said)


@pytest.mark.parametrize(("limit", "said"), [("COMPILE_SECONDS", "time limit"), ("COMPILE_BYTES", "memory")])
def test_a_compiler_stops_at_its_limit(
    limit: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Macros that double thirty times are more than any limit; the compiler gets one second, or 100 MB."""
    lines = ["#define M0 1,1", *(f"#define M{i} M{i - 1},M{i - 1}" for i in range(1, 31))]
    (tmp_path / "large.c").write_text("\n".join([*lines, "int large[] = {M30};\n"]))
    monkeypatch.setattr(measure, limit, {"COMPILE_SECONDS": 1, "COMPILE_BYTES": 100_000_000}[limit])
    with pytest.raises(measure.ToolError, match=f"cc: .*{said}"):
        measure._made("cc", "-c", tmp_path / "large.c", "-o", tmp_path / "large.o")


def test_what_cannot_be_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pip that knows no micromlgen; the next run tries again, and finds all."""
    fake = 'case "$*" in *requirements.txt|*micromlgen) '
    made: list[Path] = []

    def create(folder: Path, **_: object) -> None:
        made.append(folder)
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        python = folder / "bin" / "python"
        broken = len(made) == 1
        test = f'{fake} echo "ERROR: No matching distribution" >&2; exit 1;; esac' if broken else ""
        python.write_text(f"#!/bin/sh\n{test.replace('*requirements.txt', '*-r*requirements.txt')}\n")
        python.chmod(0o755)

    monkeypatch.setattr(venv, "create", create)
    found = environment(tmp_path)
    assert found.missing == {"micromlgen": "ERROR: No matching distribution"}
    assert environment(tmp_path).missing == {}
    assert environment(tmp_path).missing == {}
    assert len(made) == 2


def test_every_package_is_pinned() -> None:
    assert set(TOOLS) - set(PACKAGES) == {"native", "onnxruntime"}
    assert {package for packages in PACKAGES.values() for package in packages} <= set(pins())
    assert all("==" in line for line in PINNED.read_text().splitlines())
    assert set(generate.TOOLS) == set(PACKAGES)


@pytest.mark.slow
@pytest.mark.cross
def test_a_pipeline_is_measured_with_a_peer(tmp_path: Path) -> None:
    """Without a network the table says that the peer is not installed, and the exit status is 1."""
    arguments = ["--model", "lr", "--tool", "native", "--tool", "m2cgen", "--output", str(tmp_path)]
    code = command.main([*arguments, "--environment", str(tmp_path / "environment")])
    costs = loads((tmp_path / "peers.json").read_text()).costs["lr"]
    assert costs["native"].verdict == "right"
    assert 100 < costs["native"].m4 < 2000
    assert costs["native"].stack > 0
    if costs["m2cgen"].status == "not installed":
        assert code == 1
        return
    assert code == 0
    assert costs["m2cgen"].verdict == "labels only"
    assert costs["m2cgen"].m4 > costs["native"].m4
    cell = json.loads((tmp_path / "cells" / "lr" / "m2cgen.json").read_text())
    assert Cost(**cell["cost"]) == costs["m2cgen"]
