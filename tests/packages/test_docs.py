"""``docs/packaging.md`` and ``docs/flashing.md``: their commands are accepted, the tables are complete.

That the commands work as typed is tested where what they need is built: in ``cli/test_readme.py`` after those
of the README, in ``flashing/test_story.py`` after the story.
"""

from __future__ import annotations

import re
import shlex

import click
import pytest

from ecu_bundle.cli import cli
from ecu_bundle.config import UpdateTable
from ecu_bundle.packaging.exporters import EXPORTERS
from packages.examples import DOCS

PAGE = (DOCS / "packaging.md").read_text(encoding="utf-8")
PAGES = PAGE + (DOCS / "flashing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGES, re.M | re.S)
COMMANDS = re.findall(r"^\.venv/bin/ecu-bundle (.*)$", "".join(BLOCKS), re.M)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_page_is_one(line: str) -> None:
    """A wrong option would raise."""
    verb, *words = shlex.split(line)
    parent = click.Context(
        cli, **cli.context_settings
    )  # click remembers the help options that it finds first
    cli.commands[verb].make_context(verb, words, parent=parent)


def test_each_line_of_a_page_starts_a_program_of_the_checkout() -> None:
    """As after the commands of the README, where nothing of ours is in PATH."""
    lines = [line for block in BLOCKS for line in block.splitlines()]
    assert len(COMMANDS) > 10
    assert [line for line in lines if not line.startswith((".venv/bin/", "export "))] == []


def test_the_page_knows_every_word_of_the_configuration() -> None:
    rows = re.findall(r"^\| (`[\w`, ]+) \| (`--[\w`, -]+) \|", PAGE, re.M)
    named = [name for row, _ in rows for name in re.findall(r"`(\w+)`", row)]
    options = [name for _, row in rows for name in re.findall(r"`--([\w-]+)`", row)]
    assert sorted(named) == sorted(UpdateTable.model_fields)
    assert [name.replace("-", "_") for name in options] == named
    given = {option for parameter in cli.commands["pack"].params for option in parameter.opts}
    assert {f"--{name}" for name in options} <= given


def test_the_page_knows_every_export() -> None:
    table = PAGE.split("| `--to` |")[1].split("\n\n")[0]
    assert re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines()[1:])) == list(
        EXPORTERS
    )
