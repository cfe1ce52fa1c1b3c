"""path -> LoadedModel -> OnnxModel -> ModelImage -> BundleSources -> BuiltBundle, with the proof.

Each stage is one function of one module. A bundle appears under its name only when every gate has
passed: it is made in a temporary folder beside its place and renamed at the end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecu_bundle.artifacts import (
    ENGINES,
    BuiltBundle,
    Engine,
    LoadedModel,
    ModelImage,
    OnnxModel,
    half_folders,
    sha256_hex,
)
from ecu_bundle.assembly import Assembly, assemble
from ecu_bundle.config import Config, config_beside, read_config
from ecu_bundle.errors import UsageError
from ecu_bundle.folders import fresh_folder, require_free, scratch_folder, write_files
from ecu_bundle.halves import BuiltHalf, build_halves, prove_halves
from ecu_bundle.manifest import (
    DIGEST_LIST,
    FILE_NAME,
    HalfRecord,
    Manifest,
    Source,
    digest_list,
    file_digests,
    read_manifest,
)
from ecu_bundle.stages import Silent, Stages, Watcher

if TYPE_CHECKING:
    from ecu_bundle.building.crypto_sources import CryptoLibrary, Signature
    from ecu_bundle.building.targets import Target
    from ecu_bundle.generation.options import UpdateFacts
    from ecu_bundle.parity import ParityReport
    from ecu_bundle.parity.certificate import Binary, Certificate

DEFAULT_OUTPUT = Path("build/bundles")


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a build; None takes the configuration file, then the default.

    Attributes:
        target: name of a target; default ``host``.
        engine: ``auto``, ``ort``, ``native`` or ``both``; default ``auto``.
        output: folder of the bundle; default ``build/bundles/<model>/<target>``.
        config: configuration file; default ``ecu-bundle.toml`` beside the model, if it is there.
        data: table of rows for the proof: ``.npy``, ``.csv`` or ``.parquet``.
        trust_pickle, allow_version_skew, member: see ``ecu_bundle.loading.load``.
        update: kind of signature of the update packages, whose library a native bundle brings.
        instructions: count instructions where valgrind is installed.
        replace: also replace the bundle of a model with another interface under the same version.
    """

    target: str | None = None
    engine: str | None = None
    output: Path | None = None
    config: Path | None = None
    data: Path | None = None
    trust_pickle: bool = False
    allow_version_skew: bool = False
    member: str | None = None
    update: Signature | None = None
    instructions: bool = False
    replace: bool = False


def build(
    path: str | Path,
    target: str | None = None,
    *,
    engine: str | None = None,
    output: str | Path | None = None,
    config: str | Path | None = None,
    data: str | Path | None = None,
    trust_pickle: bool = False,
    allow_version_skew: bool = False,
    member: str | None = None,
    watcher: Watcher | None = None,
) -> BuiltBundle:
    """Builds a verified bundle; see `Options` for the parameters.

    Raises:
        BundleError: of the stage that failed; nothing is left in the output folder.
    """
    options = Options(
        target=target,
        engine=engine,
        output=None if output is None else Path(output),
        config=None if config is None else Path(config),
        data=None if data is None else Path(data),
        trust_pickle=trust_pickle,
        allow_version_skew=allow_version_skew,
        member=member,
    )
    return build_with_times(path, options, watcher=watcher)[0]


def build_with_times(
    path: str | Path, options: Options | None = None, *, watcher: Watcher | None = None
) -> tuple[BuiltBundle, dict[str, float]]:
    """Builds a verified bundle, and tells the seconds that each stage took.

    Raises:
        BundleError: of the stage that failed; nothing is left in the output folder.
    """
    from ecu_bundle.building.budget import costs_text
    from ecu_bundle.parity.certify import certify

    path = Path(path)
    stages = Stages(watcher or Silent())
    plan = make_plan(path, options or Options())
    target = plan.target
    data_file(plan)  # before the model is loaded and converted for nothing
    with stages.stage("load", path.name):
        loaded = load_model(path, plan)
    with stages.stage("convert", kind_of(loaded)):
        model = convert_model(loaded, plan)
    output = _output_folder(plan, model.name)
    replaced = _other_model(output, loaded, model, plan)
    with stages.stage("verify", "ONNX Runtime against " + _reference_name(loaded)):
        report = prove(loaded, model, plan, stages)
        halves = prove_halves(_images(model, plan), model, report, target, stages)
    with stages.stage("generate", f"bundle for {target.name}"):
        assembly = assemble(halves, model, report, target, plan.config.model, update=update_facts(plan))
    with fresh_folder(output) as folder, scratch_folder() as scratch:
        write_files(folder, assembly.files, output=output)
        built = build_halves(
            halves,
            model,
            report,
            target,
            golden_rows=assembly.golden_rows,
            bundle=folder,
            scratch=scratch,
            stages=stages,
        )
        with stages.stage("report", "certificate, report, manifest"):
            certificate = certify(
                loaded,
                model,
                halves[0].image,
                assembly.sources,
                report,
                device=tuple(gate for half in built for gate in half.gates),
                binaries=tuple(_binary(half, target, assembly) for half in built),
                words=plan.config.description(),
                tool_version=version("ecu-bundle"),
            )
            resources = {half.half.folder: _measure(half, plan, assembly) for half in built}
            reports = report_files(certificate, resources, signatures=assembly.signatures)
            write_files(folder, reports, output=output)
            write_files(folder, {DIGEST_LIST: digest_list(file_digests(folder))}, output=output)
            manifest = _manifest(loaded, certificate, resources, files=file_digests(folder))
            write_files(folder, {FILE_NAME: manifest.to_json()}, output=output)
    digest = sha256_hex(manifest.to_json())
    costs = tuple(costs_text(plan.config.budget, own["totals"]) for own in resources.values())
    built_bundle = BuiltBundle(output, model.name, target.name, plan.engine, digest, replaced, costs)
    return built_bundle, stages.seconds


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be built, decided from options and configuration.

    Attributes:
        config: the configuration; defaults where no file says otherwise.
        folder: folder of the configuration file, which its paths are relative to.
        target: what it is built for.
        engine: ``ort``, ``native`` or ``both``.
        options: as given.
    """

    config: Config
    folder: Path
    target: Target
    engine: str
    options: Options

    @property
    def engines(self) -> tuple[Engine, ...]:
        """What the bundle holds, first what CMake builds unless told otherwise."""
        return tuple(engine for engine in ENGINES if self.engine in (engine, "both"))


def make_plan(path: Path, options: Options) -> Plan:
    """Reads the configuration and decides target and engine.

    Raises:
        UsageError: a wrong configuration, an unknown target, or an engine that it does not have.
    """
    from ecu_bundle.building.targets import get_target

    config_path = options.config or config_beside(path)
    if options.config is not None and not options.config.is_file():
        raise UsageError(
            "configuration",
            f"{options.config.name} is a folder"
            if options.config.is_dir()
            else f"there is no file {options.config.name}",
            place=str(options.config),
            hint="correct --config; `ecu-bundle init MODEL` writes a commented example",
        )
    config = read_config(config_path)
    target = get_target(options.target or config.build.target or "host")
    engine = options.engine or config.build.engine or "auto"
    if engine == "auto":
        engine = target.engines[0]
    if engine not in target.engine_choices:
        raise UsageError(
            "configuration",
            f"the engine {engine!r} is not available for the target {target.name}",
            place="--engine" if options.engine else config.place("build", "engine"),
            hint="engines of this target: auto, " + ", ".join(target.engine_choices),
        )
    if options.update and engine == "ort":
        raise UsageError(
            "configuration",
            "the code that installs update packages goes with the native engine, and this bundle is for ort",
            place="--update",
            hint="give --engine native or both, or a target without ONNX Runtime",
        )
    folder = Path() if config_path is None else config_path.parent
    return Plan(config, folder, target, engine, options)


def load_model(path: Path, plan: Plan) -> LoadedModel:
    """Loads a model with the permissions of options and configuration.

    Raises:
        BundleError: see `ecu_bundle.loading.load`; a bundle or a table in place of a model is named.
    """
    from ecu_bundle.loading import load

    _refuse_no_model(path)
    given, options = plan.config.load, plan.options
    return load(
        path,
        trust_pickle=options.trust_pickle or given.trust_pickle,
        allow_version_skew=options.allow_version_skew or given.allow_version_skew,
        member=options.member or given.member,
    )


def _refuse_no_model(path: Path) -> None:
    """Names what people give in place of a model.

    Raises:
        UsageError: a bundle or a part of one, or a table of rows.
    """
    rows = ("a table of rows", "give the model first, and the rows with --input or --data")
    strangers = {
        ".csv": rows,
        ".npy": rows,
        ".parquet": rows,
        ".ecui": ("a model image", "give the model that it was made of"),
    }
    found = strangers.get(path.suffix.lower()) if path.is_file() else None
    if (path / FILE_NAME).is_file():
        found = ("a bundle", "give the model that it was made of; run, verify, inspect and diff take bundles")
    elif path.name == FILE_NAME and path.is_file():
        found = ("the manifest of a bundle", "give the folder that holds it")
    if found:
        raise UsageError("load", f"{path.name} is {found[0]}, not a model", place=str(path), hint=found[1])


def convert_model(loaded: LoadedModel, plan: Plan) -> OnnxModel:
    """Converts with the words of the configuration."""
    from ecu_bundle.conversion import convert

    return convert(loaded, description=plan.config.description())


def _output_folder(plan: Plan, name: str) -> Path:
    """Where the bundle goes.

    Raises:
        UsageError: something else is there.
    """
    output = plan.options.output
    if output is None and plan.config.build.output:
        output = plan.folder / plan.config.build.output
    output = output if output is not None else DEFAULT_OUTPUT / name / plan.target.name
    require_free(output)
    return output


def _other_model(output: Path, loaded: LoadedModel, model: OnnxModel, plan: Plan) -> str:
    """The bundle that will be replaced, in words, when it was made of another model file.

    Raises:
        UsageError: that one has the same name and version and other inputs or outputs: two different models.
    """
    from ecu_bundle.image.interface_codec import interface_hash

    if not (output / FILE_NAME).is_file():
        return ""
    before = read_manifest(output)
    if before.source.digest == loaded.source_digest:
        return ""
    called = f"version {before.version}, " if before.version else ""
    text = (
        f"a bundle of another model file stood here ({called}SHA-256 {before.source.digest[:16]}); replaced"
    )
    if before.interface.hash == interface_hash(model.interface).hex():
        return text
    same = before.version and (before.name, before.version) == (model.name, plan.config.model.version)
    if same and not plan.options.replace:
        raise UsageError(
            "output",
            f"another model stands there under the same name and version, {before.name} {before.version}, "
            "with other inputs or outputs",
            place=str(output),
            hint="is ecu-bundle.toml meant for this model? raise version in [model], "
            "choose another folder with -o, or let --replace replace it",
        )
    return f"{text}. Its interface was another one: programs written for it no longer fit"


def prove(loaded: LoadedModel, model: OnnxModel, plan: Plan, stages: Stages) -> ParityReport:
    """The proof on the host.

    Raises:
        VerificationError: a gate failed; names the worst row.
    """
    from ecu_bundle.parity import check_parity, require
    from ecu_bundle.tables import read_rows

    given = plan.config.parity
    path = data_file(plan)
    data = None if path is None else read_rows(path, model.interface, refusals=plan.config.refusals())
    report = check_parity(loaded, model, data=data, tolerance=given.tolerance, progress=stages.detail)
    for comparison in report.comparisons:
        require(comparison)
    return report


def data_file(plan: Plan) -> Path | None:
    """The rows of the user for the proof: of the option, else of the configuration.

    Raises:
        UsageError: the configuration names a file that is not there.
    """
    if plan.options.data is not None or plan.config.parity.data is None:
        return plan.options.data
    path = plan.folder / plan.config.parity.data
    if not path.is_file():
        raise UsageError(
            "configuration",
            f"there is no file {path}, which parity.data names",
            place=plan.config.place("parity", "data"),
            hint="correct it there, relative to the configuration; or give the rows with --data",
        )
    return path


def update_facts(plan: Plan) -> UpdateFacts:
    """What option and configuration say of update packages."""
    from ecu_bundle.generation.options import UpdateFacts

    words = plan.config.update
    signature = plan.options.update or plan.config.build.update or ""
    return UpdateFacts(signature, words.vendor or "", words.device_class or "", words.hardware)


def _images(model: OnnxModel, plan: Plan) -> dict[str, ModelImage]:
    """The model for each engine, by the folder of its half.

    Raises:
        UnsupportedModelError: an engine cannot run the model.
    """
    from ecu_bundle.image.writer import compile_image

    return {
        folder: compile_image(model, engine=engine, version=plan.config.model.version)
        for folder, engine in zip(half_folders(plan.engines), plan.engines, strict=True)
    }


def _binary(built: BuiltHalf, target: Target, assembly: Assembly) -> Binary:
    from ecu_bundle.parity.certificate import Binary

    library = assembly.libraries[built.half.folder]
    return Binary(
        target=target.name,
        engine=built.half.image.engine,
        image_digest=built.half.image.digest,
        compiler=built.build.compiler,
        flags=built.build.flags,
        runner=target.runner,
        library_digest=built.build.library_digest,
        onnxruntime_version=library.version if library else "",
        onnxruntime_digest=library.sha256 if library else "",
        golden_rows=assembly.golden_rows[built.half.folder],
        self_test="passed",
    )


def _measure(built: BuiltHalf, plan: Plan, assembly: Assembly) -> dict[str, Any]:
    """The resource figures of a half, held against the budget."""
    from ecu_bundle.building.budget import require_budget
    from ecu_bundle.building.resources import measure

    image, library = built.half.image, assembly.libraries[built.half.folder]
    figures = measure(
        built.build,
        plan.target,
        image,
        library,
        kernels=assembly.kernels[built.half.folder],
        instructions=plan.options.instructions,
    )
    built_for = f"{plan.target.name} (engine {image.engine})"
    require_budget(plan.config.budget, figures["totals"], built_for, config=plan.options.config)
    return figures


def report_files(
    certificate: Certificate,
    resources: Mapping[str, dict[str, Any]],
    *,
    signatures: CryptoLibrary | None = None,
) -> dict[str, bytes]:
    """Everything in ``reports/``, and the resource figures of each half in its folder."""
    from ecu_bundle.reporting.html import render_report
    from ecu_bundle.reporting.junit import junit_xml
    from ecu_bundle.reporting.resource_page import resource_page
    from ecu_bundle.reporting.sbom import sbom, standard_components

    tool = certificate.tools["ecu-bundle"]
    components = standard_components(certificate, tool_version=tool, signatures=signatures)
    return {
        "reports/certificate.json": certificate.to_json().encode(),
        "reports/junit.xml": junit_xml(certificate),
        "reports/report.html": render_report(certificate, *resources.values(), tool_version=tool),
        "reports/sbom.cdx.json": sbom(certificate, components),
        **{
            f"{folder}reports/resources.json": (json.dumps(own, indent=2, sort_keys=True) + "\n").encode()
            for folder, own in resources.items()
        },
        **{f"{folder}reports/resources.md": resource_page(own) for folder, own in resources.items()},
    }


def _manifest(
    loaded: LoadedModel,
    certificate: Certificate,
    resources: Mapping[str, dict[str, Any]],
    *,
    files: dict[str, str],
) -> Manifest:
    first, *others = (
        HalfRecord(
            engine=binary.engine,
            image_digest=binary.image_digest,
            library_digest=binary.library_digest,
            onnxruntime_version=binary.onnxruntime_version,
            resources=own,
        )
        for binary, own in zip(certificate.binaries, resources.values(), strict=True)
    )
    return Manifest(
        **dict(first),
        others=tuple(others),
        name=certificate.model_name,
        title=certificate.model_title,
        version=certificate.model_version,
        target=certificate.binaries[0].target,
        interface=certificate.interface,
        source=Source(
            format=loaded.format,
            digest=loaded.source_digest,
            sklearn_version=loaded.sklearn_version,
            trusted_pickle=loaded.trusted_pickle,
        ),
        onnx_digest=certificate.onnx_digest,
        certificate_digest=sha256_hex(certificate.to_json().encode()),
        tools=certificate.tools,
        files=files,
    )


def kind_of(loaded: LoadedModel) -> str:
    """What is converted, in a word or two."""
    return "ONNX graph" if loaded.estimator is None else type(loaded.estimator).__name__


def _reference_name(loaded: LoadedModel) -> str:
    return "itself" if loaded.estimator is None else "scikit-learn"
