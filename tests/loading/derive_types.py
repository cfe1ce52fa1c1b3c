"""Derive the tables of ``ecu_bundle/loading/skops_types.py`` from the installed scikit-learn.

After a change of the pinned scikit-learn, a test says which names differ; this prints the new tables:

    python -m loading.derive_types        (in the folder ``tests``)
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings
from collections.abc import Iterator
from types import ModuleType

import numpy as np

EXCLUDED_PACKAGES = ("sklearn.callback", "sklearn.datasets", "sklearn.experimental", "sklearn.externals")
"""Callbacks write to terminals, data sets download and unpickle; no fitted model needs either."""

EXCLUDED_PARTS = (
    "tests",
    "conftest",
    "_build_utils",
    "_mocking",
    "_testing",
    "_test_common",
    "estimator_checks",
)

NEVER_INSTANCES = (
    "Base",
    "_Base",
    "DistanceMetric",
    "PyFunc",
    "CyLossFunction",
    "Classification",
    "Regression",
)
"""Class names that begin like this are bases, or wrap a Python function that nobody could convert."""


def sklearn_modules() -> Iterator[ModuleType]:
    """The modules of scikit-learn that can be imported without optional packages."""
    import sklearn

    for found in pkgutil.walk_packages(sklearn.__path__, "sklearn.", onerror=lambda _: None):
        parts = found.name.split(".")
        if found.name.startswith(EXCLUDED_PACKAGES) or any(part in EXCLUDED_PARTS for part in parts):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield importlib.import_module(found.name)
        except ImportError:
            continue


def _full_name(value: type) -> str:
    return f"{value.__module__}.{value.__qualname__}"


def derive_classes() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the classes that fitted estimators consist of: plain objects, compiled losses."""
    from sklearn._loss._loss import CyLossFunction
    from sklearn._loss.link import BaseLink, Interval
    from sklearn._loss.loss import BaseLoss
    from sklearn.base import BaseEstimator
    from sklearn.calibration import _CalibratedClassifier
    from sklearn.cluster._bisect_k_means import _BisectingTree
    from sklearn.compose import make_column_selector
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
    from sklearn.gaussian_process.kernels import Kernel
    from sklearn.metrics import DistanceMetric
    from sklearn.metrics._dist_metrics import DistanceMetric32, DistanceMetric64
    from sklearn.metrics._scorer import _BaseScorer, _MultimetricScorer, _PassthroughScorer
    from sklearn.model_selection import BaseCrossValidator, BaseShuffleSplit
    from sklearn.neighbors import BallTree, KDTree
    from sklearn.neighbors._ball_tree import BallTree32, BallTree64
    from sklearn.neighbors._kd_tree import KDTree32, KDTree64
    from sklearn.neural_network._stochastic_optimizers import BaseOptimizer
    from sklearn.utils._metadata_requests import MetadataRequest, MethodMetadataRequest

    families = (
        *(BaseEstimator, Kernel, BaseLoss, BaseLink, Interval, _CalibratedClassifier, _BisectingTree),
        make_column_selector,
        *(TreePredictor, DistanceMetric, DistanceMetric32, DistanceMetric64, BallTree, KDTree),
        *(BallTree32, BallTree64, KDTree32, KDTree64, BaseOptimizer, _BaseScorer, _MultimetricScorer),
        *(_PassthroughScorer, BaseCrossValidator, BaseShuffleSplit, MetadataRequest, MethodMetadataRequest),
    )
    objects: set[str] = set()
    losses: set[str] = set()
    for module in sklearn_modules():
        for value in vars(module).values():
            if not inspect.isclass(value) or not value.__module__.startswith("sklearn."):
                continue
            if inspect.isabstract(value) or value.__module__ != module.__name__:
                continue
            if value.__name__.startswith(NEVER_INSTANCES):
                continue
            compiled_loss = issubclass(value, CyLossFunction) or value.__module__ in (
                "sklearn._loss._loss",
                "sklearn.linear_model._sgd_fast",
            )
            if compiled_loss:
                losses.add(_full_name(value))
            elif issubclass(value, families):
                objects.add(_full_name(value))
    # the one foreign class: SplineTransformer keeps SciPy's splines
    objects.add("scipy.interpolate._bsplines.BSpline")
    return tuple(sorted(objects)), tuple(sorted(losses))


def derive_tuples() -> tuple[str, ...]:
    """Names of the named tuples that estimators keep."""
    found = (value for module in sklearn_modules() for value in vars(module).values())
    tuples = {value for value in found if inspect.isclass(value) and value.__bases__ == (tuple,)}
    return tuple(sorted(_full_name(v) for v in tuples if v.__module__.startswith("sklearn.")))


def derive_functions() -> tuple[str, ...]:
    """Names of the pure functions that fitted estimators refer to."""
    from sklearn import feature_selection, metrics

    ufuncs = [f for f in vars(np).values() if isinstance(f, np.ufunc) and f.nin == f.nout == 1]
    names = {f"numpy.{f.__name__}" for f in ufuncs if any(kind.startswith("d") for kind in f.types)}
    # skops writes the first module that it finds such a ufunc in
    for module_name in ("scipy.special", "scipy.special._ufuncs", "scipy.special._special_ufuncs"):
        module = importlib.import_module(module_name)
        for name in ("cbrt", "exp10", "exp2", "expit", "log_expit", "logit"):
            if isinstance(getattr(module, name, None), np.ufunc):
                names.add(f"{module_name}.{name}")
    names |= {f"numpy.{name}" for name in ("mean", "median", "max", "min", "amax", "amin", "ptp", "sum")}
    names |= {"sklearn.utils.validation.check_array"}
    names |= {"scipy._lib.array_api_compat.numpy._aliases.asarray"}
    names |= {f"sklearn.cluster._kmeans._kmeans_single_{name}" for name in ("lloyd", "elkan")}
    for name in metrics.get_scorer_names():
        function = metrics.get_scorer(name)._score_func
        names.add(f"{function.__module__}.{function.__name__}")
    for name in (
        "chi2",
        "f_classif",
        "f_regression",
        "mutual_info_classif",
        "mutual_info_regression",
        "r_regression",
    ):
        function = getattr(feature_selection, name)
        names.add(f"{function.__module__}.{function.__name__}")
    return tuple(sorted(names))


def main() -> None:
    objects, losses = derive_classes()
    tables = {
        "OBJECTS": objects,
        "LOSSES": losses,
        "TUPLES": derive_tuples(),
        "FUNCTIONS": derive_functions(),
    }
    for title, names in tables.items():
        print(f"{title} = frozenset(\n    {{")  # noqa: T201
        for name in names:
            print(f'        "{name}",')  # noqa: T201
        print("    }\n)\n")  # noqa: T201


if __name__ == "__main__":
    main()
