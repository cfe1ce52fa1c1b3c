"""Makes the sources of one model with one peer; runs in the peers' own environment.

``python generate.py TOOL MODEL.joblib FOLDER`` writes sources and ``peer.c`` or ``peer.cpp``, which defines
``void peer_predict(const float* row, float* out)``, and prints JSON: what ``out`` holds and how many numbers,
or why the tool does not do it, in its own words.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

DEEP = 100_000
"""Frames of Python that generators of nested code need."""


def emlearn(model: Any, folder: Path, scaled: str) -> dict[str, Any]:
    import emlearn as tool

    tool.convert(model, method="inline", dtype="float").save(file=str(folder / "model.h"), name="model")
    include = [str(tool.includedir)]
    if hasattr(model, "estimators_") or hasattr(model, "tree_"):
        count = len(model.classes_)
        call = f"(void)model_predict_proba(row, {model.n_features_in_}, out, {count});"
        return _peer(folder, "c", "model.h", call, scaled, "probabilities", count, include)
    call = f"out[0] = (float)model_predict(row, {model.n_features_in_});"
    return _peer(folder, "c", "model.h", call, scaled, "label", 1, include)


def m2cgen(model: Any, folder: Path, scaled: str) -> dict[str, Any]:
    import m2cgen as tool

    text = tool.export_to_c(model)
    (folder / "model.h").write_text(text)
    elements = model.n_features_in_
    widen = f"double wide[{elements}]; for (int i = 0; i < {elements}; ++i) {{ wide[i] = (double)row[i]; }} "
    if "void score(" not in text:
        call = widen + "out[0] = (float)score(wide);"
        return _peer(folder, "c", "model.h", call, scaled, "score", 1)
    count = len(model.classes_)
    call = widen + f"double shares[{count}]; score(wide, shares); "
    call += f"for (int i = 0; i < {count}; ++i) {{ out[i] = (float)shares[i]; }}"
    return _peer(folder, "c", "model.h", call, scaled, "probabilities", count)


def micromlgen(model: Any, folder: Path, scaled: str) -> dict[str, Any]:
    import re

    import micromlgen as tool

    text = tool.port(model)
    (folder / "model.h").write_text(text)
    (name,) = re.findall(r"^\s+class (\w+) \{", text, re.MULTILINE)
    call = f"Eloquent::ML::Port::{name} model; "
    elements = model.n_features_in_
    call += f"float own[{elements}]; for (int i = 0; i < {elements}; ++i) {{ own[i] = row[i]; }} "
    call += "out[0] = (float)model.predict(own);"
    return _peer(folder, "cpp", "model.h", call, scaled, "label", 1)


def tl2cgen(model: Any, folder: Path, scaled: str) -> dict[str, Any]:
    import tl2cgen as tool
    import treelite

    forest = treelite.sklearn.import_model(model)
    tool.generate_c_code(forest, dirpath=str(folder), params={"quantize": 1}, verbose=False)
    count = len(model.classes_) if hasattr(model, "classes_") else 1
    elements = model.n_features_in_
    kind = "double" if "double* result" in (folder / "header.h").read_text() else "float"
    call = (
        f"union Entry data[{elements}]; for (int i = 0; i < {elements}; ++i) {{ data[i].fvalue = row[i]; }} "
    )
    call += f"{kind} result[{count}]; predict(data, 0, result); "
    call += f"for (int i = 0; i < {count}; ++i) {{ out[i] = (float)result[i]; }}"
    return _peer(folder, "c", "header.h", call, scaled, "probabilities" if count > 1 else "value", count)


TOOLS: dict[str, Callable[[Any, Path, str], dict[str, Any]]] = {
    "emlearn": emlearn,
    "m2cgen": m2cgen,
    "micromlgen": micromlgen,
    "tl2cgen": tl2cgen,
}


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
    lines = [f'#include "{header}"', f"{linkage}void peer_predict(const float* row, float* out);"]
    lines.append(f"void peer_predict(const float* row, float* out) {{ {scaled}{call} }}")
    (folder / f"peer.{suffix}").write_text("\n".join(lines) + "\n")
    return {"kind": kind, "count": count, "include": include or []}


def _split(model: Any) -> tuple[Any, str]:
    """The last step of a pipeline, and code that scales the row as a StandardScaler before it does."""
    if not hasattr(model, "steps"):
        return model, ""
    scaler, last = (step for _, step in model.steps)
    means, scales = (
        ", ".join(f"{float(x).hex()}" for x in values) for values in (scaler.mean_, scaler.scale_)
    )
    n = len(scaler.mean_)
    code = f"static const double means[] = {{{means}}}; static const double scales[] = {{{scales}}}; "
    code += f"float scaled[{n}]; for (int i = 0; i < {n}; ++i) "
    return last, code + "{ scaled[i] = (float)(((double)row[i] - means[i]) / scales[i]); } row = scaled; "


def main() -> int:
    import joblib

    warnings.simplefilter("ignore")
    sys.setrecursionlimit(DEEP)
    tool, model, folder = sys.argv[1], joblib.load(sys.argv[2]), Path(sys.argv[3])
    try:
        result = TOOLS[tool](*_split(model)[:1], folder, _split(model)[1])
    except Exception as error:
        result = {"refused": str(error).strip().splitlines()[-1]}
    print("RESULT " + json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
