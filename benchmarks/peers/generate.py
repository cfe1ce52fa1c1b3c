"""Makes the sources of one model with one peer; runs in the peers' own environment.

``python generate.py TOOL MODEL.joblib FOLDER`` writes sources and ``peer.c`` or ``peer.cpp``, which defines
``void peer_predict(const float* row, float* out)``, and prints JSON: what ``out`` holds and how many numbers,
which files are to be compiled, or why the tool does not do it, in its own words.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

DEEP = 100_000
"""Frames of Python that generators of nested code need."""
MANY_NODES = 10_000
"""Above that tl2cgen's own warning is heeded: one source file for each tree."""


class NotApplicableError(Exception):
    """The variant is for other kinds of models; the tool itself may do this one."""


def emlearn(model: Any, folder: Path, scaled: str, bits: int = 0) -> dict[str, Any]:
    """Trees: branches on float32, a leaf holds the winner (bits 0) or shares of that many bits."""
    import emlearn as tool

    include = [str(tool.includedir)]
    if hasattr(model, "coefs_") and bits == 0:
        tool.convert(model).save(file=str(folder / "model.h"), name="model")
        count = len(model.classes_)
        call = f"(void)eml_net_predict_proba(&model, row, {model.n_features_in_}, out, {count});"
        return _peer(folder, "c", "model.h", call, scaled, "probabilities", count, include)
    if bits and not _is_forest(model):
        raise NotApplicableError
    tool.convert(model, method="inline", dtype="float", leaf_bits=bits).save(
        file=str(folder / "model.h"), name="model"
    )
    count = len(model.classes_)
    call = f"(void)model_predict_proba(row, {model.n_features_in_}, out, {count});"
    return _peer(folder, "c", "model.h", call, scaled, "probabilities", count, include)


def emlearn_int16(model: Any, folder: Path, scaled: str) -> dict[str, Any]:
    """Tables of nodes with int16 thresholds, which take int16 features: scaled here, by hand-written code.

    Each feature's thresholds are spread over the whole range, and a threshold is moved to the next integer
    because emlearn asks ``<`` where scikit-learn asks ``<=``.
    """
    import emlearn as tool
    import numpy as np

    if not _is_forest(model):
        raise NotApplicableError
    trees = [one.tree_ for one in getattr(model, "estimators_", [model])]
    elements = model.n_features_in_
    low, scale = np.zeros(elements, np.float32), np.ones(elements, np.float32)
    for feature in range(elements):
        used = [t.threshold[(t.feature == feature) & (t.children_left >= 0)] for t in trees]
        values = np.concatenate(used)
        if len(values):
            span = max(float(values.max() - values.min()), 1e-6)
            low[feature] = values.min() - span / 100
            scale[feature] = 64000 / (1.02 * span)
    for tree in trees:
        splits = tree.children_left >= 0
        at = tree.feature[splits]
        steps = (tree.threshold[splits].astype(np.float32) - low[at]) * scale[at]
        tree.threshold[splits] = np.floor(steps) - 32000 + 1
    tool.convert(model, method="loadable", dtype="int16_t").save(file=str(folder / "model.h"), name="model")
    call = (
        f"static const float low[] = {{{_floats(low)}}}; static const float scale[] = {{{_floats(scale)}}}; "
    )
    call += f"int16_t steps[{elements}]; for (int i = 0; i < {elements}; ++i) {{ "
    call += "float step = (row[i] - low[i]) * scale[i]; "
    call += "step = step < 0.0f ? 0.0f : (step > 64000.0f ? 64000.0f : step); "
    call += "steps[i] = (int16_t)((int32_t)step - 32000); } "
    count = len(model.classes_)
    call += f"(void)model_predict_proba(steps, {elements}, out, {count});"
    return _peer(folder, "c", "model.h", call, scaled, "probabilities", count, [str(tool.includedir)])


def m2cgen(model: Any, folder: Path, scaled: str) -> dict[str, Any]:
    import m2cgen as tool

    text = tool.export_to_c(model)
    (folder / "model.h").write_text(text)
    elements = model.n_features_in_
    widen = f"double wide[{elements}]; for (int i = 0; i < {elements}; ++i) {{ wide[i] = (double)row[i]; }} "
    if "void score(" not in text:
        call = widen + "out[0] = (float)score(wide);"
        kind = "score" if hasattr(model, "classes_") else "value"
        return _peer(folder, "c", "model.h", call, scaled, kind, 1)
    count = len(model.classes_)
    call = widen + f"double shares[{count}]; score(wide, shares); "
    call += f"for (int i = 0; i < {count}; ++i) {{ out[i] = (float)shares[i]; }}"
    return _peer(folder, "c", "model.h", call, scaled, "probabilities", count)


def micromlgen(model: Any, folder: Path, scaled: str) -> dict[str, Any]:
    import re

    import micromlgen as tool

    if hasattr(model, "_gamma"):
        model.gamma = float(model._gamma)  # it asks for the number that "scale" stands for
    text = tool.port(model)
    (folder / "model.h").write_text(text)
    (name,) = re.findall(r"^\s+class (\w+) \{", text, re.MULTILINE)
    call = f"Eloquent::ML::Port::{name} model; out[0] = (float)model.predict(const_cast<float*>(row));"
    return _peer(
        folder, "cpp", "model.h", call, scaled, "label" if hasattr(model, "classes_") else "value", 1
    )


def tl2cgen(model: Any, folder: Path, scaled: str) -> dict[str, Any]:
    import tl2cgen as tool
    import treelite

    forest = treelite.sklearn.import_model(model)
    parameters = {"quantize": 1}
    if _nodes(model) > MANY_NODES:
        parameters["parallel_comp"] = len(model.estimators_)
    tool.generate_c_code(forest, dirpath=str(folder), params=parameters, verbose=False)
    count = len(model.classes_) if hasattr(model, "classes_") else 1
    elements = model.n_features_in_
    result = "double" if "double* result" in (folder / "header.h").read_text() else "float"
    call = (
        f"union Entry data[{elements}]; for (int i = 0; i < {elements}; ++i) {{ data[i].fvalue = row[i]; }} "
    )
    call += f"{result} result[{count}] = {{0}}; predict(data, 0, result); "
    call += f"for (int i = 0; i < {count}; ++i) {{ out[i] = (float)result[i]; }}"
    kind = "probabilities" if count > 1 else "value"
    made = _peer(folder, "c", "header.h", call, scaled, kind, count)
    recipe = json.loads((folder / "recipe.json").read_text())
    made["sources"] += [f"{source['name']}.c" for source in recipe["sources"]]
    return made


TOOLS: dict[str, Callable[[Any, Path, str], dict[str, Any]]] = {
    "emlearn": emlearn,
    "emlearn-soft": partial(emlearn, bits=8),
    "emlearn-int16": emlearn_int16,
    "m2cgen": m2cgen,
    "micromlgen": micromlgen,
    "tl2cgen": tl2cgen,
}


def _is_forest(model: Any) -> bool:
    """A classifier of one tree or of trees that vote."""
    return hasattr(model, "classes_") and (hasattr(model, "tree_") or hasattr(model, "estimators_"))


def _nodes(model: Any) -> int:
    trees = getattr(model, "estimators_", [])
    return sum(int(tree.tree_.node_count) for tree in trees if hasattr(tree, "tree_"))


def _peer(  # noqa: PLR0917
    folder: Path,
    suffix: str,
    header: str,
    call: str,
    scaled: str,
    kind: str,
    count: int,
    include: list[str] | None = None,
) -> dict[str, Any]:
    linkage = 'extern "C" ' if suffix == "cpp" else ""
    lines = ["#include <math.h>", "#include <stdint.h>", f'#include "{header}"']  # as Arduino.h has them
    lines.append(f"{linkage}void peer_predict(const float* row, float* out);")
    lines.append(f"{linkage}void peer_predict(const float* row, float* out) {{ {scaled}{call} }}")
    (folder / f"peer.{suffix}").write_text("\n".join(lines) + "\n")
    return {"kind": kind, "count": count, "include": include or [], "sources": [f"peer.{suffix}"]}


def _floats(values: Any) -> str:
    return ", ".join(f"{float(value).hex()}f" for value in values)


def _split(model: Any) -> tuple[Any, str]:
    """The last step of a pipeline, and code that scales the row as a StandardScaler before it does."""
    if not hasattr(model, "steps"):
        return model, ""
    scaler, last = (step for _, step in model.steps)
    n = len(scaler.mean_)
    code = f"static const float means[] = {{{_floats(scaler.mean_)}}}; "
    code += f"static const float factors[] = {{{_floats(1 / scaler.scale_)}}}; "
    code += f"float scaled[{n}]; for (int i = 0; i < {n}; ++i) "
    return last, code + "{ scaled[i] = (row[i] - means[i]) * factors[i]; } row = scaled; "


def made_by(tool: str, model: Any, folder: Path) -> dict[str, Any]:
    """What the tool makes, or its status and reason."""
    last, scaled = _split(model)
    try:
        return TOOLS[tool](last, folder, scaled)
    except NotApplicableError:
        return {"status": "not applicable", "reason": ""}
    except ModuleNotFoundError as error:
        return {"status": "not installed", "reason": str(error)}
    except Exception as error:
        said = (str(error).strip().splitlines() or [""])[-1].strip()
        meant = isinstance(error, ValueError | TypeError | NotImplementedError | AssertionError)
        name = type(error).__name__
        refused = meant or "Supported" in name or tool == "tl2cgen"
        return {"status": "refused" if refused else "failed", "reason": f"{name}: {said}"}


def main() -> int:
    import joblib

    warnings.simplefilter("ignore")
    sys.setrecursionlimit(DEEP)
    tool, model, folder = sys.argv[1], joblib.load(sys.argv[2]), Path(sys.argv[3])
    print("RESULT " + json.dumps(made_by(tool, model, folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
