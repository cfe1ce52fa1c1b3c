"""Which of its outputs a model gives: all that are usual for its kind, or those that the user names."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from ecu_bundle.errors import UsageError
from ecu_bundle.parity.outputs import OutputName, Outputs

_ALTERNATIVES: dict[OutputName, OutputName] = {"decision_function": "probabilities"}
"""A classifier's converter gives one of the two."""


def select_outputs(usual: Outputs, wanted: Sequence[str], estimator: Any) -> Outputs:
    """The outputs that the user wants, in the usual order.

    Args:
        usual: what a model of this kind gives.
        wanted: standard names; empty: the usual ones.
        estimator: asked whether it has a decision function.

    Raises:
        UsageError: a name that this model does not have, or two that exclude each other.
    """
    if not wanted:
        return usual
    available: list[OutputName] = list(usual.names)
    extra: list[OutputName] = [
        name for name, other in _ALTERNATIVES.items() if other in available and hasattr(estimator, name)
    ]
    unknown = [name for name in wanted if name not in (*available, *extra)]
    if unknown:
        raise UsageError(
            "convert",
            f"the model has no output {unknown[0]!r}",
            place="outputs",
            hint="its outputs are " + ", ".join((*available, *extra)),
        )
    names: tuple[OutputName, ...] = tuple(name for name in (*available, *extra) if name in wanted)
    for name in extra:
        if name in names and _ALTERNATIVES[name] in names:
            raise UsageError(
                "convert",
                f"a model gives either {name} or {_ALTERNATIVES[name]}",
                place="outputs",
                hint="name one of the two",
            )
    return dataclasses.replace(usual, names=names)
