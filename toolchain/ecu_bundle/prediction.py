"""``run``: predictions of a model or of a bundle for a table of rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.errors import UsageError
from ecu_bundle.folders import scratch_folder
from ecu_bundle.gaps import Gap, find_gaps
from ecu_bundle.interface import Interface, Rows
from ecu_bundle.manifest import FILE_NAME
from ecu_bundle.pipeline import Options, convert_model, kind_of, load_model, make_plan
from ecu_bundle.records import read_delivered
from ecu_bundle.stages import Silent, Stages, Watcher
from ecu_bundle.tables import TableFile, read_rows

Outputs = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says about a table.

    Attributes:
        interface: of the model.
        outputs: one array per output in interface order: int32 (rows,) for labels, else (rows, elements).
        rows: number of rows.
        gaps: values that the table does not have.
        table: the file of the rows, which no file of results may replace; None for rows from elsewhere.
    """

    interface: Interface
    outputs: Outputs
    rows: int
    gaps: tuple[Gap, ...]
    table: Path | None = None


def predict(
    path: str | Path,
    table: str | Path,
    *,
    engine: str = "auto",
    options: Options | None = None,
    watcher: Watcher | None = None,
) -> Prediction:
    """Computes predictions.

    Args:
        path: a model file, or a bundle, which is built and run on its target.
        table: ``.npy``, ``.csv`` or ``.parquet``.
        engine: ``auto``, ``ort`` (the C++ runtime over ONNX Runtime), ``native`` or ``sklearn`` (the
            reference); a bundle has one or two of them, and ``auto`` takes the one that its CMake builds.
        options: permissions for loading.
        watcher: is told about the stages.

    Raises:
        UsageError: data that does not fit, or an engine that is not there.
        VerificationError: the bundle is not as it was delivered, or contradicts itself.
    """
    path, table = Path(path), Path(table)
    stages = Stages(watcher or Silent())
    options = options or Options()
    if (path / FILE_NAME).is_file():
        interface, rows, results = _run_bundle(path, table, engine, stages)
    else:
        interface, rows, results = _run_model(path, table, engine, options, stages)
    labels = {t.name for t in interface.outputs if t.dtype == "int32" and t.elements == 1}
    outputs = {name: array[:, 0] if name in labels else array for name, array in results.items()}
    return Prediction(interface, outputs, len(rows), find_gaps(rows, interface, TableFile(table)), table)


def _run_model(
    path: Path, table: Path, engine: str, options: Options, stages: Stages
) -> tuple[Interface, Rows, Outputs]:
    from ecu_bundle.engine import Engine

    plan = make_plan(path, options)
    with stages.stage("load", path.name):
        loaded = load_model(path, plan)
    if engine not in ("auto", "ort", "native", "sklearn"):
        raise _no_engine(engine, path, "a model runs with auto, ort, native or sklearn")
    if engine == "sklearn" and loaded.estimator is None:
        raise _no_engine(engine, path, "an ONNX file has no scikit-learn model: use auto, ort or native")
    with stages.stage("convert", kind_of(loaded)):
        model = convert_model(loaded, plan)
    rows = read_rows(table, model.interface, refusals=plan.config.refusals())
    with stages.stage("run", f"{len(rows)} rows"):
        if engine == "sklearn":
            return model.interface, rows, _reference(loaded, model, rows)
        with Engine.open(model, "native" if engine == "native" else "ort") as opened:
            return model.interface, rows, dict(opened.run_rows(rows))


def _reference(loaded: Any, model: OnnxModel, rows: Rows) -> Outputs:
    from ecu_bundle.parity.reference import reference_outputs

    expected = reference_outputs(loaded, model, rows)
    types = {t.name: t.numpy_dtype for t in model.interface.outputs}
    return {name: np.asarray(values).astype(types[name]) for name, values in expected.items()}


def _run_bundle(path: Path, table: Path, engine: str, stages: Stages) -> tuple[Interface, Rows, Outputs]:
    from ecu_bundle.building.driver import build_bundle
    from ecu_bundle.building.runner import run_rows
    from ecu_bundle.building.targets import get_target

    with stages.stage("check", "digests of every file"):
        manifest, records = read_delivered(path)
        interface = records.model.interface
    folders: dict[str, str] = {half.engine: folder for folder, half in manifest.halves.items()}
    if engine not in ("auto", *folders):
        raise _no_engine(engine, path, "this bundle runs with " + " or ".join(("auto", *folders)))
    rows = read_rows(table, interface)
    target = get_target(manifest.target)
    with scratch_folder() as scratch:
        with stages.stage("build", target.title):
            built = build_bundle(path, target, scratch, folder=folders.get(engine, ""))
        with stages.stage("run", f"{len(rows)} rows, {target.runner}"):
            return interface, rows, dict(run_rows(built, target, rows, interface))


def _no_engine(engine: str, path: Path, hint: str) -> UsageError:
    return UsageError("run", f"the engine {engine!r} is not available here", place=str(path), hint=hint)
