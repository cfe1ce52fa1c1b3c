"""Packages of a newer Debian and their sources, from this system's mirror; nothing is installed.

apt fetches them with package lists of its own, and checks Debian's signatures.
"""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ecu_bundle.building.processes import Finished, run
from ecu_bundle.errors import ToolMissingError

SUITE: Final = "trixie"

_STAGE: Final = "provision"
_KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"
_SECONDS: Final = 600.0


def source_archive(package: str, cache_dir: Path, *, content: str) -> bytes:
    """The upstream archive of a source package of Debian's main section.

    Args:
        package: name of the source package in the suite.
        cache_dir: for temporary folders; made when missing.
        content: what is wanted of it, for the message.

    Raises:
        ToolMissingError: it cannot be downloaded.
    """
    step = ["source", "--download-only", "--tar-only", "--only-source", package]
    files = {package: "*.orig.tar.*"}
    (archive,) = _fetched("deb-src", step, files, cache_dir, content=f"the sources of {content}")
    return archive


def binary_packages(packages: Sequence[str], cache_dir: Path, *, content: str) -> list[bytes]:
    """The archives of binary packages of Debian's main section, in this order.

    Args:
        packages: their names in the suite.
        cache_dir: for temporary folders; made when missing.
        content: what is wanted of them, for the message.

    Raises:
        ToolMissingError: they cannot be downloaded.
    """
    files = {name: f"{name}_*.deb" for name in packages}
    return _fetched("deb", ["download", *packages], files, cache_dir, content=content)


def _fetched(
    kind: str, step: list[str], files: Mapping[str, str], cache_dir: Path, *, content: str
) -> list[bytes]:
    """What an apt-get command leaves in its folder: for each package one file of this pattern."""
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir) as name:
        folder = Path(name)
        for part in ("sources", "lists/partial", "archives/partial", "download"):
            (folder / part).mkdir(parents=True)
        apt: list[str | Path] = ["apt-get", "-q", "-o", "Dir::Etc::SourceList=/dev/null"]
        apt += ["-o", f"Dir::Etc::SourceParts={folder / 'sources'}", "-o", f"Dir::Cache={folder}"]
        apt += ["-o", f"Dir::State::Lists={folder / 'lists'}", "-o", "APT::Sandbox::User="]
        source = f"Suites: {SUITE}\nComponents: main\nSigned-By: {_KEYRING}\n"
        failed = None
        for mirror in _mirrors():
            (folder / "sources/fetched.sources").write_text(f"Types: {kind}\nURIs: {mirror}\n{source}")
            for command in (["update"], step):
                finished = run([*apt, *command], stage=_STAGE, seconds=_SECONDS, folder=folder / "download")
                if not finished.ok:
                    failed = finished
                    break
            found = [sorted((folder / "download").glob(pattern)) for pattern in files.values()]
            if all(len(paths) == 1 for paths in found):
                return [paths[0].read_bytes() for paths in found]
        raise _not_downloaded(failed, ", ".join(files), content)


def _mirrors() -> list[str]:
    """Where this system gets Debian's packages from."""
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "stable")
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    finished = run([*command, f"Release: {release}", "Component: main"], stage=_STAGE, seconds=_SECONDS)
    return list(dict.fromkeys(finished.stdout.decode().split()))


def _not_downloaded(failed: Finished | None, packages: str, content: str) -> ToolMissingError:
    return ToolMissingError(
        _STAGE,
        f"{content} could not be downloaded",
        place=failed.last_lines if failed else "no Debian mirror in the sources of apt",
        hint=f"connect to a Debian mirror; what is needed of {SUITE}: {packages}",
    )
