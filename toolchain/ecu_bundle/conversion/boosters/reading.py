"""Copy an estimator; models of LightGBM and XGBoost inside it become twins that can be converted."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from ecu_bundle.conversion.boosters.ensemble import Ensemble
from ecu_bundle.conversion.boosters.lightgbm import read_lightgbm
from ecu_bundle.conversion.boosters.twins import BoostedClassifier, BoostedRegressor
from ecu_bundle.conversion.boosters.xgboost import read_xgboost
from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.parts import walk

_READERS: dict[str, Callable[[Any], Ensemble]] = {
    "lightgbm.sklearn.LGBMClassifier": read_lightgbm,
    "lightgbm.sklearn.LGBMRegressor": read_lightgbm,
    "xgboost.sklearn.XGBClassifier": read_xgboost,
    "xgboost.sklearn.XGBRegressor": read_xgboost,
    "xgboost.sklearn.XGBRFClassifier": read_xgboost,
    "xgboost.sklearn.XGBRFRegressor": read_xgboost,
}


def copy_estimator(estimator: Any) -> Any:
    """A deep copy of a fitted estimator, with a twin for each fitted model of LightGBM and XGBoost.

    Raises:
        UnsupportedModelError: a model of theirs that is not converted; names it and the reason.
    """
    twins = {id(part): _twin(part) for part in walk(estimator) if _is_fitted_booster(part)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # deprecated classes say so when they are copied
        return copy.deepcopy(estimator, dict(twins))


def _is_fitted_booster(part: Any) -> bool:
    """A meta-estimator also keeps an unfitted template, which is copied as it is."""
    package = type(part).__module__.partition(".")[0]
    return package in ("lightgbm", "xgboost") and bool(part.__sklearn_is_fitted__())


def _twin(model: Any) -> Any:
    name = f"{type(model).__module__}.{type(model).__name__}"
    if name not in _READERS:
        raise _refused(model, "there is no converter for it")
    try:
        ensemble = _READERS[name](model)
    except NotImplementedError as error:
        raise _refused(model, str(error)) from error
    if not is_classifier(model):
        twin: Any = BoostedRegressor(ensemble)
    elif ensemble.link in ("sigmoid", "softmax"):
        scored = hasattr(model, "decision_function")
        twin = BoostedClassifier(ensemble, np.asarray(model.classes_), has_scores=scored)
    else:
        raise _refused(model, "its objective gives no probabilities")
    twin.feature_importances_ = np.asarray(model.feature_importances_)  # a selector may choose by them
    return twin


def _refused(model: Any, reason: str) -> UnsupportedModelError:
    name = type(model).__name__
    return UnsupportedModelError(
        "convert",
        f"{name} cannot be converted: {reason}",
        place=f"{type(model).__module__}.{name}",
        hint="docs/coverage.md lists what converts; scikit-learn's HistGradientBoosting is close to both",
    )
