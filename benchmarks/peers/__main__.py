"""``python -m benchmarks.peers``: the native engine beside other generators, in one table and one picture."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

import ecu_bundle
from benchmarks.native_models import models
from benchmarks.peers import ours
from benchmarks.peers.compared import TOOLS, Cost, judge, truth_of
from benchmarks.peers.measure import PROGRAMS, ToolError, archive, on_m4, on_x86, write_rows
from benchmarks.peers.page import chart, page
from benchmarks.subjects import CHECKOUT

_PINNED = Path(__file__).with_name("requirements.txt")
_GENERATOR = Path(__file__).with_name("generate.py")
_PAGE = CHECKOUT / "docs" / "peers.md"
_ROWS = 50


def environment(folder: Path) -> Path:
    """Python of a virtual environment with the pinned peers; made once for each list of pins."""
    python, stamp = folder / "bin" / "python", folder / "pinned"
    if not stamp.exists() or stamp.read_text() != _PINNED.read_text():
        venv.create(folder, with_pip=True, clear=True)
        install = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-r", _PINNED]
        subprocess.run([str(word) for word in install], check=True)
        stamp.write_text(_PINNED.read_text())
    return python


def compare(tool: str, estimator: Any, rows: NDArray[np.float32], folder: Path, python: Path) -> Cost:
    """Builds, runs and judges one model with one tool."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if tool in ("native", "onnxruntime"):
            return _measure(tool, estimator, rows, folder, _our_sources(tool, estimator, rows, folder))
        joblib.dump(estimator, folder / "model.joblib")
        command = [str(python), str(_GENERATOR), tool, str(folder / "model.joblib"), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        if not lines:
            raise ToolError((done.stderr.strip().splitlines() or ["no answer"])[-1])
        result = json.loads(lines[0].removeprefix("RESULT "))
        if "refused" in result:
            raise ToolError(result["refused"])
        return _measure(tool, estimator, rows, folder, result)
    except ToolError as error:
        return Cost(refused=str(error))


def _our_sources(tool: str, estimator: Any, rows: NDArray[np.float32], folder: Path) -> dict[str, Any]:
    model = ecu_bundle.convert(estimator, sample=rows)
    count = ours.write(model, "native" if tool == "native" else "ort", folder)
    labelled = model.interface.outputs[0].dtype == "int32"
    return {"kind": "label and numbers" if labelled else "value", "count": count, "include": []}


def _measure(
    tool: str, estimator: Any, rows: NDArray[np.float32], folder: Path, made: dict[str, Any]
) -> Cost:
    write_rows(rows, made["count"], folder)
    named = ("main.c", "quantize.c", "peer.c", "peer.cpp")
    sources = [folder / "rows.c", *(folder / name for name in named if (folder / name).exists())]
    sources.append(PROGRAMS / "peer_probe.c")
    shared = folder.parents[1]
    libraries: list[Path | None] = [None, None]
    if tool in ("native", "onnxruntime"):
        files = ours.sources("native" if tool == "native" else "ort")
        libraries[0] = archive("", files, shared / tool)
        if tool == "native":
            libraries[1] = archive("arm-none-eabi-", files, shared / tool)
    host = on_x86(sources, folder, made["include"], libraries[0])
    labels, error = judge(
        made["kind"],
        host.words.view(np.float32),
        host.words[:, 0].view(np.int32),
        truth_of(estimator, rows),
    )
    if tool == "onnxruntime":
        return Cost(x86=host.instructions, labels=labels, error=error)
    device = on_m4(sources, folder, made["include"], libraries[1])
    again = judge(
        made["kind"],
        device.words.view(np.float32),
        device.words[:, 0].view(np.int32),
        truth_of(estimator, rows),
    )
    labels, error = min(labels, again[0]), max(error, again[1])
    return Cost(device.instructions, device.flash, device.ram, host.instructions, labels, error)


def main() -> int:
    """Measures, prints the table, and with ``--update-docs`` writes docs/peers.md and its picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--model", action="append", default=[], help="only this model; repeatable")
    parser.add_argument("--tool", action="append", default=[], choices=TOOLS, help="only this; repeatable")
    parser.add_argument("--output", type=Path, default=CHECKOUT / "build" / "peers", help="[build/peers]")
    parser.add_argument("--update-docs", action="store_true", help="also write docs/peers.md and .svg")
    options = parser.parse_args()
    output: Path = options.output
    output.mkdir(parents=True, exist_ok=True)
    python = environment(output / "environment")
    results: dict[str, dict[str, Cost]] = {}
    for name, (estimator, unseen) in models().items():
        if options.model and name not in options.model:
            continue
        rows = unseen[np.linspace(0, len(unseen) - 1, min(_ROWS, len(unseen))).astype(int)]
        results[name] = {}
        for tool in options.tool or TOOLS:
            print(name, tool, file=sys.stderr, flush=True)
            results[name][tool] = compare(tool, estimator, rows, output / name / tool, python)
    text = page(results)
    (output / "peers.md").write_text(text)
    (output / "peers.svg").write_bytes(chart(results))
    if options.update_docs:
        _PAGE.write_text(text, encoding="utf-8")
        _PAGE.with_suffix(".svg").write_bytes(chart(results))
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
