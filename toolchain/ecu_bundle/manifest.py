"""``bundle.json``: what a bundle is and the digest of every file in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ecu_bundle.artifacts import ENGINES, Engine, half_folders, sha256_hex
from ecu_bundle.errors import UsageError, VerificationError
from ecu_bundle.interface import Code, Interface, Tensor
from ecu_bundle.parity.certificate import InterfaceRecord

FILE_NAME = "bundle.json"
DIGEST_LIST = "SHA256SUMS"
OUR_FOLDERS_OF_USERS = ("build",)
"""Folders that an integrator may make inside a bundle; not part of it."""


class Source(BaseModel):
    """The model file that the bundle was made of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    digest: str
    sklearn_version: str
    trusted_pickle: bool


class HalfRecord(BaseModel):
    """What a bundle holds for one engine; digests are SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    engine: Engine
    image_digest: str
    library_digest: str
    onnxruntime_version: str
    resources: dict[str, Any]

    @property
    def kernels(self) -> tuple[str, ...]:
        """Kernels of the native engine that are linked in; none for ONNX Runtime."""
        return tuple(self.resources.get("kernels", ()))


class Manifest(BaseModel):
    """Content of ``bundle.json``; digests are SHA-256.

    The fields of `HalfRecord` describe what CMake builds unless told otherwise; ``others`` are the halves in
    folders of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    manifest_version: Literal[2] = 2
    name: str
    title: str
    version: str
    target: str
    engine: Engine
    interface: InterfaceRecord
    source: Source
    onnx_digest: str
    image_digest: str
    library_digest: str
    certificate_digest: str
    onnxruntime_version: str
    resources: dict[str, Any]
    others: tuple[HalfRecord, ...] = ()
    tools: dict[str, str]
    files: dict[str, str]

    @property
    def halves(self) -> dict[str, HalfRecord]:
        """What the bundle holds for each engine, by the folder that it is in; the first at the top."""
        first = HalfRecord(**{name: getattr(self, name) for name in HalfRecord.model_fields})
        halves = (first, *self.others)
        return dict(zip(half_folders([half.engine for half in halves]), halves, strict=True))

    @property
    def engine_text(self) -> str:
        """Its engine, or ``both``."""
        return "both" if self.others else self.engine

    @model_validator(mode="after")
    def _one_half_for_each_engine(self) -> Manifest:
        engines = [self.engine, *(half.engine for half in self.others)]
        if len(set(engines)) != len(engines):
            raise ValueError("an engine has two halves")
        return self

    def to_json(self) -> bytes:
        """Canonical text: sorted keys, two spaces, final newline."""
        content = json.loads(self.model_dump_json())
        return (json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def file_digests(bundle: Path) -> dict[str, str]:
    """SHA-256 of every file of a bundle but its manifest, by path with forward slashes."""
    return {
        path.relative_to(bundle).as_posix(): sha256_hex(path.read_bytes())
        for path in sorted(bundle.rglob("*"))
        if path.is_file() and path != bundle / FILE_NAME and not _foreign(path.relative_to(bundle))
    }


def digest_list(digests: Mapping[str, str]) -> bytes:
    """``SHA256SUMS`` of these files, for ``sha256sum --check``; its own digest is in the manifest."""
    # sha256sum reads a name with a backslash or a line feed otherwise, and a bundle has none
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items())).encode()


def read_manifest(bundle: Path) -> Manifest:
    """Reads the manifest of a bundle.

    Raises:
        UsageError: not a bundle, or a manifest that cannot be read.
    """
    path = bundle / FILE_NAME
    if not path.is_file():
        cause = f"there is no folder {bundle}"
        if bundle.is_dir():
            cause = f"{bundle.name or bundle} is not a bundle: it has no {FILE_NAME}"
        elif bundle.exists():
            cause = f"{bundle.name} is a file, not a bundle"
        raise UsageError(
            "manifest", cause, place=str(bundle), hint="give the folder that `ecu-bundle build` made"
        )
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise UsageError(
            "manifest",
            f"{FILE_NAME} cannot be read: {where}: {first['msg']}",
            place=str(path),
            hint="take the bundle again from where it was delivered, or build it again",
        ) from error


def is_bundle(folder: Path) -> bool:
    """Whether a folder holds a bundle of ours, and not only a file of that name."""
    try:
        read_manifest(folder)
    except UsageError:
        return False
    return True


def unlisted_files(bundle: Path, manifest: Manifest) -> list[str]:
    """Files and links that are not part of a bundle, by path with forward slashes, sorted."""
    found = {
        path.relative_to(bundle).as_posix()
        for path in bundle.rglob("*")
        if (path.is_symlink() or path.is_file())
        and path != bundle / FILE_NAME
        and not _foreign(path.relative_to(bundle))
    }
    return sorted(found - manifest.files.keys())


def check_files(bundle: Path, manifest: Manifest) -> None:
    """Compares every file with the manifest.

    Raises:
        VerificationError: a file is missing, changed or not listed; names all of them.
    """
    found = file_digests(bundle)
    wrong = [f"{path} is missing" for path in sorted(manifest.files.keys() - found.keys())]
    wrong += [f"{path} is not listed" for path in unlisted_files(bundle, manifest)]
    wrong += [
        f"{path} has changed"
        for path in sorted(found.keys() & manifest.files.keys())
        if found[path] != manifest.files[path]
    ]
    if wrong:
        raise VerificationError(
            "verify",
            f"the bundle is not as it was delivered: {len(wrong)} differences",
            place="\n      ".join(wrong[:20]),
            hint="take the bundle again from where it was delivered, or build it again",
        )


def interface_of(record: InterfaceRecord) -> Interface:
    """The interface that a manifest records, with units, ranges and codes."""

    def tensor(entry: Any) -> Tensor:
        return Tensor(
            name=entry.name,
            dtype=entry.dtype,
            elements=entry.elements,
            unit=entry.unit,
            minimum=entry.minimum,
            maximum=entry.maximum,
            description=entry.description,
            codes=tuple(Code(value, entry.codes[str(value)]) for value in sorted(map(int, entry.codes))),
            accepts_nan=entry.accepts_nan,
            element_names=entry.element_names,
        )

    kinds: Any = record.kind
    return Interface(kinds, tuple(map(tensor, record.inputs)), tuple(map(tensor, record.outputs)))


def _foreign(path: Path) -> bool:
    inner = path.parts[1:] if path.parts[0] in ENGINES else path.parts
    return bool(inner) and inner[0] in OUR_FOLDERS_OF_USERS
