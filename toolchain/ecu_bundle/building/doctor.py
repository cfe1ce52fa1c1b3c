"""What can be built here, what is missing, and the one line that installs it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ecu_bundle.building.processes import run
from ecu_bundle.building.targets import Target
from ecu_bundle.errors import ToolMissingError

_PROOF_SECONDS = 30.0
_APT_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One system package, checked.

    Attributes:
        package: Debian name.
        proof: the command that proves it.
        targets: names of the targets that need it.
        version: first line that the command printed; empty when it is missing.
    """

    package: str
    proof: tuple[str, ...]
    targets: tuple[str, ...]
    version: str

    @property
    def present(self) -> bool:
        return bool(self.version)


def diagnose(targets: Iterable[Target]) -> list[Finding]:
    """Checks each package that the targets need by running its command, in a stable order."""
    needed: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for target in targets:
        for package in target.all_packages:
            needed.setdefault((package.name, package.proof), []).append(target.name)
    return [Finding(name, proof, tuple(names), _first_line(proof)) for (name, proof), names in needed.items()]


def missing_packages(targets: Iterable[Target]) -> list[Finding]:
    """The findings of `diagnose` that are not present."""
    return [finding for finding in diagnose(targets) if not finding.present]


def install_line(findings: Sequence[Finding]) -> str:
    """The one line that installs all that is missing; empty when nothing is."""
    packages = sorted({finding.package for finding in findings if not finding.present})
    return f"sudo apt-get install -y --no-install-recommends {' '.join(packages)}" if packages else ""


def install(findings: Sequence[Finding]) -> None:
    """Installs what is missing with apt-get, when this user may.

    Raises:
        ToolMissingError: not root and no sudo without a password, no apt-get, or it failed; the hint
            is the line to run.
    """
    line = install_line(findings)
    if not line:
        return
    packages = sorted({finding.package for finding in findings if not finding.present})
    missing = f"missing system packages: {', '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise ToolMissingError("install", f"{missing}; this system has no apt-get", hint=f"on Debian: {line}")
    prefix = _root_prefix()
    if prefix is None:
        raise ToolMissingError("install", missing, hint=f"run: {line}")
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    apt = [*prefix, "apt-get", "-q"]
    command = [*apt, "install", "-y", "--no-install-recommends", *packages]
    finished = run(command, stage="install", seconds=_APT_SECONDS, environment=environment)
    if not finished.ok:
        # A fresh image has no package lists.
        run([*apt, "update"], stage="install", seconds=_APT_SECONDS, environment=environment)
        finished = run(command, stage="install", seconds=_APT_SECONDS, environment=environment)
    if not finished.ok:
        raise ToolMissingError("install", missing, place=finished.last_lines, hint=f"run: {line}")


def _root_prefix() -> list[str] | None:
    """What to put before a command that needs root; None when that is not possible."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and run(["sudo", "-n", "true"], stage="install", seconds=_PROOF_SECONDS).ok:
        return ["sudo", "-n"]
    return None


def _first_line(proof: tuple[str, ...]) -> str:
    if shutil.which(proof[0]) is None:
        return ""
    finished = run(proof, stage="doctor", seconds=_PROOF_SECONDS)
    lines = (finished.stdout.decode(errors="replace") + finished.stderr).splitlines()
    return (lines[0].strip() if lines else proof[0]) if finished.ok else ""
