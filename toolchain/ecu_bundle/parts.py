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


def last_step(model: Any) -> Any:
    """The estimator that a pipeline ends in, or the model itself."""
    while hasattr(model, "steps"):
        model = model.steps[-1][1]
    return model
