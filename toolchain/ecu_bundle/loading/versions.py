"""scikit-learn reads its own files reliably only with the version that wrote them."""

from __future__ import annotations

from collections.abc import Iterable

from ecu_bundle.errors import UsageError
from ecu_bundle.loading.content import STAGE


def check_versions(written: Iterable[str], *, allow_skew: bool, place: str) -> tuple[str, ...]:
    """Compare the versions found in a model file with the installed scikit-learn.

    Args:
        written: versions that wrote the model; empty strings (unknown) are passed over.
        allow_skew: a difference becomes a note instead of an error.
        place: how the error calls the file.

    Returns:
        Notes for the manifest: empty when all versions agree.

    Raises:
        UsageError: another version wrote the model and `allow_skew` is off.
    """
    import sklearn

    skewed = sorted({version for version in written if version and version != sklearn.__version__})
    if not skewed:
        return ()
    text = f"written with scikit-learn {', '.join(skewed)}, read with {sklearn.__version__}"
    if not allow_skew:
        raise UsageError(
            STAGE,
            f"version skew: {text}",
            place=place,
            hint=f"save the model again with scikit-learn {sklearn.__version__}, "
            "or accept the risk with --allow-version-skew",
        )
    return (f"version skew allowed: {text}",)
