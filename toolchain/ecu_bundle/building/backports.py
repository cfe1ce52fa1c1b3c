"""Programs that are newer than this system's, from Debian's backports, in the user's cache.

Nothing is installed: the package is unpacked, and only the targets that ask for a newer version find it. Its
libraries are those that the system's own version of the package has brought along. apt checks the signatures.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from ecu_bundle.building.processes import Finished, run
from ecu_bundle.building.provision import default_cache_dir
from ecu_bundle.errors import ToolMissingError
from ecu_bundle.folders import scratch_folder

_STAGE: Final = "install"
_SECONDS: Final = 600.0
_KEYS: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"
_FORMAT: Final = "$(CODENAME) $(REPO_URI)"


def search_path() -> str:
    """``PATH`` with the unpacked programs first."""
    return f"{_folder() / 'usr/bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def unpack(package: str) -> None:
    """Fetches a package of the backports of this Debian from the mirror that apt uses, and unpacks it.

    Raises:
        ToolMissingError: this is no Debian, its mirror has no backports, or it cannot be reached.
    """
    suite, mirror = _backports(package)
    with scratch_folder() as scratch:
        for name in ("sources", "lists/partial", "cache/archives/partial", "unpacked"):
            (scratch / name).mkdir(parents=True)
        source = f"Types: deb\nURIs: {mirror}\nSuites: {suite}\nComponents: main\nSigned-By: {_KEYS}\n"
        (scratch / "sources/backports.sources").write_text(source, encoding="utf-8")
        apt = ["apt-get", "-q", "-o", "Dir::Etc::sourcelist=/dev/null", "-o", "APT::Sandbox::User=root"]
        for option, folder in (
            ("Etc::sourceparts", "sources"),
            ("State::lists", "lists"),
            ("Cache", "cache"),
        ):
            apt += ["-o", f"Dir::{option}={scratch / folder}"]
        _step([*apt, "update"], package, scratch)
        _step([*apt, "download", f"{package}/{suite}"], package, scratch)
        (file,) = scratch.glob("*.deb")
        _step(["dpkg-deb", "-x", str(file), str(scratch / "unpacked")], package, scratch)
        shutil.copytree(scratch / "unpacked", _folder(), symlinks=True, dirs_exist_ok=True)


def _folder() -> Path:
    return default_cache_dir() / "backports"


def _backports(package: str) -> tuple[str, str]:
    """Suite of the backports and address of the mirror, from where this system takes its own packages."""
    command = ["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages", "Component: main"]
    finished = run(command, stage=_STAGE, seconds=_SECONDS)
    codename = _codename()
    for line in finished.stdout.decode(errors="replace").splitlines():
        name, _, address = line.partition(" ")
        if name == codename and address:
            return f"{codename}-backports", address
    raise _missing(package, finished)


def _codename() -> str:
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return ""
    facts = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return facts.get("VERSION_CODENAME", "") if facts.get("ID") == "debian" else ""


def _step(command: list[str], package: str, folder: Path) -> None:
    finished = run(command, stage=_STAGE, seconds=_SECONDS, folder=folder)
    if not finished.ok:
        raise _missing(package, finished)


def _missing(package: str, finished: Finished) -> ToolMissingError:
    return ToolMissingError(
        _STAGE,
        f"a newer {package} cannot be had from Debian's backports",
        place=finished.last_lines,
        hint=f"install a newer {package} by hand, so that it comes first in PATH",
    )
