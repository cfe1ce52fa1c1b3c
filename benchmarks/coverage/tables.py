"""The outcomes of everything that docs/coverage.md lists."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

from benchmarks.coverage import estimators
from benchmarks.coverage.outcomes import Outcome, outcome
from benchmarks.coverage.pipelines import PIPELINES
from benchmarks.coverage.trials import TRIALS, fitted_trial
from benchmarks.coverage.variants import VARIANTS, Fit
from ecu_bundle.conversion.description import ModelDescription

NAMES = {
    "estimators": tuple(sorted(estimators.ESTIMATORS)),
    "variants": tuple(VARIANTS),
    "pipelines": tuple(PIPELINES),
    "trials": tuple(TRIALS),
}
"""What each table lists, in the order of its rows."""


@cache
def outcome_of(table: str, name: str) -> Outcome:
    """The outcome of one row."""
    result = outcome(*fitted(table, name))
    nothing = estimators.NOTHING_TO_DEPLOY.get(name) if table == "estimators" else None
    if nothing is not None and result.verdict == "refused":
        return Outcome("nothing to deploy", nothing)
    return result


def tables(say: Callable[[str], None] = lambda _: None) -> dict[str, dict[str, Outcome]]:
    """The outcomes of all rows; ``say`` is told each name."""
    results: dict[str, dict[str, Outcome]] = {}
    for table, names in NAMES.items():
        results[table] = {}
        for name in names:
            say(name)
            results[table][name] = outcome_of(table, name)
    return results


def fitted(table: str, name: str) -> tuple[Any, ModelDescription | None]:
    """The estimator of one row, fitted, and what is said about its inputs."""
    if table == "trials":
        return fitted_trial(name), estimators.words_of(TRIALS[name][0])
    if table == "estimators":
        return estimators.fitted(name), estimators.words_of(name)
    return _fitted((VARIANTS if table == "variants" else PIPELINES)[name]), None


def _fitted(fit: Fit) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit.estimator.fit(fit.rows, fit.target)
