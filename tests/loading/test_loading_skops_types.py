"""The allow-list is what the installed scikit-learn needs, and no more."""

from __future__ import annotations

import importlib
import inspect
import signal
import warnings
from typing import Any

import numpy as np
from sklearn.utils import all_estimators

from ecu_bundle.loading.content import ModelFile, Options
from ecu_bundle.loading.skops import load_skops
from ecu_bundle.loading.skops_types import ALLOWED, FUNCTIONS, LOSSES, OBJECTS, TUPLES

from .derive_types import derive_classes, derive_functions, derive_tuples
from .models import DIABETES, IRIS, skops_bytes

CALLING_LOADERS = {"ConstructorFromReduceNode", "MethodNode", "OperatorFuncNode", "CachedNode"}


def _resolve(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(importlib.import_module(module), attribute)


def test_the_tables_are_those_of_the_installed_scikit_learn() -> None:
    objects, losses = derive_classes()
    assert sorted(OBJECTS) == list(objects)
    assert sorted(LOSSES) == list(losses)
    assert sorted(TUPLES) == list(derive_tuples())
    assert sorted(FUNCTIONS) == list(derive_functions())


def test_objects_are_classes_and_functions_are_not() -> None:
    for name in sorted(OBJECTS | LOSSES | TUPLES):
        assert inspect.isclass(_resolve(name)), name
    for name in sorted(FUNCTIONS):
        assert callable(_resolve(name)) and not inspect.isclass(_resolve(name)), name


def test_no_type_comes_from_a_dangerous_place_and_none_is_called() -> None:
    assert not CALLING_LOADERS & ALLOWED.keys()
    for name in sorted(OBJECTS | LOSSES | TUPLES | FUNCTIONS):
        assert name.startswith(("sklearn.", "numpy.", "scipy.")), name
        for part in (
            "datasets",
            "externals",
            "_testing",
            "_mocking",
            "callback",
            "f2py",
            "distutils",
            "joblib",
        ):
            assert f".{part}." not in name and not name.endswith(f".{part}"), name


def test_restoring_runs_no_method_but_those_known() -> None:
    """skops calls __setstate__ with the state of the file; who defines one is reviewed by hand."""
    owners = set()
    for name in sorted(OBJECTS):
        for base in _resolve(name).__mro__:
            if "__setstate__" in vars(base) and base.__module__.startswith("sklearn"):
                owners.add(f"{base.__module__}.{base.__name__}")
    numbers_only = {o for o in owners if o.startswith("sklearn.metrics._dist_metrics.")}
    assert owners - numbers_only == {
        "sklearn.base.BaseEstimator",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.isotonic.IsotonicRegression",
        "sklearn.neighbors._ball_tree.BinaryTree32",
        "sklearn.neighbors._ball_tree.BinaryTree64",
        "sklearn.neighbors._kd_tree.BinaryTree32",
        "sklearn.neighbors._kd_tree.BinaryTree64",
    }


def _stop(*_: object) -> None:
    raise TimeoutError


def _fit_default(kind: Any) -> Any | None:
    """The estimator in its default configuration, fitted within 5 s; None where that is impossible."""
    positive = np.abs(IRIS[0])
    for rows, labels in (
        (IRIS[0], IRIS[1]),
        (DIABETES[0][:100], DIABETES[1][:100]),
        (positive, IRIS[0][:, :2]),
    ):
        previous = signal.signal(signal.SIGALRM, _stop)
        signal.alarm(5)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return kind().fit(rows, labels)
        except (ValueError, TypeError, AttributeError, TimeoutError):
            continue
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, previous)
    return None


def test_default_estimators_come_back_with_the_list_alone() -> None:
    loaded = 0
    for name, kind in all_estimators():
        fitted = _fit_default(kind)
        if fitted is None or name == "Birch":  # skops cannot write Birch: its tree is circular
            continue
        content = load_skops(ModelFile(name, name, skops_bytes(fitted)), Options())
        assert content.estimator is not None and type(content.estimator) is kind, name
        if hasattr(fitted, "predict"):
            rows = IRIS[0] if fitted.n_features_in_ == 4 else DIABETES[0]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                same = np.array_equal(content.estimator.predict(rows), fitted.predict(rows), equal_nan=True)
            assert same, name
        loaded += 1
    assert loaded >= 150
