"""``verify``: is the delivered bundle still what its certificate says?"""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecu_bundle.artifacts import OnnxModel, sha256_hex
from ecu_bundle.errors import UsageError, VerificationError
from ecu_bundle.manifest import Manifest, check_files, interface_of, read_manifest
from ecu_bundle.pipeline import Options, load_model, make_plan, run_on_target
from ecu_bundle.stages import Silent, Stages, Watcher

if TYPE_CHECKING:
    from ecu_bundle.parity import ParityReport
    from ecu_bundle.parity.certificate import Comparison


@dataclass(frozen=True, slots=True)
class Verified:
    """Outcome of a verification that passed.

    Attributes:
        name, target: of the bundle.
        comparisons: the gates that were run again.
        same_binary: the library has the bytes that the certificate names.
        changes: what differs from the certificate without breaking it, for instance the compiler.
    """

    name: str
    target: str
    comparisons: tuple[Comparison, ...]
    same_binary: bool
    changes: tuple[str, ...]


def verify(
    bundle: str | Path,
    *,
    model: str | Path | None = None,
    data: str | Path | None = None,
    options: Options | None = None,
    watcher: Watcher | None = None,
) -> Verified:
    """Runs the proof again on a delivered bundle.

    Every file is compared with the manifest; the bundle is built afresh and run on its target
    (under QEMU where needed); its outputs are compared with ONNX Runtime and, when the model is
    given, with scikit-learn.

    Args:
        bundle: folder of the bundle.
        model: the model that it was made of; None leaves scikit-learn out.
        data: rows for the proof; None takes generated rows only.
        options: target (must be the bundle's), permissions for loading the model.
        watcher: is told about the stages.

    Raises:
        VerificationError: a file, a digest or an output differs; names it.
        UsageError: not a bundle, another target, or a model that is not its source.
    """
    from ecu_bundle.building.driver import build_bundle
    from ecu_bundle.building.targets import get_target

    bundle = Path(bundle)
    options = options or Options()
    stages = Stages(watcher or Silent())
    with stages.stage("check", "digests of every file"):
        manifest = read_manifest(bundle)
        check_files(bundle, manifest)
        check_records(bundle, manifest)
        onnx_model = read_onnx(bundle, manifest)
    if options.target not in (None, manifest.target):
        raise UsageError(
            "verify",
            f"the bundle is for the target {manifest.target}, not {options.target}",
            hint=f"build it for {options.target} from the model",
        )
    target = get_target(manifest.target)
    with stages.stage("verify", "reference rows"):
        report = _prove(onnx_model, manifest, model, data, options=options, stages=stages)
    with tempfile.TemporaryDirectory(prefix="ecu-bundle-") as scratch:
        with stages.stage("build", f"{target.tool_prefix}g++"):
            built = build_bundle(bundle, target, Path(scratch))
        with stages.stage("run", target.runner):
            gate = run_on_target(built, target, onnx_model, report, manifest.tolerance)
        changes = _changes(manifest, built.library_digest)
    return Verified(manifest.name, manifest.target, (*report.comparisons, gate), not changes, changes)


def check_records(bundle: Path, manifest: Manifest) -> None:
    """Compares model, image and certificate with the digests that the manifest gives for them.

    Raises:
        VerificationError: one of them is missing or is another; names it.
    """
    records = {
        f"model/{manifest.name}.onnx": ("ONNX file", manifest.onnx_digest),
        f"model/{manifest.name}.ecui": ("model image", manifest.image_digest),
        "reports/certificate.json": ("certificate", manifest.certificate_digest),
    }
    for name, (what, digest) in records.items():
        path = bundle / name
        if not path.is_file() or sha256_hex(path.read_bytes()) != digest:
            raise VerificationError("verify", f"the {what} is not the one of the manifest", place=name)


def read_onnx(bundle: Path, manifest: Manifest) -> OnnxModel:
    """The ONNX model inside a bundle that `check_records` accepted, with the manifest's interface.

    Raises:
        VerificationError: the file is no ONNX file.
    """
    import onnx

    name = f"model/{manifest.name}.onnx"
    try:
        proto = onnx.load_from_string((bundle / name).read_bytes())
    except Exception as error:  # protobuf's DecodeError, whose module has no types
        raise VerificationError("verify", f"not an ONNX file: {error}", place=name) from error
    return OnnxModel(
        name=manifest.name,
        proto=proto,
        interface=interface_of(manifest.interface),
        decisions=manifest.decisions,
    )


def _prove(
    onnx_model: OnnxModel,
    manifest: Manifest,
    model: str | Path | None,
    data: str | Path | None,
    *,
    options: Options,
    stages: Stages,
) -> ParityReport:
    from ecu_bundle.artifacts import LoadedModel
    from ecu_bundle.conversion.preparation import prepare
    from ecu_bundle.parity import check_parity, require
    from ecu_bundle.rows import read_table

    if model is None:
        loaded = LoadedModel(manifest.name, "onnx", manifest.source.digest, None, onnx_model.data)
    else:
        loaded = load_model(Path(model), make_plan(Path(model), dataclasses.replace(options, target=None)))
        if loaded.source_digest != manifest.source.digest:
            raise UsageError(
                "verify",
                f"{Path(model).name} is not the model that the bundle was made of",
                place=f"its digest is {loaded.source_digest}, the manifest names {manifest.source.digest}",
            )
        if loaded.estimator is not None:
            onnx_model = dataclasses.replace(onnx_model, columns=prepare(loaded.estimator).columns)
    table: Any = None if data is None else read_table(Path(data), onnx_model.interface)
    report = check_parity(
        loaded, onnx_model, data=table, tolerance=manifest.tolerance, progress=stages.detail
    )
    for comparison in report.comparisons:
        require(comparison)
    return report


def _changes(manifest: Manifest, library_digest: str) -> tuple[str, ...]:
    if library_digest == manifest.library_digest:
        return ()
    return (
        f"the library has other bytes than the certificate names ({library_digest[:16]} instead of "
        f"{manifest.library_digest[:16]}): another compiler or other flags built it",
    )
