"""``run``: predictions of a model or of a bundle for a table of rows."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.errors import UsageError
from ecu_bundle.interface import Interface, Rows
from ecu_bundle.manifest import FILE_NAME, interface_of, read_manifest
from ecu_bundle.pipeline import Options, convert_model, kind_of, load_model, make_plan
from ecu_bundle.stages import Silent, Stages, Watcher
from ecu_bundle.tables import read_rows

Predictions = dict[str, NDArray[Any]]


def predict(
    path: str | Path,
    table: str | Path,
    *,
    engine: str = "auto",
    options: Options | None = None,
    watcher: Watcher | None = None,
) -> Predictions:
    """Computes predictions.

    Args:
        path: a model file, or a bundle, which is built and run on its target.
        table: ``.npy``, ``.csv`` or ``.parquet``.
        engine: ``auto``, ``ort`` (the C++ runtime over ONNX Runtime), ``native`` or ``sklearn`` (the
            reference); a bundle has one or two of them, and ``auto`` takes the one that its CMake builds.
        options: permissions for loading.
        watcher: is told about the stages.

    Returns:
        One array per output in interface order: int32 (rows,) for labels, else (rows, elements).

    Raises:
        UsageError: data that does not fit, or an engine that is not there.
    """
    path = Path(path)
    stages = Stages(watcher or Silent())
    options = options or Options()
    if (path / FILE_NAME).is_file():
        interface, results = _run_bundle(path, Path(table), engine, stages)
    else:
        interface, results = _run_model(path, Path(table), engine, options, stages)
    labels = {t.name for t in interface.outputs if t.dtype == "int32" and t.elements == 1}
    return {name: array[:, 0] if name in labels else array for name, array in results.items()}


def _run_model(
    path: Path, table: Path, engine: str, options: Options, stages: Stages
) -> tuple[Interface, Predictions]:
    from ecu_bundle.engine import Engine

    plan = make_plan(path, options)
    with stages.stage("load", path.name):
        loaded = load_model(path, plan)
    with stages.stage("convert", kind_of(loaded)):
        model = convert_model(loaded, plan)
    rows = read_rows(table, model.interface)
    with stages.stage("run", f"{len(rows)} rows"):
        if engine == "sklearn":
            return model.interface, _reference(loaded, model, rows)
        if engine not in ("auto", "ort", "native"):
            raise _no_engine(engine, "auto, ort, native, sklearn")
        with Engine.open(model, "native" if engine == "native" else "ort") as opened:
            return model.interface, dict(opened.run_rows(rows))


def _reference(loaded: Any, model: OnnxModel, rows: Rows) -> Predictions:
    from ecu_bundle.parity.reference import reference_outputs

    if loaded.estimator is None:
        raise _no_engine("sklearn", "auto, ort, native (an ONNX file has no scikit-learn model)")
    expected = reference_outputs(loaded, model, rows)
    types = {t.name: t.numpy_dtype for t in model.interface.outputs}
    return {name: np.asarray(values).astype(types[name]) for name, values in expected.items()}


def _run_bundle(path: Path, table: Path, engine: str, stages: Stages) -> tuple[Interface, Predictions]:
    from ecu_bundle.building.driver import build_bundle
    from ecu_bundle.building.runner import run_rows
    from ecu_bundle.building.targets import get_target

    manifest = read_manifest(path)
    interface = interface_of(manifest.interface)
    folders: dict[str, str] = {half.engine: folder for folder, half in manifest.halves.items()}
    if engine not in ("auto", *folders):
        raise _no_engine(engine, ", ".join(("auto", *folders)))
    rows = read_rows(table, interface)
    target = get_target(manifest.target)
    with tempfile.TemporaryDirectory(prefix="ecu-bundle-") as scratch:
        with stages.stage("build", target.title):
            built = build_bundle(path, target, Path(scratch), folder=folders.get(engine, ""))
        with stages.stage("run", f"{len(rows)} rows, {target.runner}"):
            return interface, dict(run_rows(built, target, rows, interface))


def _no_engine(engine: str, choices: str) -> UsageError:
    return UsageError("run", f"the engine {engine!r} is not available here", hint=f"engines: {choices}")
