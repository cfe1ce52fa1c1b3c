"""The estimators inside an estimator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

_OWN = ("_preprocessor",)
"""Attributes that hold scikit-learn's own machinery; what is in it belongs to the estimator."""


def walk(estimator: Any) -> Iterator[Any]:
    """The estimator and every estimator inside it, depth first, each once."""
    seen: set[int] = set()
    stack = [estimator]
    while stack:
        part = stack.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if hasattr(part, "get_params") and not isinstance(part, type):
            yield part
            stack.extend(reversed([v for key, v in sorted(vars(part).items()) if key not in _OWN]))
        elif isinstance(part, dict):
            stack.extend(part.values())
        elif isinstance(part, list | tuple) and len(part) < 10_000:
            stack.extend(part)
        elif isinstance(part, np.ndarray) and part.dtype == object and part.size < 10_000:
            stack.extend(part.ravel())
        elif type(part).__name__ == "_CalibratedClassifier":
            stack.extend(vars(part).values())


_OF_OTHER_INPUT = ("final_estimator_", "init_", "label_binarizer_", "le_", "one_hot_encoder_")
"""Parts of a meta-estimator that see outputs of other parts, or labels."""


def members(part: Any) -> Iterator[Any]:
    """Fitted estimators right inside a meta-estimator that see columns of its input, each once."""
    seen: set[int] = set()
    for key, value in sorted(vars(part).items()):
        if key in _OF_OTHER_INPUT or not (key.endswith("_") or key == "transformer_list"):
            continue
        held = value.ravel().tolist() if isinstance(value, np.ndarray) and value.dtype == object else value
        held = list(held.values()) if isinstance(held, dict) else held
        for item in held if isinstance(held, list | tuple) else [held]:
            member = item[1] if isinstance(item, tuple) and len(item) > 1 else item
            if type(member).__name__ == "_CalibratedClassifier":
                member = member.estimator
            if hasattr(member, "get_params") and hasattr(member, "fit") and id(member) not in seen:
                seen.add(id(member))
                yield member


def last_step(model: Any) -> Any:
    """The estimator that a pipeline ends in, or the model itself."""
    while hasattr(model, "steps"):
        model = model.steps[-1][1]
    return model
