"""The nouns that pass from stage to stage: frozen, each with a digest.

``path -> LoadedModel -> OnnxModel -> ModelImage -> BundleSources -> BuiltBundle``
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ecu_bundle.interface import Array, Column, Interface, Rows

if TYPE_CHECKING:
    import onnx

Engine = Literal["ort", "native"]
ENGINES: tuple[Engine, ...] = ("native", "ort")
"""All of them, in the order that a bundle with both has them."""

ModelFormat = Literal["skops", "pickle", "sagemaker", "mlflow", "onnx", "memory"]


def half_folders(engines: Sequence[Engine]) -> tuple[str, ...]:
    """Where a bundle has what it holds for each engine: the first at its top, another in ``<engine>/``."""
    return tuple(f"{engine}/" if position else "" for position, engine in enumerate(engines))


def sha256_hex(data: bytes) -> str:
    """SHA-256 of the bytes as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """What the user handed over, read into memory and not changed.

    Attributes:
        name: short name, from the file name; a C identifier is made of it later.
        format: how it arrived.
        source_digest: SHA-256 of the model file as given (of the member for archives and folders).
        estimator: the fitted scikit-learn object; None for an ONNX file.
        onnx_bytes: the ONNX file; None unless the format is ``onnx``.
        sklearn_version: version that wrote the model; empty when unknown.
        trusted_pickle: the user vouched for code that runs while loading.
        notes: what a reader of the manifest should know, for instance an allowed version skew.
    """

    name: str
    format: ModelFormat
    source_digest: str
    estimator: Any | None
    onnx_bytes: bytes | None = None
    sklearn_version: str = ""
    trusted_pickle: bool = False
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        return self.source_digest


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """The single source of truth for every engine.

    Attributes:
        name: C identifier of the model, for instance ``auto_mpg``.
        proto: ONNX ModelProto. Graph inputs and outputs are those of the interface, in its order
            and with its names, shape (rows, elements); float32 tensors are FLOAT, int32 tensors
            are INT64 (the engines convert).
        interface: the device view.
        notes: repairs and limits that the certificate repeats.
        exact: names of the exact outputs, for instance those that follow from tree decisions and exact
            sums of leaves: bit-equal on every architecture. The other outputs are smooth.
        columns: the columns of the estimator, used and unused, in its order; empty for ONNX files.
        standard: standard name of each output, in device order: ``label``, ``probabilities``,
            ``decision_function``, ``scores``, ``variable``; empty for ONNX files.
        estimator: the estimators by their class, in words; empty for ONNX files.
    """

    name: str
    proto: onnx.ModelProto
    interface: Interface
    notes: tuple[str, ...] = ()
    exact: frozenset[str] = frozenset()
    columns: tuple[Column, ...] = ()
    standard: tuple[str, ...] = ()
    estimator: str = ""

    @property
    def exact_outputs(self) -> tuple[str, ...]:
        """The exact outputs in the order of the interface."""
        return tuple(t.name for t in self.interface.outputs if t.name in self.exact)

    @property
    def data(self) -> bytes:
        """The serialised ONNX file; the same bytes every time."""
        data: bytes = self.proto.SerializeToString(deterministic=True)
        return data

    @property
    def digest(self) -> str:
        return sha256_hex(self.data)


@dataclass(frozen=True, slots=True)
class ModelImage:
    """The blob in flash; format in ``docs/model_image.md``."""

    name: str
    engine: Engine
    interface: Interface
    data: bytes

    @property
    def digest(self) -> str:
        return sha256_hex(self.data)


@dataclass(frozen=True, slots=True)
class GoldenVectors:
    """Input rows with expected outputs, embedded in the self-test of a bundle.

    Attributes:
        rows: input rows in device form.
        outputs: expected values per output, shape (rows, elements), float32 or int32.
        abs_tolerance, rel_tolerance: per float32 output; a value v passes against the expected e
            when ``|v - e| <= abs + rel * |e|`` in float32. Both 0 means: the same bits.
    """

    rows: Rows
    outputs: dict[str, Array]
    abs_tolerance: dict[str, float]
    rel_tolerance: dict[str, float]


@dataclass(frozen=True, slots=True)
class BundleSources:
    """Everything of a bundle that is known before a compiler runs: path -> bytes, sorted."""

    name: str
    files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        h = hashlib.sha256()
        for path, data in sorted(self.files.items()):
            h.update(path.encode() + b"\0" + hashlib.sha256(data).digest())
        return h.hexdigest()


@dataclass(frozen=True, slots=True)
class BuiltBundle:
    """A bundle on disk whose self-test passed and whose outputs equal the reference.

    Attributes:
        path: its folder.
        name, target, engine: what it is.
        digest: of its manifest.
        replaced: in words, the bundle of another model that stood in its place; empty when none did.
        costs: in words, of each engine: the totals of its resources, with the limits of the budget.
    """

    path: Path
    name: str
    target: str
    engine: str
    digest: str
    replaced: str = ""
    costs: tuple[str, ...] = ()
