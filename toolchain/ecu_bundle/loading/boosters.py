"""Models of LightGBM and XGBoost in files: who vouches for them, and is their package installed?

Both packages restore a model by compiled code that trusts what it reads: a forged model can make the
process read or write outside its memory. Such a file is therefore loaded only when the user vouches for
it, as for a pickle.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from ecu_bundle.errors import ToolMissingError, UsageError
from ecu_bundle.loading.content import STAGE

NAMES = {"lightgbm": "LightGBM", "xgboost": "XGBoost"}
_DISTRIBUTIONS = {"lightgbm": "lightgbm", "xgboost": "xgboost-cpu"}


def admit(types: Sequence[str], *, trusted: bool, place: str) -> tuple[str, ...]:
    """Judges the types of a file that belong to these packages.

    Args:
        types: full names; none for a file without such models.
        trusted: the user vouches for the file.
        place: how errors call the file.

    Returns:
        A note for each package.

    Raises:
        UsageError: nobody vouches for the file.
        ToolMissingError: the package is not installed; names the extra.
    """
    packages = [package for package in NAMES if any(name.startswith(f"{package}.") for name in types)]
    for package in packages:
        if not trusted:
            raise UsageError(
                STAGE,
                f"the file holds a model of {NAMES[package]}, which compiled code restores without checks, "
                "so it is not loaded without your word",
                place=place,
                hint="vouch for the file with --trust-pickle (make: TRUST=1)",
            )
        if find_spec(package) is None:
            raise package_missing(package, place)
    return tuple(
        f"{NAMES[package]} restored a model from a file that the user trusts" for package in packages
    )


def package_missing(package: str, place: str) -> ToolMissingError:
    """The error for a model whose package is not installed."""
    return ToolMissingError(
        STAGE,
        f"the model is one of {NAMES[package]}, which is not installed",
        place=place,
        hint=f"pip install {_DISTRIBUTIONS[package]} (it is in the extra 'boosting': ecu-bundle[boosting])",
    )


def absent_package(error: str) -> str:
    """The package that an import error names as missing; empty for any other error."""
    return next((package for package in NAMES if f"No module named '{package}" in error), "")
