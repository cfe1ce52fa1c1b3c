"""``ecu-bundle.toml``: every mistake is reported at once, with its line."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from ecu_bundle.config import FILE_NAME, MAX_BYTES, Config, config_beside, read_config
from ecu_bundle.errors import UsageError

FULL = """\
[model]
name = "brake_wear"
title = "Brake wear"
version = "1.2"

[[inputs]]
name = "speed"
unit = "km/h"
min = 0
max = 250.5

[[inputs]]
name = "load"
accepts_nan = false

[outputs.variable]
name = "wear"
unit = "mm"
description = "of the front left pad"

[classes]
bad = "worn"

[build]
target = "host"
engine = "ort"
output = "out"

[load]
trust_pickle = true
member = "model.joblib"

[parity]
data = "rows.csv"
tolerance = 1e-4
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / FILE_NAME
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def mistakes(folder: Path, text: str | bytes) -> str:
    """What is said about a wrong file."""
    path = write(folder, text)
    with pytest.raises(UsageError) as caught:
        read_config(path)
    assert caught.value.exit_code == 2
    assert caught.value.stage == "configuration"
    assert re.fullmatch(rf"{re.escape(str(path))}(, line \d+)?", caught.value.place)
    assert caught.value.hint
    return caught.value.cause


def test_every_option(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, FULL))
    words = config.description()
    assert (words.name, words.title, words.version) == ("brake_wear", "Brake wear", "1.2")
    speed, load = words.inputs
    assert (speed.name, speed.unit, speed.minimum, speed.maximum) == ("speed", "km/h", 0.0, 250.5)
    assert (load.minimum, load.maximum) == (-math.inf, math.inf)
    assert words.outputs["variable"].rename == "wear"
    assert words.classes == {"bad": "worn"}
    assert (speed.accepts_nan, load.accepts_nan) == (None, False)
    assert words.places["inputs", "1"] == f"{tmp_path / FILE_NAME}, line 12"
    assert words.places["outputs", "variable"].endswith(", line 16")
    assert words.places["classes", "bad"].endswith(", line 22")
    assert (config.build.target, config.build.engine, config.build.output) == ("host", "ort", "out")
    assert (config.load.trust_pickle, config.load.allow_version_skew) == (True, False)
    assert (config.parity.data, config.parity.tolerance) == ("rows.csv", 1e-4)


@pytest.mark.parametrize("text", ["", "# nothing\n", "\r\n", "[model]\n"])
def test_nothing_is_said(tmp_path: Path, text: str) -> None:
    assert read_config(write(tmp_path, text)) == Config() == read_config(None)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert read_config(write(tmp_path, FULL.encode("utf-8-sig"))) == read_config(write(tmp_path, FULL))


def test_the_place_of_an_option(tmp_path: Path) -> None:
    path = write(tmp_path, FULL)
    config = read_config(path)
    assert config.place("build", "engine") == f"{path}, line 26"
    assert config.place("model", "colour") == Config().place("build", "engine") == ""
    assert config.refusals() == {"load": f"{path}, line 14"}


def test_where_the_file_is_looked_for(tmp_path: Path) -> None:
    model = tmp_path / "model.skops"
    assert config_beside(model) is None
    path = write(tmp_path, "")
    assert config_beside(model) == config_beside(tmp_path) == path


MANY = """\
[model]
name = "9 lives"
colour = "red"

[[inputs]]
name = "speed"
min = 3
max = 1

[[inputs]]
unit = "N"

[outputs.wrong]
unit = "mm"

[build]
target = "toaster"
engine = "tensorflow"

[parity]
tolerance = 2.0
data = 7

[nonsense]
"""


def test_all_mistakes_at_once_with_their_lines(tmp_path: Path) -> None:
    said = mistakes(tmp_path, MANY)
    assert said.splitlines()[0] == f"{FILE_NAME} has 10 mistakes:"
    for expected in (
        "line 2: model.name: must be letters, digits and _, beginning with a letter",
        "line 3: model.colour: there is no such option",
        "line 5: input 'speed': min 3.0 is above max 1.0",
        "line 10: input 2, name: is missing",
        "line 13: outputs.wrong: must be 'label', 'probabilities'",
        "line 17: build.target: unknown target 'toaster'",
        "line 18: build.engine: must be 'auto', 'ort', 'native' or 'both'",
        "line 21: parity.tolerance: must be at most 0.01",
        "line 22: parity.data: must be a text in quotes",
        "line 24: nonsense: there is no such table",
    ):
        assert f"\n    {FILE_NAME}, {expected}" in said


SINGLE: list[tuple[str, str]] = [
    ("[parity]\ntolerance = 0\n", "line 2: parity.tolerance: must be above 0"),
    ("[parity]\ntolerance = nan\n", "line 2: parity.tolerance"),
    ("[parity]\ntolerance = '1e-5'\n", "line 2: parity.tolerance: must be a number"),
    ("parity.tolerance = 1\n", "line 1: parity.tolerance"),
    ("parity = { tolerance = 1 }\n", "line 1: parity.tolerance"),
    ("[parity]\n'tolerance' = 1\n", "line 2: parity.tolerance"),
    ("[ parity ] # words\n  tolerance=1\n", "line 2: parity.tolerance"),
    ("[[inputs]]\nname='a'\nmin = inf\n", "line 3: input 'a', min: must be a finite number"),
    ("[[inputs]]\nname='a'\nmin = true\n", "line 3: input 'a', min: must be a number"),
    ("[[inputs]]\nname = ''\n", "line 2: input 1, name: must not be empty"),
    ("[[inputs]]\nname='a'\n[[inputs]]\nname='a'\n", "line 3: input 'a': is described twice"),
    ("[inputs]\nname='a'\n", "line 1: inputs: must be a list of tables, written [[inputs]]"),
    ("inputs = 'speed'\n", "line 1: inputs: must be a list of tables, written [[inputs]]"),
    ("[load]\ntrust_pickle = 'yes'\n", "line 2: load.trust_pickle: must be true or false"),
    ("[load]\ntrust_pickle = 1\n", "line 2: load.trust_pickle: must be true or false"),
    ("[classes]\na = ''\n", "line 2: classes.a: must not be empty"),
    ("[classes]\na = 1\n", "line 2: classes.a: must be a text in quotes"),
    ("[model]\nname = '../../etc/passwd'\n", "line 2: model.name"),
    ('[model]\nname = \'a\\"; system(\\"x\\");\'\n', "line 2: model.name"),
    ("[model]\nname = '" + "a" * 49 + "'\n", "line 2: model.name"),
    ("[model]\ntitle = '" + "a" * 501 + "'\n", "line 2: model.title: must have at most 500 characters"),
    (
        "[[inputs]]\nname='a'\nunit='" + "u" * 41 + "'\n",
        "line 3: input 'a', unit: must have at most 40 characters",
    ),
    ("[outputs.label]\ncolour = 1\n", "line 2: outputs.label.colour: there is no such option"),
    ("[[inputs]]\nname='a'\naccepts_nan = 0\n", "line 3: input 'a', accepts_nan: must be true or false"),
    ("[model]\ntitel = 'x'\n", "line 2: model.titel: there is no such option; did you mean 'title'?"),
    ("[modle]\n", "line 1: modle: there is no such table; did you mean 'model'?"),
    ("[[input]]\nname='a'\n", "line 1: input: there is no such table; did you mean 'inputs'?"),
    ("\n[output.label]\n", "line 2: output: there is no such table; did you mean 'outputs'?"),
    ("target = 'host'\n", "line 1: target: there is no such option; it belongs into [build]"),
    ("[model]\ndata = 'x'\n", "line 2: model.data: there is no such option; it belongs into [parity]"),
    ("[model]\ncolour = 1\n", "model.colour: there is no such option; known here: name, title, version"),
    (
        "[build]\ntarget = 'hots'\n",
        f"{FILE_NAME}, line 2: build.target: unknown target 'hots', there are host, ",
    ),
    ("[build]\ntarget = 'hots'\n", "riscv32; did you mean 'host'?"),
    ("[build]\nengine = 'nativ'\n", f"{FILE_NAME}, line 2: build.engine: must be 'auto', 'ort', "),
    ("[build]\nengine = 'nativ'\n", "did you mean 'native'?"),
    ("[parity.date]\nx = 1\n", "line 1: parity.date: there is no such table; did you mean 'data'?"),
    ("[[inputs]]\nname='a'\nmaximum = 1\n", "line 3: input 'a', maximum: there is no such option"),
    ("[[inputs]]\nname='a'\nunits = 'V'\n", "'a', units: there is no such option; did you mean 'unit'?"),
    ("[outputs.lable]\nunit = 'V'\n", "line 1: outputs.lable: must be 'label', 'probabilities'"),
    ("[outputs.lable]\nunit = 'V'\n", "or 'variable'; did you mean 'label'?"),
    ("[build]\nengine = 'ORT'\n", "'native' or 'both'; did you mean 'ort'?"),
    ("[outputs]\nlabel = 'verdict'\n", "line 2: outputs.label: must be a table"),
    ("model = 'fuel'\n", "line 1: model: must be a table"),
]


@pytest.mark.parametrize(("text", "expected"), SINGLE, ids=[case[0][:24] for case in SINGLE])
def test_one_mistake(tmp_path: Path, text: str, expected: str) -> None:
    said = mistakes(tmp_path, text)
    assert said.startswith(f"{FILE_NAME} has 1 mistake:\n")
    assert expected in said


UNREADABLE: list[tuple[str | bytes, str]] = [
    ("[model\n", "is not TOML: .*line 1"),
    ("a = 1\na = 2\n", "is not TOML: .*line 2"),
    ("[model]\nname = \n", "is not TOML: .*line 2"),
    ("[model]\n[model]\n", "is not TOML"),
    ("x = " + "[" * 5000 + "\n", "is not TOML"),
    (b"\xff\xfe[model]\n", "is not UTF-8"),
    (b"[model]\ntitle = '\x00'\n", "is not TOML"),
    (b"#" * (MAX_BYTES + 1), "larger than 1 MiB"),
    (b"\x80PNG", "is not UTF-8"),
]


@pytest.mark.parametrize(("text", "expected"), UNREADABLE, ids=[case[1] for case in UNREADABLE])
def test_files_that_cannot_be_read(tmp_path: Path, text: str | bytes, expected: str) -> None:
    assert re.search(expected, mistakes(tmp_path, text))


def test_a_folder_or_nothing_in_place_of_the_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(UsageError, match="cannot read"):
            read_config(path)


def test_texts_pass_unchanged(tmp_path: Path) -> None:
    hostile = 'a*/ "b" \\\\ #if 日本 <script>'
    config = read_config(write(tmp_path, f"[[inputs]]\nname = '{hostile}'\ndescription = '{hostile}'\n"))
    assert (config.inputs[0].name, config.inputs[0].description) == (hostile, hostile)
