"""path -> LoadedModel -> OnnxModel -> ModelImage -> BundleSources -> BuiltBundle, with the proof.

Each stage is one function of one module. A bundle appears under its name only when every gate has
passed: it is made in a temporary folder beside its place and renamed at the end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecu_bundle.artifacts import (
    BuiltBundle,
    BundleSources,
    GoldenVectors,
    LoadedModel,
    ModelImage,
    OnnxModel,
    sha256_hex,
)
from ecu_bundle.artifacts import Engine as EngineName
from ecu_bundle.config import Config, config_beside, read_config
from ecu_bundle.errors import UsageError
from ecu_bundle.folders import fresh_folder, require_free, scratch_folder, write_files
from ecu_bundle.manifest import FILE_NAME, Manifest, Source, file_digests, read_manifest
from ecu_bundle.stages import Silent, Stages, Watcher

if TYPE_CHECKING:
    from ecu_bundle.building.driver import BuildResult
    from ecu_bundle.building.provision import OrtLibrary
    from ecu_bundle.building.targets import Target
    from ecu_bundle.parity import ParityReport
    from ecu_bundle.parity.certificate import Binary, Certificate, Comparison
    from ecu_bundle.parity.expectation import Expectation

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
        instructions: count instructions where valgrind is installed.
    """

    target: str | None = None
    engine: str | None = None
    output: Path | None = None
    config: Path | None = None
    data: Path | None = None
    trust_pickle: bool = False
    allow_version_skew: bool = False
    member: str | None = None
    instructions: bool = False


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
    from ecu_bundle.building.budget import require_budget
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
    replaced = _other_model(output, loaded)
    with stages.stage("verify", "ONNX Runtime against " + _reference_name(loaded)):
        report = prove(loaded, model, plan, stages)
        image = _image(model, plan)
        expected = prove_engine(model, image, report, plan.target, stages)
    with stages.stage("generate", f"bundle for {target.name}"):
        library = _library(plan)
        golden, sources = _generate(model, image, report, plan, expected=expected, library=library)
    with fresh_folder(output) as folder, scratch_folder() as scratch:
        write_files(folder, {**sources.files, **(library.bundle_files() if library else {})}, output=output)
        with stages.stage("build", f"{target.tool_prefix}g++"):
            built = _compile(folder, target, scratch)
        with stages.stage("run", target.runner):
            gate = run_on_target(built, target, model, report, expected)
        with stages.stage("report", "certificate, report, manifest"):
            binaries = (_binary(built, plan, library, len(golden.rows)),)
            certificate = certify(
                loaded,
                model,
                image,
                sources,
                report,
                device=(*expected.gates, gate),
                binaries=binaries,
                words=plan.config.description(),
                tool_version=version("ecu-bundle"),
            )
            resources = _measure(built, image, library, plan)
            require_budget(plan.config.budget, resources["totals"], target.name)
            write_files(folder, report_files(certificate, resources), output=output)
            manifest = _manifest(loaded, model, certificate, resources, plan, files=file_digests(folder))
            write_files(folder, {FILE_NAME: manifest.to_json()}, output=output)
    digest = sha256_hex(manifest.to_json())
    built_bundle = BuiltBundle(output, model.name, target.name, plan.engine, digest, replaced)
    return built_bundle, stages.seconds


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be built, decided from options and configuration.

    Attributes:
        config: the configuration; defaults where no file says otherwise.
        folder: folder of the configuration file, which its paths are relative to.
        target, engine: what it is built for.
        options: as given.
    """

    config: Config
    folder: Path
    target: Target
    engine: EngineName
    options: Options


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
    if engine not in target.engines:
        raise UsageError(
            "configuration",
            f"the engine {engine!r} is not available for the target {target.name}",
            place="--engine" if options.engine else config.place("build", "engine"),
            hint="engines of this target: auto, " + ", ".join(target.engines),
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


def _other_model(output: Path, loaded: LoadedModel) -> str:
    """The bundle that will be replaced, in words, when it was made of another model file."""
    if not (output / FILE_NAME).is_file():
        return ""
    before = read_manifest(output)
    if before.source.digest == loaded.source_digest:
        return ""
    called = f"version {before.version}, " if before.version else ""
    return (
        f"a bundle of another model file stood here ({called}SHA-256 {before.source.digest[:16]}); replaced"
    )


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


def prove_engine(
    model: OnnxModel, image: ModelImage, report: ParityReport, target: Target, stages: Stages
) -> Expectation:
    """What the bundle has to compute on the target, by its own engine on the host.

    Raises:
        VerificationError: the engine differs from ONNX Runtime; names the worst row.
    """
    from ecu_bundle.parity import require
    from ecu_bundle.parity.expectation import expect

    if image.engine == "native":
        stages.detail(f"the native engine on {len(report.rows)} rows")
    expected = expect(model, image, report, target.name)
    for comparison in expected.gates:
        require(comparison)
    return expected


def _image(model: OnnxModel, plan: Plan) -> ModelImage:
    from ecu_bundle.image.writer import compile_image

    return compile_image(model, engine=plan.engine, version=plan.config.model.version)


def _library(plan: Plan) -> OrtLibrary | None:
    from ecu_bundle.building.provision import default_cache_dir, onnxruntime_library

    return onnxruntime_library(plan.target, default_cache_dir()) if plan.engine == "ort" else None


def _generate(
    model: OnnxModel,
    image: ModelImage,
    report: ParityReport,
    plan: Plan,
    *,
    expected: Expectation,
    library: OrtLibrary | None,
) -> tuple[GoldenVectors, BundleSources]:
    from ecu_bundle.generation.generate import generate
    from ecu_bundle.generation.options import GenerationOptions, OnnxRuntimeFacts
    from ecu_bundle.golden import choose_golden

    words, target = plan.config.model, plan.target
    golden = choose_golden(
        model, report.rows, expected.outputs, expected.tolerance, left_out=report.on_decision
    )
    ort = None if library is None else OnnxRuntimeFacts(library.version, library.file_name, library.licence)
    facts = GenerationOptions(
        tool_version=version("ecu-bundle"),
        target=target.name,
        title=words.title,
        version=words.version,
        toolchain=target.toolchain,
        startup=target.startup,
        cxx_headers=target.cxx_headers,
        system_packages=tuple(package.name for package in target.all_packages),
        onnxruntime=ort,
        notes=(*model.notes, *report.assumptions, *_double_note(image, target)),
    )
    return golden, generate(model, image, golden, facts)


def _double_note(image: ModelImage, target: Target) -> tuple[str, ...]:
    """Says so where kernels compute in double precision on a processor that does not."""
    from ecu_bundle.image.reader import read_image
    from ecu_bundle.lowering import decode_program

    if image.engine != "native" or not target.single_precision:
        return ()
    kernels = decode_program(read_image(image.data).payload).kernels
    wide = [name for name in kernels if "f64" in name]
    if not wide:
        return ()
    return (
        f"kernels for float64 are linked in ({', '.join(wide)}); this processor has no double-precision "
        "unit, so where they compute in double it is done in software",
    )


def _compile(folder: Path, target: Target, build_folder: Path) -> BuildResult:
    from ecu_bundle.building.driver import build_bundle

    return build_bundle(folder, target, build_folder)


def run_on_target(
    built: BuildResult, target: Target, model: OnnxModel, report: ParityReport, expected: Expectation
) -> Comparison:
    """Runs self-test and all rows on the target and compares with what the engine has to compute.

    Raises:
        VerificationError: the self-test or the comparison fails; names the worst row.
    """
    from ecu_bundle.building.runner import run_rows, run_self_test
    from ecu_bundle.parity import require
    from ecu_bundle.parity.neighbourhood import compare_beside
    from ecu_bundle.parity.session import run_rows as run_in_python
    from ecu_bundle.parity.tolerance import label_margins

    run_self_test(built, target)
    outputs = run_rows(built, target, report.rows, model.interface)
    gate = compare_beside(
        expected.name,
        f"the bundle on {target.name} ({target.runner})",
        model.interface,
        report.rows,
        expected=expected.outputs,
        actual=outputs,
        tolerance=expected.tolerance,
        margins=label_margins(model.interface, expected.outputs),
        evaluate=lambda beside: run_in_python(model.proto, model.interface, beside),
        relative=report.setting,
        exact=expected.exact,
    ).comparison
    require(gate)
    return gate


def _binary(built: BuildResult, plan: Plan, library: OrtLibrary | None, golden_rows: int) -> Binary:
    from ecu_bundle.parity.certificate import Binary

    return Binary(
        target=plan.target.name,
        engine=plan.engine,
        compiler=built.compiler,
        flags=built.flags,
        runner=plan.target.runner,
        library_digest=built.library_digest,
        onnxruntime_version=library.version if library else "",
        onnxruntime_digest=library.sha256 if library else "",
        golden_rows=golden_rows,
        self_test="passed",
    )


def _measure(built: BuildResult, image: ModelImage, library: OrtLibrary | None, plan: Plan) -> dict[str, Any]:
    from ecu_bundle.building.resources import measure

    return dict(measure(built, plan.target, image, library, instructions=plan.options.instructions))


def report_files(certificate: Certificate, resources: dict[str, Any]) -> dict[str, bytes]:
    """Everything in ``reports/``."""
    from ecu_bundle.reporting.html import render_report
    from ecu_bundle.reporting.junit import junit_xml
    from ecu_bundle.reporting.sbom import sbom, standard_components

    tool = certificate.tools["ecu-bundle"]
    return {
        "reports/certificate.json": certificate.to_json().encode(),
        "reports/junit.xml": junit_xml(certificate),
        "reports/report.html": render_report(certificate, resources, tool_version=tool),
        "reports/resources.json": (json.dumps(resources, indent=2, sort_keys=True) + "\n").encode(),
        "reports/sbom.cdx.json": sbom(certificate, standard_components(certificate, tool_version=tool)),
    }


def _manifest(
    loaded: LoadedModel,
    model: OnnxModel,
    certificate: Certificate,
    resources: dict[str, Any],
    plan: Plan,
    *,
    files: dict[str, str],
) -> Manifest:
    (binary,) = certificate.binaries
    return Manifest(
        name=model.name,
        title=certificate.model_title,
        version=certificate.model_version,
        target=binary.target,
        engine=plan.engine,
        interface=certificate.interface,
        source=Source(
            format=loaded.format,
            digest=loaded.source_digest,
            sklearn_version=loaded.sklearn_version,
            trusted_pickle=loaded.trusted_pickle,
        ),
        onnx_digest=certificate.onnx_digest,
        image_digest=certificate.image_digest,
        library_digest=binary.library_digest,
        certificate_digest=sha256_hex(certificate.to_json().encode()),
        onnxruntime_version=binary.onnxruntime_version,
        resources=resources,
        tools=certificate.tools,
        files=files,
    )


def kind_of(loaded: LoadedModel) -> str:
    """What is converted, in a word or two."""
    return "ONNX graph" if loaded.estimator is None else type(loaded.estimator).__name__


def _reference_name(loaded: LoadedModel) -> str:
    return "itself" if loaded.estimator is None else "scikit-learn"
