"""Write the certificate from what was compared, built and run."""

from __future__ import annotations

import hashlib
import platform
from collections import Counter
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from ecu_bundle.artifacts import BundleSources, LoadedModel, ModelImage, OnnxModel
from ecu_bundle.conversion.description import ModelDescription
from ecu_bundle.image.interface_codec import interface_hash
from ecu_bundle.interface import Interface, Rows, Tensor
from ecu_bundle.parity import ParityReport
from ecu_bundle.parity.certificate import (
    Binary,
    Certificate,
    Comparison,
    InterfaceRecord,
    Reference,
    RowSource,
    TensorRecord,
)
from ecu_bundle.parity.generation import DESCRIPTIONS
from ecu_bundle.parity.packages import boosters_of, definition_of
from ecu_bundle.parity.proof import bound_records, claims, witness_record
from ecu_bundle.parity.reference import DEFINITION_ONNX
from ecu_bundle.parity.session import session_settings

_TOOLS = ("numpy", "onnx", "onnxruntime", "scikit-learn", "skl2onnx")
_MAX_TEXT = 4000

SAMPLED = (
    "agreement is measured on the rows listed here; for other inputs nothing is proved beyond claims, "
    "witnesses and bounds"
)
EXACT_CLAIM = (
    "every step from the inputs is a decision, a move of data, an exact sum of leaves or one IEEE operation "
    "in float64, so the bits are the same on every processor, for any number of threads and rows"
)
SMOOTH_LIMIT = (
    "ONNX Runtime's own kernels differ between processor architectures in the last bits; on another "
    "architecture than the host's the values agree within the tolerance of the gate, and a label may "
    "differ where the scores are that close"
)
ONNX_LIMIT = "the model came as ONNX: agreement with what it was trained as is not shown"


def certify(
    loaded: LoadedModel,
    model: OnnxModel,
    image: ModelImage,
    sources: BundleSources,
    report: ParityReport,
    *,
    device: tuple[Comparison, ...],
    binaries: tuple[Binary, ...],
    words: ModelDescription,
    tool_version: str,
) -> Certificate:
    """The certificate of one bundle.

    Args:
        loaded, model, image, sources: what the bundle was made of.
        report: the proof on the host.
        device: comparisons of the built bundle with the reference rows.
        binaries: what was built and run; empty when nothing was.
        words: title and version of the model.
        tool_version: of ecu-bundle.
    """
    comparisons = (*report.comparisons, *device)
    return Certificate(
        model_name=model.name,
        model_title=words.title or model.name,
        model_version=words.version,
        onnx_digest=model.digest,
        image_digest=image.digest,
        sources_digest=sources.digest,
        interface=interface_record(model.interface),
        reference=_reference(loaded),
        rows=_row_sources(report.rows),
        rows_digest=rows_digest(report.rows),
        tolerance=report.setting,
        exact_outputs=model.exact_outputs,
        standard_outputs=model.standard,
        session=session_settings(),
        comparisons=comparisons,
        binaries=binaries,
        witnesses=witness_record(report.proof.witnesses),
        bounds=bound_records(model, report.proof, report.expected),
        claims=(*_claims(model), *claims(report.proof.witnesses)),
        limits=_limits(loaded, model),
        refused_inputs=_refused_inputs(model.interface),
        notes=(*model.notes, *report.assumptions),
        tools={"python": platform.python_version(), "ecu-bundle": tool_version, **_versions(loaded)},
        passed=all(c.passed for c in comparisons) and all(b.self_test == "passed" for b in binaries),
    )


def _claims(model: OnnxModel) -> tuple[str, ...]:
    """What holds for every input, beyond the compared rows."""
    return tuple(f"{name} is exact: {EXACT_CLAIM}" for name in model.exact_outputs)


def _limits(loaded: LoadedModel, model: OnnxModel) -> tuple[str, ...]:
    smooth = [t.name for t in model.interface.outputs if t.name not in model.exact]
    return (
        *((ONNX_LIMIT,) if loaded.estimator is None else ()),
        SAMPLED,
        *((f"{', '.join(smooth)}: {SMOOTH_LIMIT}",) if smooth else ()),
    )


def _refused_inputs(interface: Interface) -> tuple[str, ...]:
    """What the device answers with a status instead of a result."""
    numbers = [t.name for t in interface.inputs if t.dtype == "float32" and not t.accepts_nan]
    coded = [t.name for t in interface.inputs if t.codes]
    return (
        *((f"NaN in {', '.join(numbers)}",) if numbers else ()),
        *((f"a value that is no code of {', '.join(coded)}",) if coded else ()),
    )


def interface_record(interface: Interface) -> InterfaceRecord:
    """The interface as the certificate and the manifest show it."""
    return InterfaceRecord(
        kind=interface.kind,
        hash=interface_hash(interface).hex(),
        inputs=tuple(_tensor_record(t) for t in interface.inputs),
        outputs=tuple(_tensor_record(t) for t in interface.outputs),
    )


def rows_digest(rows: Rows) -> str:
    """SHA-256 over the names and bytes of all input tensors."""
    digest = hashlib.sha256()
    for name, array in rows.tensors.items():
        digest.update(name.encode() + b"\0" + array.astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def _tensor_record(tensor: Tensor) -> TensorRecord:
    return TensorRecord(
        name=tensor.name,
        dtype=tensor.dtype,
        elements=tensor.elements,
        unit=tensor.unit,
        minimum=tensor.minimum,
        maximum=tensor.maximum,
        description=tensor.description,
        codes={str(code.value): code.name for code in tensor.codes},
        accepts_nan=tensor.accepts_nan,
        element_names=tensor.element_names,
    )


def _reference(loaded: LoadedModel) -> Reference:
    estimator = loaded.estimator
    text = "" if estimator is None else repr(estimator)
    return Reference(
        definition=DEFINITION_ONNX if estimator is None else definition_of(estimator),
        estimator="ONNX graph" if estimator is None else type(estimator).__name__,
        estimator_text=text[:_MAX_TEXT],
        sklearn_version="" if estimator is None else version("scikit-learn"),
        trained_with=loaded.sklearn_version,
        source_format=loaded.format,
        source_digest=loaded.source_digest,
        trusted_pickle=loaded.trusted_pickle,
    )


def _row_sources(rows: Rows) -> tuple[RowSource, ...]:
    counts = Counter(rows.origins)
    return tuple(
        RowSource(origin=origin, rows=counts[origin], description=text)
        for origin, text in DESCRIPTIONS.items()
        if origin in counts
    )


def _versions(loaded: LoadedModel) -> dict[str, str]:
    # by the module: one package is distributed under several names
    found = {name: str(import_module(name).__version__) for name in boosters_of(loaded.estimator)}
    for name in _TOOLS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
