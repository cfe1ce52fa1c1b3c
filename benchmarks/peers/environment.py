"""The other tools, in an environment of their own: made once for each list of pins, outside the checkout."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

from ecu_bundle.building.processes import Finished, run
from ecu_bundle.errors import ToolMissingError

PINNED = Path(__file__).with_name("requirements.txt")
PACKAGES = {
    "emlearn": ("emlearn",),
    "emlearn-soft": ("emlearn",),
    "emlearn-int16": ("emlearn",),
    "m2cgen": ("m2cgen",),
    "micromlgen": ("micromlgen",),
    "tl2cgen": ("tl2cgen", "treelite"),
}
"""By tool; the others come from our own environment."""
_SECONDS = 1800.0
_BASE = ("scikit-learn", "joblib", "numpy", "scipy")
_CAUSE = re.compile(r"^(?:ERROR|error): .*")


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the peers are.

    Attributes:
        python: its interpreter.
        missing: by tool, why it is not installed; empty when all are.
    """

    python: Path
    missing: dict[str, str]


def default_place() -> Path:
    """In the cache of the user, one folder for each list of pins."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "ecu-bundle" / f"peers-{hashlib.sha256(PINNED.read_bytes()).hexdigest()[:12]}"


def environment(folder: Path) -> Environment:
    """The environment, made or completed where it is not whole.

    Raises:
        ToolMissingError: no virtual environment can be made.
    """
    python, stamp = folder / "bin" / "python", folder / "pinned"
    if stamp.exists() and stamp.read_text() == PINNED.read_text():
        return Environment(python, {})
    try:
        venv.create(folder, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ToolMissingError(
            "benchmark",
            f"no virtual environment can be made for the other tools: {error}",
            place=str(folder),
            hint="apt-get install python3-venv, or choose another folder with --environment",
        ) from error
    if _install(python, "-r", PINNED).ok:
        stamp.write_text(PINNED.read_text())
        return Environment(python, {})
    return Environment(python, _one_by_one(python))


def _one_by_one(python: Path) -> dict[str, str]:
    """Installs what can be installed; says why the rest is not."""
    base = _install(python, "-c", PINNED, *_BASE)
    if not base.ok:
        return dict.fromkeys(PACKAGES, _why(base))
    missing: dict[str, str] = {}
    done: dict[tuple[str, ...], Finished] = {}
    for tool, packages in PACKAGES.items():
        if packages not in done:
            done[packages] = _install(python, "-c", PINNED, *packages)
        if not done[packages].ok:
            missing[tool] = _why(done[packages])
    return missing


def _install(python: Path, *what: str | Path) -> Finished:
    quiet = ("-qq", "--disable-pip-version-check", "--no-input")
    return run([python, "-m", "pip", "install", *quiet, *what], stage="benchmark", seconds=_SECONDS)


def _why(done: Finished) -> str:
    lines = [line for line in done.stderr.splitlines() if _CAUSE.match(line)]
    return lines[-1] if lines else f"pip: {done.ending}"


def pins() -> dict[str, str]:
    """Versions by package."""
    lines = (line.split("==") for line in PINNED.read_text().split())
    return {name: version for name, version in lines}
