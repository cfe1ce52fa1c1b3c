"""The command line: reads options, calls one function, prints, sets the exit code."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecu_bundle.console import table
from ecu_bundle.errors import BundleError, ExitCode, InternalError, ToolMissingError, UsageError
from ecu_bundle.invocation import NUMBER, PATH, invocation, json_option, program
from ecu_bundle.packaging.commands import COMMANDS

if TYPE_CHECKING:
    from ecu_bundle.pipeline import Options

INTERRUPTED = 130
ASSUMED = ", on input ranges that were assumed: see the note"
SECONDS_TO_CLEAN_UP = 2.0
"""An impatient second Ctrl-C within this time does not stop the cleaning up."""


def _loading_options(function: Any) -> Any:
    """Options of every command that reads a model."""
    for option in reversed(
        (
            click.option(
                "--config", type=PATH, help="Configuration file [ecu-bundle.toml beside the model]."
            ),
            click.option(
                "--trust-pickle", is_flag=True, help="Run the code inside a pickle (child process)."
            ),
            click.option(
                "--allow-version-skew", is_flag=True, help="Accept a model of another scikit-learn."
            ),
            click.option("--member", help="Model file inside a SageMaker archive."),
        )
    ):
        function = option(function)
    return function


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ecu-bundle", message="%(prog)s %(version)s")
@json_option
def cli() -> None:
    """Trained scikit-learn models as verified C++ bundles for automotive ECUs.

    Start with `ecu-bundle build MODEL`. Exit codes: 0 ok, 1 verification failed, 2 usage or
    configuration, 3 unsupported model, 4 tool or ECU missing, 5 defect of ecu-bundle,
    130 interrupted.
    """


@cli.command(epilog="Example: ecu-bundle build model.skops --target aarch64-linux --data rows.csv")
@click.argument("model", type=PATH)
@click.option("--target", "-t", help="What to build for; `ecu-bundle targets` lists them [host].")
@click.option(
    "--engine",
    "-e",
    type=click.Choice(["auto", "ort", "native", "both"]),
    help="What computes on the device: ort, ONNX Runtime, for Linux and QNX; native, our own engine, "
    "without heap or operating system; both, the two side by side; auto, ort where the target can host it, "
    "else native. `ecu-bundle targets` says which of them a target offers [auto].",
)
@click.option("--output", "-o", type=PATH, help="Folder of the bundle [build/bundles/NAME/TARGET].")
@click.option("--data", type=PATH, help="Rows for the proof: .npy, .csv or .parquet.")
@click.option(
    "--update",
    type=click.Choice(["ed25519", "p256"]),
    help="Bring the library that checks the signatures of update packages into a native bundle [none].",
)
@click.option("--instructions", is_flag=True, help="Also count instructions (valgrind; takes a minute).")
@click.option(
    "--replace", is_flag=True, help="Replace a model with another interface under the same version."
)
@click.option("--install-missing", is_flag=True, help="Install missing compilers and emulators.")
@_loading_options
@json_option
def build(model: Path, install_missing: bool, **given: Any) -> None:
    """Convert, prove, generate, build and run: MODEL becomes a bundle."""
    from ecu_bundle.inspection import has_assumed_ranges, notes_of
    from ecu_bundle.pipeline import build_with_times, make_plan

    options = _options(given)
    if install_missing:
        from ecu_bundle.building.doctor import install, missing_packages

        if missing := missing_packages([make_plan(model, options).target]):
            invocation.console.say("installing " + ", ".join(finding.package for finding in missing))
            install(missing)
    bundle, seconds = build_with_times(model, options, watcher=invocation.console)
    invocation.console.say("")
    notes = [*filter(None, [bundle.replaced]), *notes_of(bundle.path)]
    for note in notes:
        invocation.console.say(f"note: {note}")
    assumed = has_assumed_ranges(notes)
    invocation.result(
        {
            "bundle": str(bundle.path),
            "name": bundle.name,
            "target": bundle.target,
            "engine": bundle.engine,
            "digest": bundle.digest,
            "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
            "notes": notes,
            "ranges_assumed": assumed,
        },
        f"{bundle.path}: verified bundle of {bundle.name} for {bundle.target}"
        f"{ASSUMED if assumed else ''}\n"
        f"  report       {bundle.path / 'reports' / 'report.html'}\n"
        f"  certificate  {bundle.path / 'reports' / 'certificate.json'}\n"
        f"  for the OEM  {bundle.path / 'INTEGRATION.md'}\n"
        + "".join(f"  costs        {costs}\n" for costs in bundle.costs)
        + f"  bundle.json  SHA-256 {bundle.digest}, for the OEM to compare",
    )


@cli.command(epilog="Example: ecu-bundle run model.skops --input rows.csv -o predictions.csv")
@click.argument("path", metavar="MODEL|BUNDLE", type=PATH)
@click.option("--input", "-i", "table_path", type=PATH, required=True, help="Rows: .npy, .csv or .parquet.")
@click.option(
    "--output",
    "-o",
    type=PATH,
    required=True,
    help="FILE.csv: one table for a spreadsheet, classes by name. Else a folder: one <output>.npy each.",
)
@click.option(
    "--engine",
    "-e",
    default="auto",
    show_default=True,
    help="auto; ort: ONNX Runtime through the C++ runtime of the device; sklearn: scikit-learn itself, "
    "for models; native: our own engine, for bundles that were built with it.",
)
@_loading_options
@json_option
def run(path: Path, table_path: Path, output: Path, engine: str, **given: Any) -> None:
    """Predict the rows of a table with a model or with a bundle.

    Says on stderr which columns hold missing values or categories that the model does not know.
    """
    from ecu_bundle.gaps import gap_notes
    from ecu_bundle.prediction import predict
    from ecu_bundle.prediction_files import is_table, require_writable, write_prediction

    require_writable(output, table_path)
    found = predict(path, table_path, engine=engine, options=_options(given), watcher=invocation.console)
    notes = gap_notes(found.gaps, found.rows)
    as_table = is_table(output)
    files = write_prediction(found, output)
    for note in notes:
        invocation.console.say(f"note: {note}")
    rows = [[str(files[n]), str(v.dtype), str(v.shape)] for n, v in found.outputs.items()]
    invocation.result(
        {
            "outputs": {name: str(file) for name, file in files.items()},
            "shapes": {name: list(values.shape) for name, values in found.outputs.items()},
            "gaps": [dataclasses.asdict(gap) for gap in found.gaps],
        },
        f"{output}: {found.rows} rows of {', '.join(found.outputs)}" if as_table else table(rows),
    )


@cli.command(epilog="Example: ecu-bundle verify build/bundles/model/host --model model.skops")
@click.argument("bundle", type=PATH)
@click.option("--target", "-t", help="Must be the target of the bundle.")
@click.option("--model", type=PATH, help="The model it was made of: compares with scikit-learn too.")
@click.option("--data", type=PATH, help="Rows for the proof: .npy, .csv or .parquet.")
@_loading_options
@json_option
def verify(bundle: Path, model: Path | None, data: Path | None, **given: Any) -> None:
    """Run the proof again on a delivered bundle."""
    from ecu_bundle.verification import verify as verify_bundle

    verified = verify_bundle(
        bundle, model=model, data=data, options=_options(given), watcher=invocation.console
    )
    gates = [f"  {c.right}: {c.rows} rows agree with {c.left}" for c in verified.comparisons]
    changes = [f"  changed: {change}" for change in verified.changes]
    omitted = [f"  not computed again: {what}" for what in verified.omitted]
    invocation.result(
        {
            "name": verified.name,
            "target": verified.target,
            "verified": True,
            "same_binary": verified.same_binary,
            "changes": [dataclasses.asdict(change) for change in verified.changes],
            "omitted": list(verified.omitted),
            "comparisons": [json.loads(c.model_dump_json()) for c in verified.comparisons],
        },
        "\n".join([f"{bundle}: every file is as delivered, and the proof holds", *gates, *changes, *omitted]),
    )


@cli.command(epilog="Example: ecu-bundle inspect model.skops")
@click.argument("path", metavar="FILE", type=PATH)
@_loading_options
@json_option
def inspect(path: Path, **given: Any) -> None:
    """Show what is in a model, a model image, a bundle or an update package."""
    from ecu_bundle.inspection import inspect as inspect_path
    from ecu_bundle.inspection import inspection_text

    facts = inspect_path(path, _options(given), watcher=invocation.console)
    invocation.result(facts, inspection_text(facts))


@cli.command(epilog="Example: ecu-bundle diff delivered/model build/next --max-drift mpg=0.5")
@click.argument("a", type=PATH)
@click.argument("b", type=PATH)
@click.option(
    "--max-drift",
    metavar="[OUTPUT=]LIMIT",
    multiple=True,
    help="Fail when B drifts further than this from A: in a label, the number of golden rows that may give "
    "another one, else the largest change in the unit of the output. Without OUTPUT it is for all outputs "
    "that have no limit of their own; 0 demands equal results. May be repeated.",
)
@json_option
def diff(a: Path, b: Path, max_drift: tuple[str, ...]) -> None:
    """Compare two bundles: can B be flashed where A runs? Exit code 0 yes, 1 no.

    Interface, engine, target and memory decide that. How far the outputs drift is measured on the golden
    rows of A and told beside it; it fails only with --max-drift.
    """
    from ecu_bundle.difference import difference
    from ecu_bundle.reporting.difference import difference_record, difference_text

    found = difference(a, b, max_drift=max_drift, watcher=invocation.console)
    invocation.result(difference_record(found), difference_text(found))
    if not found.accepted:
        sys.exit(ExitCode.VERIFICATION_FAILED)


@cli.command(epilog="Example: ecu-bundle report build/bundles/model/host -o report.html")
@click.argument("bundle", type=PATH)
@click.option("--output", "-o", type=PATH, help="Where to write the report [print where it is].")
@json_option
def report(bundle: Path, output: Path | None) -> None:
    """Write the HTML report of a bundle again, from its certificate."""
    from ecu_bundle.reporting.bundle import report_of

    place = report_of(bundle, output)
    invocation.result({"report": str(place)}, str(place))


@cli.command(epilog="Example: ecu-bundle init model.skops")
@click.argument("model", type=PATH)
@click.option("--output", "-o", type=PATH, help="File to write [ecu-bundle.toml beside the model].")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@_loading_options
@json_option
def init(model: Path, output: Path | None, force: bool, **given: Any) -> None:
    """Write a commented ecu-bundle.toml for a model."""
    from ecu_bundle.scaffold import write_config

    place = write_config(model, output, force=force, options=_options(given), watcher=invocation.console)
    beside = output is None
    invocation.result({"config": str(place)}, str(place))
    invocation.console.say(
        "next: set units and ranges in it, then: "
        + shlex.join([program(), "build", str(model), *([] if beside else ["--config", str(place)])])
    )


@cli.command(epilog="Example: ecu-bundle flash model.suit --doip 192.168.0.10 --security-command ./key.sh")
@click.argument("package", type=PATH, required=False)
@click.option("--identify", is_flag=True, help="In place of PACKAGE: say what the ECU runs, change nothing.")
@click.option("--doip", metavar="HOST[:PORT]", required=True, help="Where the ECU is; port 13400 else.")
@click.option("--ecu-address", type=NUMBER, help="Logical address of the ECU [asked for by UDP].")
@click.option("--tester-address", type=NUMBER, default="0x0e00", show_default=True, help="Our own one.")
@click.option(
    "--security-command", default="", help="Unlocks the ECU: reads the seed on stdin, prints the key; bytes."
)
@click.option(
    "--security-level",
    type=click.IntRange(1, 125),
    default=1,
    show_default=True,
    help="Of the request for a seed: odd.",
)
@click.option("--memory-address", type=NUMBER, default="0", show_default=True, help="Of the download.")
@click.option(
    "--block-size", type=click.IntRange(min=8), help="Most bytes of a block [as many as the ECU takes]."
)
@click.option("--attempts", type=click.IntRange(1, 100), default=3, show_default=True, help="Connections.")
@click.option(
    "--timeout", type=click.FloatRange(0.1, 600), default=5.0, show_default=True, help="Seconds per answer."
)
@click.option(
    "--time-limit",
    type=click.FloatRange(1, 86400),
    default=3600.0,
    show_default=True,
    help="Seconds for all, until the ECU has accepted the package.",
)
@json_option
def flash(package: Path | None, identify: bool, doip: str, **given: Any) -> None:
    """Bring an update package into an ECU by UDS over DoIP, and see that it runs the new model.

    Exit codes: 0 the ECU runs it, 1 it refuses the package or went back to the model before, 2 a wrong
    option, file or key, 4 no connection, or the ECU cannot be flashed in its present condition, 130
    interrupted.
    """
    from ecu_bundle.flashing.delivery import ask, deliver
    from ecu_bundle.flashing.link import Endpoint, read_host
    from ecu_bundle.flashing.reading import read_delivery
    from ecu_bundle.flashing.report import flashed_record, flashed_text, identified_record, identified_text
    from ecu_bundle.flashing.security import SecurityHook
    from ecu_bundle.flashing.sequence import Options

    if identify == (package is not None):
        cause = "--identify flashes nothing" if identify else "there is no package"
        raise UsageError("usage", cause, hint="give PACKAGE, or --identify to ask what the ECU runs")
    security = SecurityHook(given["security_command"], given["security_level"])
    security.require_usable()
    delivery = None if package is None else read_delivery(package)
    host, port = read_host(doip)
    endpoint = Endpoint(host, port, given["ecu_address"], given["tester_address"], given["timeout"])
    limits = {"attempts": given["attempts"], "limit_seconds": given["time_limit"]}
    if delivery is None:
        found = ask(endpoint, **limits, watcher=invocation.console)
        invocation.result(identified_record(endpoint, found), identified_text(endpoint, found))
        return
    options = Options(security, given["memory_address"], given["block_size"] or 0)
    flashed = deliver(delivery, endpoint, options, **limits, watcher=invocation.console)
    invocation.result(flashed_record(delivery, endpoint, flashed), flashed_text(delivery, endpoint, flashed))


@cli.command(epilog="Example: ecu-bundle targets")
@json_option
def targets() -> None:
    """List what a bundle can be built for."""
    from ecu_bundle.building.doctor import missing_packages
    from ecu_bundle.building.targets import load_targets

    rows = []
    for target in load_targets().values():
        missing = sorted({f.wanted for f in missing_packages([target])})
        ready = "ready" if not missing else "missing: " + " ".join(missing)
        rows.append([target.name, "/".join(target.engines), target.runner, ready, target.title])
    keys = ("name", "engines", "runner", "state", "title")
    invocation.result({"targets": [dict(zip(keys, row, strict=True)) for row in rows]}, table(rows))


@cli.command(epilog="Example: ecu-bundle doctor --target armv7-linux")
@click.option("--target", "-t", "names", multiple=True, help="Only for this target; may be repeated.")
@click.option("--install", is_flag=True, help="Install what is missing with the system package manager.")
@json_option
def doctor(names: tuple[str, ...], install: bool) -> None:
    """Check compilers and emulators; say the line that installs what is missing.

    Without --target, tools newer than Debian 12's are shown but neither demanded nor installed.
    """
    from ecu_bundle.building import doctor as checks
    from ecu_bundle.building.targets import get_target, load_targets

    chosen = [get_target(name) for name in names] if names else list(load_targets().values())
    findings = checks.diagnose(chosen)
    if install and any(not finding.present for finding in findings):
        checks.install([f for f in findings if names or not f.oldest])
        findings = checks.diagnose(chosen)
    line = checks.install_line([f for f in findings if names or not f.oldest])
    rest = "" if line else checks.install_line(findings)
    rows = [[f.package, f.state, "for " + ", ".join(f.targets)] for f in findings]
    text = f"install what is missing:\n  {line}" if line else "nothing is missing"
    text += f", but newer tools than Debian 12's can be had:\n  {rest}" if rest else ""
    invocation.result(
        {"findings": [dataclasses.asdict(f) for f in findings], "install": line}, f"{table(rows)}\n\n{text}"
    )
    if line:
        sys.exit(ExitCode.TOOL_MISSING)


for _command in COMMANDS:
    cli.add_command(_command)


def _options(given: dict[str, Any]) -> Options:
    from ecu_bundle.pipeline import Options

    return Options(**given)


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the program ``ecu-bundle``; always exits."""
    _listen_to_signals()
    # An unknown option is refused before any option is read.
    words = sys.argv[1:] if arguments is None else arguments
    invocation.json = "--json" in words
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        cli.main(arguments, prog_name="ecu-bundle", standalone_mode=False)
    except BundleError as error:
        _fail(error)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        # An option without its value is refused before there is a context: the verb is the first other word.
        first = next((word for word in words if word != "--json"), "")
        verb = f" {first}" if first in cli.commands else ""
        command = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else ""
        _fail(UsageError("usage", error.format_message(), hint=f"{command or 'ecu-bundle' + verb} --help"))
    except (KeyboardInterrupt, click.Abort) as error:
        # One more, while Python ends, would change the exit code.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        invocation.console.close()
        told = str(error) or str(error.__cause__ or "")  # click makes an Abort of it
        click.echo(f"\n{told or 'interrupted; nothing was written'}", err=True)
        sys.exit(INTERRUPTED)
    except Exception as error:
        _report_defect(error)
    sys.exit(ExitCode.OK)


def _fail(error: BundleError) -> None:
    invocation.console.close()
    if invocation.json:
        click.echo(json.dumps(error.as_dict(), indent=2, ensure_ascii=False))
    click.echo(f"error: {error}", err=True)
    if isinstance(error, ToolMissingError):
        click.echo("  `ecu-bundle doctor` checks all tools", err=True)
    sys.exit(error.exit_code)


def _report_defect(error: Exception) -> None:
    """An error that nobody foresaw: the short form for people, the whole with ECU_BUNDLE_DEBUG=1."""
    if os.environ.get("ECU_BUNDLE_DEBUG"):
        import traceback

        traceback.print_exception(error)
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    place = "" if step is None else f"{Path(step.tb_frame.f_code.co_filename).name}:{step.tb_lineno}"
    _fail(
        InternalError(
            "internal",
            f"{type(error).__name__}: {error}",
            place=place,
            hint="a defect of ecu-bundle: run again with ECU_BUNDLE_DEBUG=1 and report what it prints",
        )
    )


def _listen_to_signals() -> None:
    """Ctrl-C and a polite request to end clean up alike; a job that shall ignore Ctrl-C still does."""
    last = -math.inf

    def interrupt(*_: object) -> None:
        nonlocal last
        previous, last = last, time.monotonic()
        if last - previous > SECONDS_TO_CLEAN_UP:
            raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, interrupt)


if __name__ == "__main__":
    main()
