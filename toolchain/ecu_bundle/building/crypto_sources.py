"""The libraries that check signatures on the device: pinned sources, copied with their licence into a bundle.

Monocypher (Ed25519) comes from the source distribution of `pymonocypher`, p256-m (ECDSA) from Debian's source
package of Mbed TLS. Both are small, need no heap, and are widely used.
"""

from __future__ import annotations

import io
import sys
import tarfile
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ecu_bundle.building.debian_sources import SUITE, source_archive
from ecu_bundle.building.pinned import digest_of, keep, kept_files
from ecu_bundle.building.processes import run
from ecu_bundle.errors import ToolMissingError

Signature = Literal["ed25519", "p256"]

_STAGE: Final = "provision"
_SECONDS: Final = 600.0
_PYMONOCYPHER: Final = "4.0.3.0"
_PYMONOCYPHER_SHA256: Final = "93ca80b0bd4ef7ab30417fbc2abafe11aa7261125627ba2157c594cb0c8e0d1e"
_MBEDTLS: Final = "mbedtls"
_P256_M_STANDALONE: Final = Path(__file__).with_name("p256_m_standalone")


@dataclass(frozen=True, slots=True)
class CryptoLibrary:
    """Sources of a library.

    Attributes:
        signature: kind of signature that it checks.
        name: also of its folder in ``third_party``.
        version: of the library.
        licence: SPDX expression.
        origin: where the sources come from, for people; no path.
        files: contents by path in that folder, licence included; for p256-m also two headers of ours, which
            stand in for those of Mbed TLS.
    """

    signature: Signature
    name: str
    version: str
    licence: str
    origin: str
    files: Mapping[str, bytes]

    @property
    def folder(self) -> str:
        """The folder in a bundle."""
        return f"third_party/{self.name}"

    def bundle_files(self) -> dict[str, bytes]:
        """The files by bundle path."""
        return {f"{self.folder}/{name}": data for name, data in sorted(self.files.items())}


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    version: str
    licence: str
    origin: str
    sha256: str
    download: Callable[[Path], bytes]
    members: Mapping[str, str]
    """Name in the folder by the end of the path in the archive."""


def carried_signatures(paths: Collection[str], folder: str = "") -> frozenset[Signature]:
    """The kinds of signatures that the libraries in a bundle check.

    Args:
        paths: of its files, with forward slashes.
        folder: of the half of the bundle, with a slash at its end; empty for the top.
    """
    return frozenset(
        signature
        for signature, source in _SOURCES.items()
        if any(path.startswith(f"{folder}third_party/{source.name}/") for path in paths)
    )


def crypto_library(signature: Signature, cache_dir: Path) -> CryptoLibrary:
    """The library that checks signatures of a kind. The bytes are compared with a pinned digest each time.

    Args:
        signature: kind of signature.
        cache_dir: outside the checkout; made when missing.

    Raises:
        ToolMissingError: the sources are not at hand and cannot be downloaded.
        VerificationError: the downloaded bytes are not the pinned ones.
    """
    source = _SOURCES[signature]
    folder = cache_dir / source.name / source.sha256[:16]
    files = kept_files(folder)
    if digest_of(files) != source.sha256:
        files = unpack(signature, source.download(cache_dir), folder)
    ours = kept_files(_P256_M_STANDALONE) if signature == "p256" else {}
    return CryptoLibrary(
        signature, source.name, source.version, source.licence, source.origin, {**files, **ours}
    )


def unpack(signature: Signature, archive: bytes, folder: Path) -> dict[str, bytes]:
    """The library's files out of an archive; the folder appears whole or not at all.

    Raises:
        VerificationError: the files are not the pinned ones.
    """
    source = _SOURCES[signature]
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        for member in members:
            name = source.members.get(member.name.partition("/")[2])
            content = members.extractfile(member) if name and member.isfile() else None
            if name and content:
                files[name] = content.read()
    keep(files, folder, source.sha256, origin=source.origin)
    return files


def _download_monocypher(cache_dir: Path) -> bytes:
    """The source distribution, by pip, which compares the digest before it looks inside."""
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir) as folder:
        requirement = f"pymonocypher=={_PYMONOCYPHER}"
        pinned = Path(folder) / "requirements.txt"
        pinned.write_text(f"{requirement} --hash=sha256:{_PYMONOCYPHER_SHA256}\n", encoding="utf-8")
        command: list[str | Path] = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--no-binary=pymonocypher", "--require-hashes"]
        finished = run([*command, "--dest", folder, "-r", pinned], stage=_STAGE, seconds=_SECONDS)
        archives = sorted(Path(folder).glob("*.tar.gz"))
        if not finished.ok or len(archives) != 1:
            raise ToolMissingError(
                _STAGE,
                f"the sources of Monocypher could not be downloaded, {finished.ending}",
                place=finished.last_lines,
                hint=f"connect to a package index that has {requirement}",
            )
        return archives[0].read_bytes()


def _download_p256_m(cache_dir: Path) -> bytes:
    return source_archive(_MBEDTLS, cache_dir, content="p256-m")


_SOURCES: Final[Mapping[Signature, _Source]] = {
    "ed25519": _Source(
        name="monocypher",
        version="4.0.3",
        licence="BSD-2-Clause OR CC0-1.0",
        origin=f"source distribution of pymonocypher {_PYMONOCYPHER}",
        sha256="2663f9411b443581ef70e228f6b7ccc41d7e1c5d24ad72951a20ca2d7e23d001",
        download=_download_monocypher,
        members={"monocypher.c": "monocypher.c", "monocypher.h": "monocypher.h", "LICENSE.txt": "LICENSE"},
    ),
    # Only these files are pinned: Debian's security updates change other parts of the archive.
    "p256": _Source(
        name="p256-m",
        version="as in Mbed TLS 3.6",
        licence="Apache-2.0 OR GPL-2.0-or-later",
        origin=f"source package {_MBEDTLS} of Debian's {SUITE}",
        sha256="a6e6e6b6bcdfa0b1c8372699cbf9ef059a8b5d7f2dd3edf61d1de5306a15d564",
        download=_download_p256_m,
        members={
            "3rdparty/p256-m/p256-m/p256-m.c": "p256-m.c",
            "3rdparty/p256-m/p256-m/p256-m.h": "p256-m.h",
            "LICENSE": "LICENSE",
        },
    ),
}
