"""One call of the command line: where its results go, and how it shows progress."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from ecu_bundle.console import Console

PATH = click.Path(path_type=Path)


class _Number(click.ParamType[int]):
    """An unsigned number, decimal or ``0x`` hexadecimal."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(str(value), 0)
        except ValueError:
            number = -1
        if not 0 <= number < 1 << 32:
            self.fail(f"{value!r} is not a number like 4096 or 0x1000", param, ctx)
        return number


NUMBER = _Number()


def program() -> str:
    """What starts this program from here: its name where it is found by that, else as it was started."""
    name = "ecu-bundle"
    typed = sys.argv[0] if sys.argv else name
    return name if shutil.which(name) or Path(typed).name != name else typed


class Invocation:
    """One call."""

    def __init__(self) -> None:
        self.json = False
        self.console = Console()

    def result(self, data: dict[str, Any], text: str) -> None:
        """Prints the result on stdout: JSON for machines or text for people.

        A reader that goes away early, like ``head``, is no error.
        """
        try:
            click.echo(json.dumps(data, indent=2, ensure_ascii=False) if self.json else text)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


invocation = Invocation()
"""The call that this process serves."""


def _set_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    """Before the verb or behind it. What is not before the verb may still come, so only the verb decides."""
    found = context.meta[__name__] = value or context.meta.get(__name__, False)
    if found or context.parent is not None:
        invocation.json = found
    invocation.console = Console(quiet=found and not sys.stderr.isatty())


json_option = click.option(
    "--json",
    is_flag=True,
    is_eager=True,  # known before another option is refused
    expose_value=False,
    callback=_set_json,
    help="Print the result as JSON.",
)
