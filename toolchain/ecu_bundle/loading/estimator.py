"""Is the loaded object a fitted scikit-learn estimator?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.loading.content import STAGE


def _described(value: object) -> str:
    """Type of an object that is not an estimator, and what of it an estimator might be."""
    kind = type(value)
    text = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if isinstance(value, type):
        return f"the class {value.__name__} itself"
    if isinstance(value, dict):
        inside = [repr(key) for key, item in value.items() if _is_estimator(item)]
    elif isinstance(value, list | tuple):
        inside = [f"[{index}]" for index, item in enumerate(value) if _is_estimator(item)]
    else:
        inside = []
    return f"{text} with estimators at {', '.join(inside[:8])}" if inside else text


def _is_estimator(value: object) -> bool:
    if isinstance(value, type):
        return False
    return callable(getattr(value, "get_params", None)) and callable(getattr(value, "fit", None))


def _parts(estimator: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The steps of a pipeline, column transformer or feature union, with their places."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import FeatureUnion, Pipeline

    if isinstance(estimator, Pipeline):
        named = [(name, step) for name, step in estimator.steps]
    elif isinstance(estimator, ColumnTransformer):
        named = [(name, step) for name, step, _ in getattr(estimator, "transformers_", [])]
    elif isinstance(estimator, FeatureUnion):
        named = [(name, step) for name, step in estimator.transformer_list]
    else:
        named = []
    for name, step in named:
        if _is_estimator(step):
            yield f"{place} > '{name}' ({type(step).__name__})", step


def check_estimator(value: object, place: str) -> None:
    """Refuse what is not a fitted estimator.

    Args:
        value: the loaded object.
        place: how errors call the file.

    Raises:
        UnsupportedModelError: no estimator, or one (or a step of it) that was not fitted; names it.
    """
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if not _is_estimator(value):
        raise UnsupportedModelError(
            STAGE,
            f"the file holds no scikit-learn estimator but {_described(value)}",
            place=place,
            hint="save the fitted estimator or pipeline itself",
        )
    pending: list[tuple[str, Any]] = [(f"{place}: {type(value).__name__}", value)]
    while pending:
        where, estimator = pending.pop()
        parts = list(_parts(estimator, where))
        pending.extend(reversed(parts))
        try:
            # a pipeline is as fitted as its steps, which are looked at one by one
            if not parts:
                check_is_fitted(estimator)
        except (NotFittedError, TypeError) as error:
            raise UnsupportedModelError(
                STAGE,
                f"{type(estimator).__name__} is not fitted",
                place=where,
                hint="call fit() before saving the model",
            ) from error
