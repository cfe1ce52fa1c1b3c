"""What a person sees while a stage runs."""

from __future__ import annotations

import io
import re
import time

import pytest

from ecu_bundle import console
from ecu_bundle.console import Console


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_DOT_SECONDS", 0.02)


def wait_for(stream: io.StringIO, text: str) -> None:
    end = time.monotonic() + 10
    while text not in stream.getvalue():
        assert time.monotonic() < end, stream.getvalue()
        time.sleep(0.005)


def test_a_stage_is_told_when_it_begins_and_its_line_lives() -> None:
    """One line in a log, however long the stage takes."""
    stream = io.StringIO()
    shown = Console(stream)
    shown.begin("verify", "a model")
    assert stream.getvalue() == "verify    a model"
    wait_for(stream, "a model ....")
    shown.detail("witnesses")
    shown.end("verify", 12.34)
    assert re.fullmatch(r"verify    a model \.{4,}  \(witnesses\) *    12.3 s\n", stream.getvalue())
    seen = stream.getvalue()
    time.sleep(0.1)
    assert stream.getvalue() == seen


def test_times_stand_below_each_other() -> None:
    stream = io.StringIO()
    shown = Console(stream)
    for stage, detail in (("load", ""), ("convert", "something"), ("verify", "more of it")):
        shown.begin(stage, "x")
        if detail:
            shown.detail(detail)
        shown.end(stage, 1.0)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert {line.index("1.0 s") for line in lines} == {74}
    assert lines[1].startswith("convert   x  (something) ")


def test_other_words_begin_at_the_left() -> None:
    """Those that are said during a stage, and what follows on a stage that failed."""
    stream = io.StringIO()
    shown = Console(stream)
    shown.begin("load", "x")
    shown.say("note: y")
    shown.end("load", 1.0)
    shown.begin("build", "z")
    shown.close()
    stream.write("error: w\n")
    lines = stream.getvalue().splitlines()
    assert [line.split(":")[0].split()[0] for line in lines] == ["load", "note", "load", "build", "error"]


def test_nothing_is_told_when_quiet() -> None:
    stream = io.StringIO()
    shown = Console(stream, quiet=True)
    shown.begin("load", "x")
    time.sleep(0.1)
    shown.say("note: y")
    shown.end("load", 1.0)
    assert stream.getvalue() == ""
