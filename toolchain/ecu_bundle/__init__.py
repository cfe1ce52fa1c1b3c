"""Trained scikit-learn models as verified C++ bundles for automotive ECUs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecu_bundle.artifacts import BuiltBundle as BuiltBundle
    from ecu_bundle.artifacts import LoadedModel as LoadedModel
    from ecu_bundle.artifacts import ModelImage as ModelImage
    from ecu_bundle.artifacts import OnnxModel as OnnxModel
    from ecu_bundle.conversion import convert as convert
    from ecu_bundle.conversion.description import ModelDescription as ModelDescription
    from ecu_bundle.engine import Engine as Engine
    from ecu_bundle.errors import BundleError as BundleError
    from ecu_bundle.image.writer import compile_image as compile_image
    from ecu_bundle.loading import load as load
    from ecu_bundle.parity import ParityReport as ParityReport
    from ecu_bundle.parity import check_parity as check_parity
    from ecu_bundle.pipeline import Options as Options
    from ecu_bundle.pipeline import build as build

_HOMES = {
    "BuiltBundle": "artifacts",
    "BundleError": "errors",
    "Engine": "engine",
    "LoadedModel": "artifacts",
    "ModelDescription": "conversion.description",
    "ModelImage": "artifacts",
    "OnnxModel": "artifacts",
    "Options": "pipeline",
    "ParityReport": "parity",
    "build": "pipeline",
    "check_parity": "parity",
    "compile_image": "image.writer",
    "convert": "conversion",
    "load": "loading",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used, so that ``--help`` stays fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ecu_bundle' has no attribute {name!r}")
    return getattr(import_module(f"ecu_bundle.{_HOMES[name]}"), name)
