"""``init``: a commented ``ecu-bundle.toml`` for a model."""

from __future__ import annotations

import json
from pathlib import Path

from ecu_bundle.artifacts import OnnxModel
from ecu_bundle.config import FILE_NAME
from ecu_bundle.conversion import convert
from ecu_bundle.errors import UsageError
from ecu_bundle.folders import require_outside_bundles, write_complete
from ecu_bundle.interface import Tensor
from ecu_bundle.pipeline import Options, kind_of, load_model, make_plan
from ecu_bundle.stages import Silent, Stages, Watcher

_HEAD = """\
# How ecu-bundle builds this model. Everything is optional. Lines that begin with "# name =" are options
# that are not set: take the # away and put your own value in place of the example.

[model]
# C identifier: names files, the CMake target and the C++ namespace
name = {name}
# for people
title = {title}
# version = "1.0.0"  # of the model, as you count

"""

_INPUTS = """\
# The inputs in the order of the device buffers. Units and ranges appear in the generated header;
# ranges also say where the proof takes its rows, so declare what the sensor can deliver.
# Without a range the proof takes it from your rows or from the model, or assumes one and says so.
"""

_TAIL = """\
[convert]
# precision = "float"  # "double": a smooth model computes in float64; slower where the processor has none
# outputs = [{outputs}]  # those to keep; default: all that are usual for the kind of model

[build]
# target = "host"  # `ecu-bundle targets` lists them
# engine = "auto"  # ort where the target can host ONNX Runtime
# output = "{name}-bundle"  # folder of the bundle itself, relative to this file;
#                             default: build/bundles/{name}/<target> in the folder where you build
# update = "ed25519"  # or "p256": bring the library for signatures of update packages, and
#                             the kernels that a retrained model may need

[load]
# trust_pickle = false  # true runs the code inside a .joblib or .pkl file, in a child process
# allow_version_skew = false  # true accepts a model that another scikit-learn wrote

[parity]
# data = "rows.csv"  # rows for the proof, relative to this file; .npy, .csv or .parquet
# tolerance = 1e-5  # of smooth models, relative to each value and to the largest one

[budget]
# max_flash = "64 KiB"  # engine, kernels and model, without ecu::update; a build beyond it fails
# max_ram = "8 KiB"  # data and arena; native engine only, ONNX Runtime allocates
# max_stack = "1 KiB"  # an upper bound, from the compiler's call graph
# max_instructions = 50000  # of one run

[update]
# vendor = "ecu.example"  # domain of the maker of the device; `ecu-bundle pack` needs it
# device_class = "{name}"  # devices that the package is for
# sequence = 1  # of the next package; each one has a higher number
# part_number = "A-123"  # of the software
# rxswin = ["R79-0042"]  # software identification numbers of UN R156
# hardware = [0x1001]  # ids of the hardware; default: any
# commit = "0123abcd"  # that trained the model
# training_data = "rows.csv"  # its digest is stated; relative to this file
# replaces = ["{name}-bundle"]  # bundles that the model may replace; relative to this file
# golden_rows = 16  # rows that the device tests the model with
"""

_STUBS = 64
"""Most inputs that a model without column names gets a table for."""


def write_config(
    path: str | Path,
    output: str | Path | None = None,
    *,
    force: bool = False,
    options: Options | None = None,
    watcher: Watcher | None = None,
) -> Path:
    """Writes a configuration for a model, with every input and output that it has.

    Args:
        path: the model.
        output: file to write; default ``ecu-bundle.toml`` beside the model.
        force: replace an existing file.
        options: permissions for loading.
        watcher: is told the stages.

    Raises:
        UsageError: the file exists, or cannot be written.
    """
    path = Path(path)
    place = (path if path.is_dir() else path.parent) / FILE_NAME if output is None else Path(output)
    if place.is_dir():
        raise UsageError(
            "init",
            f"{place.name or place} is a folder",
            place=str(place),
            hint=f"give a file, for instance -o {place / FILE_NAME}",
        )
    if place.exists() and not force:
        raise UsageError("init", f"{place.name} exists already", place=str(place), hint="--force replaces it")
    require_outside_bundles(place)
    # An existing configuration may give permissions, but its words are not those of the model.
    stages = Stages(watcher or Silent())
    with stages.stage("load", path.name):
        loaded = load_model(path, make_plan(path, options or Options()))
    with stages.stage("convert", kind_of(loaded)):
        text = config_text(convert(loaded))
    write_complete({place: text.encode()}, hint="choose a file in a place that can be written, with -o")
    return place


def config_text(model: OnnxModel) -> str:
    """The text of a configuration that changes nothing as it stands."""
    parts = [_HEAD.format(name=_quoted(model.name), title=_quoted(model.name.replace("_", " ")))]
    if len(model.interface.inputs) > 1:
        parts.append(_INPUTS)
        parts += [_input(tensor) for tensor in model.interface.inputs]
    else:
        count = model.interface.inputs[0].elements
        parts.append(
            f"# The model was trained without column names: it has one input X of {count} values.\n"
            f"# Name the columns by writing {count} [[inputs]] tables, in order, and declare their\n"
            "# ranges, for instance:\n#\n"
        )
        parts += [
            f'# [[inputs]]\n# name = "column_{index}"\n# unit = ""\n# min = 0.0\n# max = 1.0\n\n'
            for index in range(min(count, _STUBS))
        ]
    parts += [_output(tensor) for tensor in model.interface.outputs]
    labels = [code for t in model.interface.outputs if t.dtype == "int32" for code in t.codes]
    if labels:
        parts.append(
            "# Names of the classes, which become an enum class in the generated header.\n[classes]\n"
        )
        parts += [f"# {_quoted(code.name)} = {_quoted(code.name)}\n" for code in labels]
        parts.append("\n")
    return "".join(parts) + _TAIL.format(name=model.name, outputs=", ".join(map(_quoted, model.standard)))


def _input(tensor: Tensor) -> str:
    lines = ["[[inputs]]", f"name = {_quoted(tensor.name)}"]
    if tensor.codes:
        names = ", ".join(code.name for code in tensor.codes[:12])
        lines.append(f"# categories: {names}{', ...' if len(tensor.codes) > 12 else ''}".replace("\n", " "))
    else:
        lines += ['# unit = ""', "# min = 0.0", "# max = 1.0"]
        if tensor.accepts_nan:
            lines.append("# accepts_nan = false  # refuse NaN, though the model has a rule for it")
    return "\n".join([*lines, '# description = ""', "", ""])


def _output(tensor: Tensor) -> str:
    return "\n".join(
        [
            f"[outputs.{tensor.name}]",
            f"# name = {_quoted(tensor.name)}",
            '# unit = ""',
            '# description = ""',
            "",
            "",
        ]
    )


def _quoted(text: str) -> str:
    """A TOML basic string; its escapes are those of JSON, and DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
