"""Our converters in skl2onnx's registration: one list of families per module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Converter = Callable[[Any, Any, Any], None]
"""(scope, operator, container): writes the nodes of one operator; see `ecu_bundle.conversion.nodes`."""

CLASSIFIER_OPTIONS = {name: [True, False] for name in ("zipmap", "nocl", "output_class_labels", "raw_scores")}
"""What skl2onnx asks a classifier's converter for; only the defaults without ZipMap are used."""


@dataclass(frozen=True, slots=True)
class Family:
    """How one class of estimators is converted.

    Attributes:
        kind: the class.
        converter: writes its nodes.
        shape: skl2onnx's shape calculator: sets the types of the outputs; None: the one that skl2onnx
            has for the class.
        parser: skl2onnx's parser: makes the operator and its outputs; None: the usual one.
        options: of the converter, with the values that each may have.
        wide: it computes in float64 because its decisions need it, so scalers before it do too.
    """

    kind: type
    converter: Converter
    shape: Callable[[Any], None] | None = None
    parser: Callable[..., Any] | None = None
    options: dict[str, list[bool]] | None = None
    wide: bool = False


def all_families() -> list[Family]:
    """Every family that has a converter of ours."""
    from ecu_bundle.conversion import decisions, encoders, geometry, projections
    from ecu_bundle.conversion.trees import families as trees

    modules = (trees, decisions, encoders, geometry, projections)
    return [family for module in modules for family in module.families()]


def wide_kinds() -> frozenset[type]:
    """The classes of the families that are ``wide``."""
    return frozenset(family.kind for family in all_families() if family.wide)


def register_all() -> None:
    """Puts our converters in place of skl2onnx's; calling it again changes nothing."""
    from skl2onnx import update_registered_converter
    from skl2onnx._supported_operators import sklearn_operator_name_map
    from skl2onnx.common._registration import get_shape_calculator

    for family in all_families():
        known = sklearn_operator_name_map.get(family.kind)
        alias = "Ecu" + family.kind.__module__.partition(".")[0].capitalize() + family.kind.__name__
        if known == alias:
            continue
        update_registered_converter(
            family.kind,
            alias,
            family.shape or get_shape_calculator(known),
            family.converter,
            parser=family.parser,
            options=family.options,
        )


def converter_options(estimator: Any) -> dict[str, Any] | None:
    """The table of options that the converter of an estimator accepts; None without a converter."""
    from skl2onnx._supported_operators import sklearn_operator_name_map
    from skl2onnx.common._registration import _converter_pool

    converter = _converter_pool.get(sklearn_operator_name_map.get(type(estimator)))
    options = getattr(converter, "_options", None)
    return options if isinstance(options, dict) else None
