"""What a bundle holds before a compiler runs: the sources of each half, with ONNX Runtime for one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from ecu_bundle.artifacts import BundleSources, Engine, ModelImage, OnnxModel
from ecu_bundle.halves import Half

if TYPE_CHECKING:
    from ecu_bundle.building.crypto_sources import CryptoLibrary, Signature
    from ecu_bundle.building.provision import OrtLibrary
    from ecu_bundle.building.targets import Target
    from ecu_bundle.config import ModelTable
    from ecu_bundle.generation import GenerationOptions
    from ecu_bundle.generation.options import UpdateFacts
    from ecu_bundle.parity import ParityReport


@dataclass(frozen=True, slots=True)
class Assembly:
    """The content of a bundle without its reports and its manifest.

    Attributes:
        sources: what was generated, of all halves.
        libraries: the ONNX Runtime library of each half by its folder; None for another engine.
        golden_rows: number of rows in the self-test of each half, by its folder.
        signatures: what checks the signatures of update packages, for halves of the native engine; None where
            it was not asked for.
        kernels: of the native engine, that each half links, by its folder; none for another engine.
    """

    sources: BundleSources
    libraries: Mapping[str, OrtLibrary | None]
    golden_rows: Mapping[str, int]
    signatures: CryptoLibrary | None = None
    kernels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def files(self) -> dict[str, bytes]:
        """Every file by its path in the bundle."""
        carried = {
            folder + path: data
            for folder, onnxruntime in self.libraries.items()
            if (library := onnxruntime or self.signatures)
            for path, data in library.bundle_files().items()
        }
        return {**self.sources.files, **carried}


def assemble(
    halves: Sequence[Half],
    model: OnnxModel,
    report: ParityReport,
    target: Target,
    words: ModelTable,
    *,
    update: UpdateFacts | None = None,
) -> Assembly:
    """Generates each half in its folder.

    Args:
        halves: proved on the host, the one that CMake builds unless told otherwise first.
        model, report: the model and its proof; golden rows are chosen among the rows of the proof.
        target: what the bundle is for.
        words: title and version of the model.
        update: the update packages that the device takes; None for none.

    Raises:
        BundleError: there is no ONNX Runtime for the target, or nothing to test with.
    """
    from ecu_bundle.generation import generate
    from ecu_bundle.golden import choose_golden

    native = any(half.image.engine == "native" for half in halves)
    signatures = _signatures(update.signature) if update and update.signature and native else None
    files: dict[str, bytes] = {}
    libraries: dict[str, OrtLibrary | None] = {}
    golden_rows: dict[str, int] = {}
    kernels: dict[str, tuple[str, ...]] = {}
    for half in halves:
        others = tuple(other.image.engine for other in halves if other.folder and not half.folder)
        library = _library(half.image, target)
        facts = _facts(target, words, library, others)
        facts = replace(facts, inside=bool(half.folder))
        if update and library is None:
            facts = replace(facts, update=update)
        linked = _linked_kernels(half.image, model, retrained=bool(facts.update.signature))
        notes = (*model.notes, *report.assumptions, *_double_note(linked, target))
        facts = replace(facts, notes=notes, kernels=linked)
        expected = half.expected
        golden = choose_golden(
            model, report.rows, expected.outputs, expected.tolerance, left_out=report.on_decision
        )
        generated = generate(model, half.image, golden, facts)
        files |= {half.folder + path: data for path, data in generated.files.items()}
        libraries[half.folder] = library
        golden_rows[half.folder] = len(golden.rows)
        kernels[half.folder] = linked
    sources = BundleSources(model.name, dict(sorted(files.items())))
    return Assembly(sources, libraries, golden_rows, signatures, kernels)


def _linked_kernels(image: ModelImage, model: OnnxModel, *, retrained: bool) -> tuple[str, ...]:
    """What the image needs and, for updates, what the model may need when it is trained again."""
    from ecu_bundle.image.reader import read_image
    from ecu_bundle.lowering.kernels import in_order
    from ecu_bundle.lowering.retraining import kernels_of_retrained

    own = read_image(image.data).kernels
    return in_order((*own, *kernels_of_retrained(model))) if retrained and own else own


def _signatures(update: Signature) -> CryptoLibrary:
    from ecu_bundle.building.crypto_sources import crypto_library
    from ecu_bundle.building.provision import default_cache_dir

    return crypto_library(update, default_cache_dir())


def _library(image: ModelImage, target: Target) -> OrtLibrary | None:
    from ecu_bundle.building.provision import default_cache_dir, onnxruntime_library

    return onnxruntime_library(target, default_cache_dir()) if image.engine == "ort" else None


def _facts(
    target: Target, words: ModelTable, library: OrtLibrary | None, others: tuple[Engine, ...]
) -> GenerationOptions:
    from ecu_bundle.generation import GenerationOptions, OnnxRuntimeFacts

    return GenerationOptions(
        tool_version=version("ecu-bundle"),
        target=target.name,
        title=words.title,
        version=words.version,
        toolchain=target.toolchain,
        startup=target.startup,
        cxx_headers=target.cxx_headers,
        system_packages=tuple(package.name for package in target.all_packages),
        onnxruntime=OnnxRuntimeFacts(library.version, library.file_name, library.licence)
        if library
        else None,
        other_engines=others,
    )


def _double_note(kernels: Sequence[str], target: Target) -> tuple[str, ...]:
    """Says so where kernels compute in double precision on a processor that does not."""
    if not target.single_precision:
        return ()
    wide = [name for name in kernels if "f64" in name]
    if not wide:
        return ()
    return (
        f"kernels for float64 are linked in ({', '.join(wide)}); this processor has no double-precision "
        "unit, so where they compute in double it is done in software",
    )
