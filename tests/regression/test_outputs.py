"""Models whose outputs have no place at the device."""

from __future__ import annotations

import pytest
from sklearn.impute import MissingIndicator

from conversion.models import X
from ecu_bundle.conversion import convert
from ecu_bundle.errors import UnsupportedModelError


def test_an_output_without_values_is_refused() -> None:
    """MissingIndicator that saw nothing missing gives no column."""
    with pytest.raises(UnsupportedModelError, match="variable has no values") as caught:
        convert(MissingIndicator().fit(X))
    assert "MissingIndicator" in str(caught.value)
