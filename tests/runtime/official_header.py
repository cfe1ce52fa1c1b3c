"""The official header of ONNX Runtime's C API, from Debian's development package.

No Python wheel holds the header. Debian 13 packages it for ONNX Runtime 1.21; the file is fetched with
apt's own downloader from the mirror that this machine is configured for, checked against a pinned
digest, and kept in a cache outside the checkout.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import platformdirs

PACKAGE = "pool/main/o/onnxruntime/libonnxruntime-dev_1.21.0+dfsg-1_amd64.deb"
SHA256 = "14f7d959d5deacbcf1504830d4189f91fc67382b399ed9ae9d3aa9c4050ced08"
HEADER = "usr/include/onnxruntime/onnxruntime_c_api.h"


def cache_folder() -> Path:
    """``ECU_BUNDLE_CACHE``, or the user's cache of ecu-bundle."""
    chosen = os.environ.get("ECU_BUNDLE_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("ecu-bundle"))


def official_header(unpacked: Path) -> Path:
    """The header, unpacked below a folder of the caller.

    Raises:
        RuntimeError: apt knows no Debian mirror, the download fails, or the digest is wrong.
    """
    package = cache_folder() / "onnxruntime-header" / Path(PACKAGE).name
    if not package.is_file() or _digest(package) != SHA256:
        _download(package)
    subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)
    return unpacked / HEADER


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _mirrors() -> list[str]:
    """Addresses of the Debian archives in apt's configuration, each once."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return [uri for uri in dict.fromkeys(listed) if "debian" in uri]


def _download(package: Path) -> None:
    package.parent.mkdir(parents=True, exist_ok=True)
    errors = ["apt's configuration names no Debian archive"]
    with tempfile.TemporaryDirectory(dir=package.parent) as folder:
        part = Path(folder) / package.name
        for mirror in _mirrors():
            command = ["/usr/lib/apt/apt-helper", "-o", "APT::Sandbox::User=root"]
            done = subprocess.run(
                [*command, "download-file", mirror + PACKAGE, part, f"SHA256:{SHA256}"],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode == 0 and part.is_file() and _digest(part) == SHA256:
                part.replace(package)
                return
            errors.append(done.stderr.strip())
    raise RuntimeError(f"cannot fetch {package.name}: {'; '.join(errors)}")
