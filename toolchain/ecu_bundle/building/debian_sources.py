"""Source archives of Debian packages, from the mirror that this system is set up for; nothing is installed.

apt fetches them with package lists of its own, and checks Debian's signatures.
"""

from __future__ import annotations

import platform
import tempfile
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
            (folder / "sources/fetched.sources").write_text(f"Types: deb-src\nURIs: {mirror}\n{source}")
            for step in (["update"], ["source", "--download-only", "--tar-only", "--only-source", package]):
                finished = run([*apt, *step], stage=_STAGE, seconds=_SECONDS, folder=folder / "download")
                if not finished.ok:
                    failed = finished
                    break
            archives = sorted((folder / "download").glob("*.orig.tar.*"))
            if len(archives) == 1:
                return archives[0].read_bytes()
        raise _not_downloaded(failed, package, content)


def _mirrors() -> list[str]:
    """Where this system gets Debian's packages from."""
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "stable")
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    finished = run([*command, f"Release: {release}", "Component: main"], stage=_STAGE, seconds=_SECONDS)
    return list(dict.fromkeys(finished.stdout.decode().split()))


def _not_downloaded(failed: Finished | None, package: str, content: str) -> ToolMissingError:
    return ToolMissingError(
        _STAGE,
        f"the sources of {content} could not be downloaded",
        place=failed.last_lines if failed else "no Debian mirror in the sources of apt",
        hint=f"connect to a Debian mirror; the sources are in the package {package} of {SUITE}",
    )
