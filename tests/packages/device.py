"""The code of the device that reads packages, as a library in this process."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from ctypes import c_uint8, c_uint32
from pathlib import Path
from typing import Any

from ecu_bundle.building.crypto_sources import crypto_library
from ecu_bundle.building.provision import default_cache_dir
from ecu_bundle.packaging.facts import DeviceFacts
from ecu_bundle.packaging.key_set import EVERYTHING
from ecu_bundle.packaging.keys import KEY_KINDS, PublicKey
from runtime.build import RUNTIME, compile_object, succeed

PROGRAMS = Path(__file__).parent / "programs"
CRYPTO = {"monocypher": "monocypher.c", "p256-m": "p256-m.c"}
UPDATE_SOURCES = ("package", "sha512", "ed25519", "p256", "any_signature")


class Fields(ctypes.Structure):
    """As in `programs/reader_library.cpp`."""

    _fields_ = (
        *(
            (name, c_uint32)
            for name in (
                *("size", "kind", "sequence", "payload_size", "image_kind", "image_format"),
                *("program_format", "arena_size", "stack_size", "image_size", "hardware_count"),
            )
        ),
        ("hardware", c_uint32 * 4),
        ("kernels_size", c_uint32),
        ("kernels", c_uint8 * 32),
        ("payload_digest", c_uint8 * 32),
        ("vendor_id", c_uint8 * 16),
        ("class_id", c_uint8 * 16),
        ("key_id", c_uint8 * 8),
        ("signature", c_uint8 * 64),
        ("interface_hash", c_uint8 * 32),
    )


class Key(ctypes.Structure):
    """``ecu_key``."""

    _fields_ = (
        ("kind", c_uint32),
        ("minimum", c_uint32),
        ("id", c_uint8 * 8),
        ("public_key", c_uint8 * 64),
    )


class DeviceRecord(ctypes.Structure):
    """``ecu_device``."""

    _fields_ = (
        ("vendor_id", c_uint8 * 16),
        ("class_id", c_uint8 * 16),
        ("hardware_id", c_uint32),
        ("engine", ctypes.c_int),
        ("interface_hash", ctypes.c_char_p),
        ("kernels", ctypes.c_char_p),
        ("kernels_size", c_uint32),
        ("arena_size", c_uint32),
        ("stack_size", c_uint32),
    )


def write_crypto(folder: Path) -> list[Path]:
    """Sources of both libraries, as a bundle has them; gives what is to be compiled."""
    for signature in ("ed25519", "p256"):
        library = crypto_library(signature, default_cache_dir())
        for name, data in library.bundle_files().items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
    return [folder / "third_party" / name / source for name, source in CRYPTO.items()]


def crypto_includes(folder: Path) -> tuple[str, ...]:
    """Flags that let our sources find the headers of both libraries."""
    return tuple(f"-I{folder}/third_party/{name}" for name in CRYPTO)


def as_array(data: bytes, size: int) -> Any:
    """Bytes as a field, with zeros behind."""
    return (c_uint8 * size).from_buffer_copy(data.ljust(size, b"\0"))


def key_record(key: PublicKey, minimum: int = 0, uses: int = EVERYTHING) -> Key:
    """``ecu_key``; uses beyond those of a key set are possible."""
    return Key(KEY_KINDS[key.kind] + 256 * uses, minimum, as_array(key.id, 8), as_array(key.raw, 64))


class Reader:
    """The library.

    Args:
        library: what `build` gives.
    """

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(os.fspath(library))

    def read(self, data: bytes) -> Fields | int:
        """The fields of a header, or the status why there are none."""
        fields = Fields()
        status = int(self._library.test_read(data, ctypes.c_size_t(len(data)), ctypes.byref(fields)))
        return status or fields

    def check(self, data: bytes, keys: Sequence[Key], device: DeviceRecord, verify: str = "any") -> int:
        """Status of all checks that need no flash."""
        return int(
            self._library.test_check(
                data,
                ctypes.c_size_t(len(data)),
                (Key * len(keys))(*keys),
                ctypes.c_size_t(len(keys)),
                getattr(self._library, f"ecu_verify_{verify}"),
                ctypes.byref(device),
            )
        )

    def verify(self, which: str, kind: int, key: bytes, message: bytes, signature: bytes) -> int:
        """Status of one of the three functions of ``ecu/signature.h``."""
        function = getattr(self._library, f"ecu_verify_{which}")
        return int(function(None, kind, key, message, ctypes.c_size_t(len(message)), signature))

    def digest(self, which: str, first: bytes, second: bytes = b"") -> bytes:
        """``sha256`` or ``sha512`` of two pieces."""
        digest = ctypes.create_string_buffer(64 if which == "sha512" else 32)
        sizes = (ctypes.c_size_t(len(first)), ctypes.c_size_t(len(second)))
        getattr(self._library, f"test_{which}")(first + second, *sizes, digest)
        return digest.raw


def build(folder: Path) -> Path:
    """Compiles the library."""
    crypto = write_crypto(folder)
    include = crypto_includes(folder)
    sources = [RUNTIME / f"src/update/{name}.cpp" for name in UPDATE_SOURCES]
    sources += [RUNTIME / "src/image/sha256.cpp", PROGRAMS / "reader_library.cpp"]
    objects = [compile_object(folder / f"{s.stem}.o", s, flags=include) for s in sources]
    for source in crypto:
        objects.append(folder / f"{source.stem}.o")
        succeed(["gcc", "-std=c99", "-O2", "-fPIC", "-c", source, "-o", objects[-1]])
    library = folder / "libreader.so"
    succeed(["g++", "-shared", *objects, "-o", library])
    return library


def facts_device(facts: DeviceFacts, *, vendor: bytes, device_class: bytes, **changes: Any) -> DeviceRecord:
    """A device that a package with these facts is for, but for the changes."""
    bits = facts.kernel_bits
    fields = {
        "vendor_id": as_array(vendor, 16),
        "class_id": as_array(device_class, 16),
        "hardware_id": facts.hardware[0] if facts.hardware else 0,
        "engine": facts.kind,
        "interface_hash": facts.interface_hash,
        "kernels": bits,
        "kernels_size": len(bits),
        "arena_size": facts.arena,
        "stack_size": facts.stack,
    }
    return DeviceRecord(**{**fields, **changes})
