"""Programs that a user names in an option: an HSM that signs, a program that unlocks an ECU."""

from __future__ import annotations

import shlex
import shutil

from ecu_bundle.building.processes import Finished, run
from ecu_bundle.errors import ToolMissingError, UsageError


def hook_words(command: str, *, stage: str, option: str) -> list[str]:
    """Program and arguments of a command, whose program can be found.

    Args:
        command: in one text, quoted as for a shell; no shell runs it.
        stage: for the error.
        option: that gave the command.

    Raises:
        UsageError: it is empty, not quoted right, or there is no such program.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(
            stage,
            f"the command is malformed: {error}",
            place=f"{option} {command}",
            hint="quote as for a shell",
        ) from error
    if not words:
        raise UsageError(stage, "the command is empty", place=option, hint="name a program")
    if shutil.which(words[0]) is None:
        raise _not_startable(words[0], "no such program, or it may not be executed", stage, option)
    return words


def run_hook(
    command: str, *, stage: str, option: str, seconds: float, stdin: bytes, most_bytes: int
) -> Finished:
    """Runs a command of the user to its end, as `run` does. A non-zero exit code is no error here.

    Raises:
        UsageError: it cannot be started.
    """
    words = hook_words(command, stage=stage, option=option)
    try:
        return run(words, stage=stage, seconds=seconds, stdin=stdin, most_bytes=most_bytes)
    except ToolMissingError as error:
        raise _not_startable(words[0], str(error.__cause__), stage, option) from error


def _not_startable(program: str, why: str, stage: str, option: str) -> UsageError:
    return UsageError(
        stage,
        f"{program} cannot be started: {why}",
        place=option,
        hint=f"check {option}: a program of PATH, or its path, as in ./name; a script needs its #! line",
    )
