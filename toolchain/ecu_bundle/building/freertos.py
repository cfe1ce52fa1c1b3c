"""The FreeRTOS kernel for the tests in tests/rtos: pinned sources of a Debian package, in no bundle.

Debian 13 has FreeRTOS 9.0.0 with the port for Cortex-M3 inside the source package of MicroPython. apt
fetches that from the mirror which this system is set up for, with package lists of its own; nothing is
installed.
"""

from __future__ import annotations

import hashlib
import io
import platform
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ecu_bundle.building.processes import Finished, run
from ecu_bundle.errors import ToolMissingError, VerificationError

KERNEL_VERSION: Final = "9.0.0"

_STAGE: Final = "provision"
_PACKAGE: Final = "micropython"
_SUITE: Final = "trixie"
_KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"
_ARCHIVE_SHA256: Final = "7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea"
_MEMBERS: Final = "micropython-1.25.0/ports/cc3200/FreeRTOS/"
_PARTS: Final = ("License/", "Source/")
_KERNEL_SHA256: Final = "a40977e5096b37e2d3bace84107fb3233c3e3ddb698dbee515ad0a1aa4aeb48e"
_SECONDS: Final = 600.0


def freertos_kernel(cache_dir: Path) -> Path:
    """The folder with ``Source`` (the kernel and its ports) and ``License``.

    The bytes are compared with a pinned digest each time.

    Args:
        cache_dir: outside the checkout; made when missing.

    Raises:
        ToolMissingError: the sources are not at hand and cannot be downloaded.
        VerificationError: the downloaded bytes are not the pinned ones.
    """
    folder = cache_dir / "freertos" / _KERNEL_SHA256[:16]
    if not _is_intact(folder):
        cache_dir.mkdir(parents=True, exist_ok=True)
        unpack(_download(cache_dir), folder)
    return folder


def unpack(archive: bytes, folder: Path) -> None:
    """The kernel's files out of the source archive; the folder appears whole or not at all.

    Raises:
        VerificationError: the archive is not the pinned one.
    """
    if hashlib.sha256(archive).hexdigest() != _ARCHIVE_SHA256:
        raise VerificationError(
            _STAGE,
            "the source archive does not have the pinned digest",
            place=f"source package {_PACKAGE} of Debian's {_SUITE}",
            hint="use a mirror that you trust",
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        ready = Path(temporary) / "ready"
        for name, data in _kernel_files(archive).items():
            (ready / name).parent.mkdir(parents=True, exist_ok=True)
            (ready / name).write_bytes(data)
        if folder.exists():  # damaged, else it would have been used
            shutil.rmtree(folder)
        try:
            ready.rename(folder)
        except OSError:
            # Another process was faster; its result counts when it is right.
            if not _is_intact(folder):
                raise


def _kernel_files(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:xz") as members:
        files = {}
        for member in members:
            name = member.name.removeprefix(_MEMBERS)
            if member.isfile() and name != member.name and name.startswith(_PARTS):
                content = members.extractfile(member)
                files[name] = content.read() if content else b""
    return files


def _is_intact(folder: Path) -> bool:
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.glob("*/**/*")
        if path.is_file()
    }
    return _digest(files) == _KERNEL_SHA256


def _digest(files: Mapping[str, bytes]) -> str:
    """Of all names and contents; in the form that ``sha256sum`` prints."""
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _download(cache_dir: Path) -> bytes:
    """The source archive, by apt with lists of its own."""
    with tempfile.TemporaryDirectory(dir=cache_dir) as name:
        folder = Path(name)
        for part in ("sources", "lists/partial", "archives/partial", "download"):
            (folder / part).mkdir(parents=True)
        apt: list[str | Path] = ["apt-get", "-q", "-o", "Dir::Etc::SourceList=/dev/null"]
        apt += ["-o", f"Dir::Etc::SourceParts={folder / 'sources'}", "-o", f"Dir::Cache={folder}"]
        apt += ["-o", f"Dir::State::Lists={folder / 'lists'}", "-o", "APT::Sandbox::User="]
        source = f"Suites: {_SUITE}\nComponents: main\nSigned-By: {_KEYRING}\n"
        failed = None
        for mirror in _mirrors():
            (folder / "sources/kernel.sources").write_text(f"Types: deb-src\nURIs: {mirror}\n{source}")
            for step in (["update"], ["source", "--download-only", "--tar-only", "--only-source", _PACKAGE]):
                finished = run([*apt, *step], stage=_STAGE, seconds=_SECONDS, folder=folder / "download")
                if not finished.ok:
                    failed = finished
                    break
            archives = sorted((folder / "download").glob("*.orig.tar.xz"))
            if len(archives) == 1:
                return archives[0].read_bytes()
        raise _not_downloaded(failed)


def _mirrors() -> list[str]:
    """Where this system gets Debian's packages from."""
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "stable")
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    finished = run([*command, f"Release: {release}", "Component: main"], stage=_STAGE, seconds=_SECONDS)
    return list(dict.fromkeys(finished.stdout.decode().split()))


def _not_downloaded(failed: Finished | None) -> ToolMissingError:
    return ToolMissingError(
        _STAGE,
        f"the sources of FreeRTOS {KERNEL_VERSION} could not be downloaded",
        place=failed.last_lines if failed else "no Debian mirror in the sources of apt",
        hint=f"connect to a Debian mirror; the sources are in the package {_PACKAGE} of {_SUITE}",
    )
