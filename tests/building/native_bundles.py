"""Small models as bundles of the native engine, for one target after the other."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from ecu_bundle.artifacts import LoadedModel, ModelImage, OnnxModel
from ecu_bundle.building.driver import BuildResult, build_bundle
from ecu_bundle.building.targets import get_target
from ecu_bundle.conversion import convert
from ecu_bundle.generation import GenerationOptions, generate
from ecu_bundle.generation.options import UpdateFacts
from ecu_bundle.golden import choose_golden
from ecu_bundle.image.writer import compile_image
from ecu_bundle.interface import Rows
from ecu_bundle.parity import check_parity
from ecu_bundle.parity.expectation import Expectation, expect
from generation.bundles import write

ESTIMATORS: dict[str, Callable[[int], Any]] = {
    "tree": lambda seed: DecisionTreeClassifier(max_depth=4 + seed, random_state=seed),
    "perceptron": lambda seed: MLPClassifier((8,), max_iter=40, random_state=seed),
    "pipeline": lambda seed: make_pipeline(StandardScaler(), LogisticRegression(C=1.0 + seed)),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A converted model, its image, its rows, and what it has to compute."""

    model: OnnxModel
    image: ModelImage
    rows: Rows
    expected: Expectation


@cache
def sample(kind: str, seed: int = 0, features: int = 4) -> Sample:
    """A model of this kind; another seed trains another one with the same interface."""
    data, labels = load_iris(return_X_y=True)
    noise = np.random.default_rng(seed).normal(0.0, 0.5, data.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = ESTIMATORS[kind](seed).fit((data + noise).astype(np.float32)[:, :features], labels)
    model = convert(estimator)
    loaded = LoadedModel(model.name, "memory", "0" * 64, estimator)
    report = check_parity(loaded, model)
    assert report.passed
    image = compile_image(model, engine="native")
    expected = expect(model, image, report, "host")
    assert all(gate.passed for gate in expected.gates)
    return Sample(model, image, report.rows, expected)


def write_sample(
    chosen: Sample, target_name: str, folder: Path, *, update: UpdateFacts | None = None
) -> Path:
    """Generates the bundle of a sample into this folder; without a library for signatures."""
    target = get_target(target_name)
    golden = choose_golden(chosen.model, chosen.rows, chosen.expected.outputs, chosen.expected.tolerance)
    options = GenerationOptions(
        tool_version="0.1.0",
        target=target_name,
        toolchain=target.toolchain,
        startup=target.startup,
        cxx_headers=target.cxx_headers,
        update=update or UpdateFacts(),
    )
    sources = generate(chosen.model, chosen.image, golden, options)
    return write(dict(sources.files), folder)


def build_sample(chosen: Sample, target_name: str, folder: Path) -> BuildResult:
    """Generates and builds the bundle of a sample."""
    bundle = write_sample(chosen, target_name, folder / "bundle")
    return build_bundle(bundle, get_target(target_name), folder / "build")
