"""A retrained model must not take the place of a delivered bundle without a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression
from skops import io

import ecu_bundle
from conversion.models import VALUE, X
from ecu_bundle.errors import UsageError
from ecu_bundle.manifest import read_manifest


def test_building_another_model_in_the_same_place_says_so(tmp_path: Path) -> None:
    first, second, place = tmp_path / "a.skops", tmp_path / "b.skops", tmp_path / "bundle"
    io.dump(LinearRegression().fit(X, VALUE), first)
    io.dump(LinearRegression().fit(X, -VALUE), second)
    assert ecu_bundle.build(first, output=place).replaced == ""
    assert ecu_bundle.build(first, output=place).replaced == ""
    before = read_manifest(place).source.digest
    assert before[:16] in ecu_bundle.build(second, output=place).replaced


def test_a_bundle_that_is_not_there_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        read_manifest(tmp_path / "missing")
