"""Seed to key through a command of the user: the algorithm is the OEM's secret."""

from __future__ import annotations

from dataclasses import dataclass

from ecu_bundle.building.hooks import hook_words, run_hook
from ecu_bundle.errors import UsageError

_STAGE = "unlock"
_OPTION = "--security-command"
_SECONDS = 60.0
_MOST_BYTES = 4096
_MOST_OUTPUT = 1 << 16
"""Of what it writes, errors counted."""


@dataclass(frozen=True, slots=True)
class SecurityHook:
    """Unlocks the ECU.

    Attributes:
        command: reads the seed on its stdin and writes the key to its stdout, both as they are on the wire.
            Empty: the ECU has to be open.
        level: of the seed request, odd.
    """

    command: str = ""
    level: int = 1

    def require_usable(self) -> None:
        """So that a wrong option is known before an ECU is disturbed.

        Raises:
            UsageError: the level is even, or there is a command and it names no program.
        """
        if self.level % 2 == 0:
            raise UsageError(
                _STAGE,
                f"{self.level} is no level of a request for a seed",
                place="--security-level",
                hint="those are odd; the even one above it sends the key",
            )
        if self.command:
            hook_words(self.command, stage=_STAGE, option=_OPTION)

    def key_for(self, seed: bytes) -> bytes:
        """The key that the command computes.

        Raises:
            UsageError: there is no command, it cannot be started, fails, or prints nothing.
        """
        if not self.command:
            raise UsageError(
                _STAGE,
                "the ECU asks for a key",
                place=f"security level {self.level}",
                hint="give --security-command, a program that reads the seed on stdin and prints the key",
            )
        finished = run_hook(
            self.command,
            stage=_STAGE,
            option=_OPTION,
            seconds=_SECONDS,
            stdin=seed,
            most_bytes=_MOST_OUTPUT,
        )
        if not finished.ok:
            raise UsageError(
                _STAGE,
                f"the security command failed, {finished.ending}",
                place=finished.stderr.strip()[-500:] or _OPTION,
                hint="it reads the seed on stdin and prints the key",
            )
        if not 0 < len(finished.stdout) <= _MOST_BYTES:
            raise UsageError(
                _STAGE,
                f"the security command printed {len(finished.stdout)} bytes in place of a key",
                place=_OPTION,
                hint="the key goes to stdout as bytes, without a line break",
            )
        return finished.stdout
