"""Bundles of the sample models: in memory for generation, on disk for building."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ecu_bundle.artifacts import BundleSources, GoldenVectors, OnnxModel
from ecu_bundle.building.provision import OrtLibrary, default_cache_dir, onnxruntime_library
from ecu_bundle.building.targets import Target, get_target
from ecu_bundle.generation import GenerationOptions, OnnxRuntimeFacts, generate
from ecu_bundle.image.writer import compile_image
from generation.samples import golden

OPTIONS = GenerationOptions(
    tool_version="0.1.0",
    target="host",
    title="Sample model",
    version="1.2.0-rc1",
    system_packages=("cmake", "g++", "make"),
    onnxruntime=OnnxRuntimeFacts("1.32.0", "libonnxruntime.so.1"),
    notes=("A note.",),
)


def sources(
    model: OnnxModel, options: GenerationOptions = OPTIONS, vectors: GoldenVectors | None = None
) -> BundleSources:
    """The generated bundle of a model."""
    return generate(
        model, compile_image(model, engine="ort", version=options.version), vectors or golden(model), options
    )


def library(target: Target) -> OrtLibrary:
    """The pinned ONNX Runtime of a target, from the user's cache."""
    return onnxruntime_library(target, default_cache_dir())


def write(files: dict[str, bytes], folder: Path) -> Path:
    """Writes files below the folder and returns it."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def write_bundle(
    model: OnnxModel, folder: Path, *, target: str = "host", vectors: GoldenVectors | None = None
) -> Path:
    """A complete bundle on disk. The ONNX Runtime library is a link, to save time and space."""
    chosen = get_target(target)
    ort = library(chosen)
    facts = OnnxRuntimeFacts(ort.version, ort.file_name, ort.licence)
    options = replace(OPTIONS, target=target, toolchain=chosen.toolchain, onnxruntime=facts)
    write(dict(sources(model, options, vectors).files), folder)
    link = folder / "third_party/onnxruntime/lib" / ort.file_name
    link.parent.mkdir(parents=True)
    link.symlink_to(ort.path)
    return folder
