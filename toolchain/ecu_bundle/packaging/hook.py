"""Signing by a command that keeps the key to itself: bytes in on stdin, a raw signature out on stdout."""

from __future__ import annotations

from dataclasses import dataclass

from ecu_bundle.building.hooks import run_hook
from ecu_bundle.errors import VerificationError
from ecu_bundle.packaging.keys import PublicKey
from ecu_bundle.packaging.layout import SIGNATURE_SIZE

_MOST_BYTES = 1 << 16
"""Of what it writes; a signature has 64 bytes."""


@dataclass(frozen=True, slots=True)
class CommandSigner:
    """A program of an HSM or of a signing service.

    Attributes:
        command: program and arguments in one text, quoted as for a shell; no shell runs it.
        public: the key that its signatures are checked with.
        seconds: how long it may take.
    """

    command: str
    public: PublicKey
    seconds: float = 60.0

    def sign(self, message: bytes) -> bytes:
        """Runs the command.

        Raises:
            UsageError: the command is empty, not quoted right, or cannot be started.
            VerificationError: it failed, took too long, or gave something else than 64 bytes.
        """
        done = run_hook(
            self.command,
            stage="sign",
            option="--command",
            seconds=self.seconds,
            stdin=message,
            most_bytes=_MOST_BYTES,
        )
        if not done.ok:
            raise VerificationError(
                "sign",
                f"the command failed: {done.ending}",
                place=done.last_lines,
                hint="it reads the bytes to sign from stdin and writes the signature to stdout",
            )
        if len(done.stdout) != SIGNATURE_SIZE:
            der = self.public.kind == "p256" and done.stdout[:1] == b"\x30"
            raise VerificationError(
                "sign",
                f"the command gave {len(done.stdout)} bytes, a signature has {SIGNATURE_SIZE}",
                place=self.command,
                hint="this is DER; write r and s side by side, 32 bytes each"
                if der
                else "write the raw signature to stdout, neither hexadecimal nor base64",
            )
        return done.stdout
