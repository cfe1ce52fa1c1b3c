"""What the loading modules pass to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

STAGE = "load"
"""Stage name in the errors of this package."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user allows while loading."""

    trust_pickle: bool = False
    allow_version_skew: bool = False


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One model file in memory.

    Attributes:
        name: file name without folder, or the member's name inside an archive.
        place: how errors call it, for instance ``"model.tar.gz: model.joblib"``.
        data: the bytes as given.
        declared_version: scikit-learn version that metadata beside the file states; may be empty.
    """

    name: str
    place: str
    data: bytes
    declared_version: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What was found inside a model file: an estimator or an ONNX file, never both."""

    estimator: Any | None = None
    onnx_bytes: bytes | None = None
    sklearn_version: str = ""
    trusted_pickle: bool = False
    notes: tuple[str, ...] = ()
