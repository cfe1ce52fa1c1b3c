"""``verify``: is the delivered bundle still what its certificate says?"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecu_bundle.errors import UsageError, VerificationError
from ecu_bundle.folders import scratch_folder
from ecu_bundle.halves import BuiltHalf, build_halves, prove_halves
from ecu_bundle.interface import Code, Column, Interface
from ecu_bundle.manifest import Manifest
from ecu_bundle.pipeline import Options, Plan, data_file, load_model, make_plan
from ecu_bundle.records import CERTIFICATE, Records, read_delivered
from ecu_bundle.stages import Silent, Stages, Watcher

if TYPE_CHECKING:
    from ecu_bundle.artifacts import LoadedModel, OnnxModel
    from ecu_bundle.parity import ParityReport
    from ecu_bundle.parity.certificate import Certificate, Comparison
    from ecu_bundle.parity.changes import Change


@dataclass(frozen=True, slots=True)
class Verified:
    """Outcome of a verification that passed.

    Attributes:
        name, target: of the bundle.
        comparisons: the gates that were run again.
        same_binary: the library of each engine has the bytes that the certificate names.
        changes: fields of the certificate that have another value now, without breaking it: for
            instance the compiler.
        omitted: what could not be computed again, and why.
    """

    name: str
    target: str
    comparisons: tuple[Comparison, ...]
    same_binary: bool
    changes: tuple[Change, ...]
    omitted: tuple[str, ...]


def verify(
    bundle: str | Path,
    *,
    model: str | Path | None = None,
    data: str | Path | None = None,
    options: Options | None = None,
    watcher: Watcher | None = None,
) -> Verified:
    """Runs the proof again on a delivered bundle, and the certificate with it.

    Every file is compared with the manifest, and the records with each other; the bundle is built
    afresh and run on its target (under QEMU where needed); its outputs are compared with ONNX Runtime
    and, when the model is given, with scikit-learn. Tolerance, exact outputs and NaN rules come from
    the certificate, the graph and the model image, never from the manifest.

    Args:
        bundle: folder of the bundle.
        model: the model that it was made of; None leaves scikit-learn out.
        data: rows for the proof; None takes those of the configuration beside the model, where the
            certificate has rows of the user.
        options: target (must be the bundle's), permissions for loading the model.
        watcher: is told about the stages.

    Raises:
        VerificationError: a file, a record or an output differs, or the bundle is not of this model;
            names it.
        UsageError: not a bundle, or another target.
    """
    from ecu_bundle.building.targets import get_target
    from ecu_bundle.parity.changes import changes

    bundle = Path(bundle)
    options = options or Options()
    stages = Stages(watcher or Silent())
    with stages.stage("check", "digests of every file"):
        manifest, records = read_delivered(bundle)
    if options.target not in (None, manifest.target):
        wanted = get_target(options.target).name
        raise UsageError(
            "verify",
            f"the bundle is for the target {manifest.target}, not {wanted}",
            place=str(bundle),
            hint=f"leave --target out, or build a bundle with --target {wanted} from the model",
        )
    target = get_target(manifest.target)
    with stages.stage("verify", "reference rows"):
        proof = _prove(records, manifest, model, data, options=options, stages=stages)
        images = {folder: contents.image for folder, contents in records.images.items()}
        halves = prove_halves(images, proof.model, proof.report, target, stages)
    binaries = records.certificate.binaries
    golden_rows = {half.folder: b.golden_rows for half, b in zip(halves, binaries, strict=True)}
    with scratch_folder() as scratch:
        built = build_halves(
            halves,
            proof.model,
            proof.report,
            target,
            golden_rows=golden_rows,
            bundle=bundle,
            scratch=scratch,
            stages=stages,
        )
        now = _certificate(records, proof, built)
    stored = records.certificate
    return Verified(
        manifest.name,
        manifest.target,
        now.comparisons,
        [b.library_digest for b in now.binaries] == [b.library_digest for b in stored.binaries],
        changes(stored, _without_omitted(stored, now, proof)),
        _omitted(stored, proof),
    )


@dataclass(frozen=True, slots=True)
class _Proof:
    """The proof on the host, run again.

    Attributes:
        loaded: the model; without an estimator when only the bundle was given.
        model: the ONNX model of the bundle.
        report: of the comparison.
        same_rows: the rows are those of the certificate.
    """

    loaded: LoadedModel
    model: OnnxModel
    report: ParityReport
    same_rows: bool


def _prove(
    records: Records,
    manifest: Manifest,
    model: str | Path | None,
    data: str | Path | None,
    *,
    options: Options,
    stages: Stages,
) -> _Proof:
    from ecu_bundle.artifacts import LoadedModel
    from ecu_bundle.parity import check_parity, require
    from ecu_bundle.parity.certify import rows_digest
    from ecu_bundle.tables import read_rows

    onnx_model = records.model
    refusals: dict[str, str] = {}
    if model is None:
        loaded = LoadedModel(manifest.name, "onnx", manifest.source.digest, None, onnx_model.data)
    else:
        plan = make_plan(Path(model), dataclasses.replace(options, target=None))
        loaded = load_model(Path(model), plan)
        if loaded.source_digest != manifest.source.digest:
            raise VerificationError(
                "verify",
                f"{Path(model).name} is not the model that the bundle was made of: "
                f"its SHA-256 begins with {loaded.source_digest[:16]}, "
                f"that of the bundle's model with {manifest.source.digest[:16]}",
                place=str(model),
                hint=f"give the file that {manifest.name} was built from, or build a bundle of this one; "
                "a model that was trained or saved again is another file",
            )
        onnx_model = _with_columns(loaded, onnx_model)
        data = data or _configured_data(plan, records.certificate)
        refusals = plan.config.refusals()
    table: Any = None if data is None else read_rows(Path(data), onnx_model.interface, refusals=refusals)
    report = check_parity(
        loaded, onnx_model, data=table, tolerance=records.certificate.tolerance, progress=stages.detail
    )
    for comparison in report.comparisons:
        require(comparison)
    same_rows = rows_digest(report.rows) == records.certificate.rows_digest
    return _Proof(loaded, onnx_model, report, same_rows)


def _with_columns(loaded: LoadedModel, model: OnnxModel) -> OnnxModel:
    """The columns of the estimator, and the inputs that accept NaN found again.

    Raises:
        VerificationError: the bundle accepts NaN elsewhere.
    """
    from ecu_bundle.conversion.preparation import prepare
    from ecu_bundle.parity.missing import settle_missing

    if loaded.estimator is None:
        return model
    prepared = prepare(loaded.estimator)
    columns = [prepared.columns[position] for position in prepared.used]
    ordered = _with_code_order(model.interface, columns)
    settled = settle_missing(loaded, dataclasses.replace(model, columns=prepared.columns, interface=ordered))
    pairs = list(zip(model.interface.inputs, settled.interface.inputs, strict=True))
    # An input may refuse what the model has a rule for: ``accepts_nan = false`` in the configuration.
    wrong = [stored.name for stored, now in pairs if stored.accepts_nan and not now.accepts_nan]
    if wrong:
        raise VerificationError(
            "verify",
            f"the bundle has another rule for NaN than the model, in {', '.join(wrong)}",
            place=f"{CERTIFICATE}: interface.inputs: accepts_nan",
        )
    inputs = tuple(dataclasses.replace(now, accepts_nan=stored.accepts_nan) for stored, now in pairs)
    return dataclasses.replace(settled, interface=dataclasses.replace(settled.interface, inputs=inputs))


def _with_code_order(interface: Interface, columns: Sequence[Column]) -> Interface:
    """The codes of each input in the order of its column, which the rows of the proof follow."""
    if len(columns) != len(interface.inputs):
        return interface  # one matrix, without codes
    inputs = []
    for tensor, column in zip(interface.inputs, columns, strict=True):
        position = {code.value: i for i, code in enumerate(column.codes)}
        codes = sorted(tensor.codes, key=_by(position))
        inputs.append(dataclasses.replace(tensor, codes=tuple(codes)))
    return Interface(interface.kind, tuple(inputs), interface.outputs)


def _by(position: Mapping[int, int]) -> Callable[[Code], int]:
    return lambda code: position.get(code.value, len(position))


def _configured_data(plan: Plan, certificate: Certificate) -> Path | None:
    """The rows of the configuration beside the model, where the certificate has rows of the user."""
    used = any(source.origin == "data" for source in certificate.rows)
    return data_file(plan) if used else None


def _certificate(records: Records, proof: _Proof, built: tuple[BuiltHalf, ...]) -> Certificate:
    """The certificate as it would be written now."""
    from ecu_bundle.conversion.description import ModelDescription
    from ecu_bundle.parity.certify import certify

    stored = records.certificate
    binaries = [
        binary.model_copy(
            update={
                "compiler": half.build.compiler,
                "flags": half.build.flags,
                "library_digest": half.build.library_digest,
                "self_test": "passed",
            }
        )
        for binary, half in zip(stored.binaries, built, strict=True)
    ]
    return certify(
        proof.loaded,
        proof.model,
        records.image,
        records.sources,
        proof.report,
        device=tuple(gate for half in built for gate in half.gates),
        binaries=tuple(binaries),
        words=ModelDescription(title=stored.model_title, version=stored.model_version),
        tool_version=version("ecu-bundle"),
    )


def _without_omitted(stored: Certificate, now: Certificate, proof: _Proof) -> Certificate:
    """What was not computed again keeps its stored value."""
    kept = ["notes"]  # the conversion is not repeated
    if proof.loaded.estimator is None and stored.reference.source_format != "onnx":
        kept += ["reference", "limits", "claims"]
    if not proof.same_rows and _rows_are_missing(stored, proof):
        kept += ["rows", "rows_digest", "comparisons", "witnesses", "bounds"]
    return now.model_copy(update={name: getattr(stored, name) for name in kept})


def _omitted(stored: Certificate, proof: _Proof) -> tuple[str, ...]:
    if proof.same_rows or not _rows_are_missing(stored, proof):
        return ()
    if proof.loaded.estimator is None and stored.reference.source_format != "onnx":
        return ("the comparison with scikit-learn and its rows: give the model with --model",)
    return ("the figures of the comparisons: the certificate has rows of the user, give them with --data",)


def _rows_are_missing(stored: Certificate, proof: _Proof) -> bool:
    """Whether the rows of the certificate cannot be made from what was given."""
    if proof.loaded.estimator is None and stored.reference.source_format != "onnx":
        return True
    user = any(source.origin == "data" for source in stored.rows)
    return user and "data" not in proof.report.rows.origins
