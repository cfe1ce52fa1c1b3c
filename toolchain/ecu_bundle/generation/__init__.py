"""Generation: OnnxModel + ModelImage -> BundleSources."""

from ecu_bundle.generation.generate import generate
from ecu_bundle.generation.options import GenerationOptions, OnnxRuntimeFacts

__all__ = ["GenerationOptions", "OnnxRuntimeFacts", "generate"]
