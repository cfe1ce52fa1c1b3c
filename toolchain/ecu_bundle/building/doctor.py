"""What can be built here, what is missing, and the one line that installs it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ecu_bundle.building.backports import search_path, unpack
from ecu_bundle.building.processes import run
from ecu_bundle.building.targets import Target
from ecu_bundle.errors import ToolMissingError

_NUMBER = re.compile(r"\bversion (\d+)")
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
        oldest: oldest major version that will do, where it is newer than Debian 12's; 0: any.
    """

    package: str
    proof: tuple[str, ...]
    targets: tuple[str, ...]
    version: str
    oldest: int = 0

    @property
    def present(self) -> bool:
        found = _NUMBER.search(self.version)
        return bool(self.version) and (
            not self.oldest or (found is not None and int(found[1]) >= self.oldest)
        )

    @property
    def wanted(self) -> str:
        """The package, and which version where not any will do."""
        return f"{self.package} {self.oldest} or newer" if self.oldest else self.package

    @property
    def state(self) -> str:
        """What is there, for people."""
        if not self.version:
            return "missing"
        return self.version if self.present else f"{self.version}: too old, {self.oldest} or newer is needed"


def diagnose(targets: Iterable[Target]) -> list[Finding]:
    """Checks each package that the targets need by running its command, in a stable order."""
    needed: dict[tuple[str, tuple[str, ...], int], list[str]] = {}
    for target in targets:
        for package in target.all_packages:
            needed.setdefault((package.name, package.proof, package.oldest), []).append(target.name)
    return [
        Finding(name, proof, tuple(names), _first_line(proof, newer=bool(oldest)), oldest)
        for (name, proof, oldest), names in needed.items()
    ]


def missing_packages(targets: Iterable[Target]) -> list[Finding]:
    """The findings of `diagnose` that are not present."""
    return [finding for finding in diagnose(targets) if not finding.present]


def install_line(findings: Sequence[Finding]) -> str:
    """The one line that installs all that is missing; empty when nothing is."""
    packages = _packages(findings)
    line = f"sudo apt-get install -y --no-install-recommends {' '.join(packages)}" if packages else ""
    targets = sorted({name for finding in _too_old(findings) for name in finding.targets})
    newer = f"ecu-bundle doctor --install --target {' --target '.join(targets)}" if targets else ""
    return " && ".join(filter(None, (line, newer)))


def _packages(findings: Sequence[Finding]) -> list[str]:
    """What apt-get installs."""
    return sorted({finding.package for finding in findings if not finding.present and not finding.oldest})


def _too_old(findings: Sequence[Finding]) -> list[Finding]:
    """What only the backports have."""
    return [finding for finding in findings if not finding.present and finding.oldest]


def install(findings: Sequence[Finding]) -> None:
    """Installs what is missing with apt-get, when this user may; newer versions go into the user's cache.

    Raises:
        ToolMissingError: not root and no sudo without a password, no apt-get, or it failed; the hint
            is the line to run.
    """
    if packages := _packages(findings):
        _install(packages, install_line(findings))
    for package in sorted({finding.package for finding in _too_old(findings)}):
        unpack(package)


def _install(packages: list[str], line: str) -> None:
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


def _first_line(proof: tuple[str, ...], *, newer: bool) -> str:
    path = search_path() if newer else None
    program = shutil.which(proof[0], path=path)
    if program is None:
        return ""
    finished = run([program, *proof[1:]], stage="doctor", seconds=_PROOF_SECONDS)
    lines = (finished.stdout.decode(errors="replace") + finished.stderr).splitlines()
    return (lines[0].strip() if lines else proof[0]) if finished.ok else ""
