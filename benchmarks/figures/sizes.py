"""Bytes of a bundle: its library by part, its model image, its arena, ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.bundles import Made


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes.

    Attributes:
        engine, runtime, model: code and data of the static library; the image is part of the model.
        image: model image.
        arena: memory that open needs from the caller.
        onnxruntime: the shared library; 0 for an engine without it.
    """

    engine: int
    runtime: int
    model: int
    image: int
    arena: int
    onnxruntime: int


def sizes_of(made: Made) -> Sizes:
    """What the pipeline measured and wrote into the manifest."""
    resources = made.manifest.resources
    parts = {part: sum(kinds.values()) for part, kinds in resources["library"].items()}
    return Sizes(
        engine=parts["engine"],
        runtime=parts["runtime"],
        model=parts["model"],
        image=resources["image_bytes"],
        arena=resources["arena_bytes"],
        onnxruntime=resources["onnxruntime_bytes"],
    )
