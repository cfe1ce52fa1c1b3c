"""`ecu-bundle flash` as a user calls it."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.program import PROGRAM, call, spawn, succeed
from ecu_bundle.flashing.link import Endpoint, read_host
from packages.examples import model_package, unsigned_model

from .bench import Bench
from .faults import BLOCK, KEY, Faults, refuses


def arguments(file: Path, endpoint: Endpoint) -> list[str]:
    ecu = ["--doip", f"127.0.0.1:{endpoint.port}", "--ecu-address", hex(endpoint.ecu or 0)]
    return ["flash", str(file), *ecu, "--security-command", KEY]


@pytest.fixture
def file(bench: Bench) -> Path:
    path = bench.folder / "model.suit"
    path.write_bytes(bench.good(5).data)
    return path


def test_the_result_for_people(file: Path, bench: Bench) -> None:
    """As a program whose streams are no terminal: one line a stage, no moving signs."""
    with bench.ecu() as (_, endpoint):
        outcome = spawn(*arguments(file, endpoint))
        again = succeed(*arguments(file, endpoint))
    digest = bench.factory.digest[:16]
    assert outcome.code == 0, outcome.stderr
    assert [line.split()[0] for line in outcome.stderr.splitlines()] == ["connect", "transfer", "restart"]
    assert "\r" not in outcome.stderr and "\x1b" not in outcome.stderr
    assert outcome.stdout.splitlines() == [
        f"127.0.0.1:{endpoint.port}: wine_grade 1.0.0, sequence 5: the ECU runs it, confirmed",
        f"  before  wine_grade 1.0.0, sequence 0, image {digest}",
        f"  after   wine_grade 1.0.0, sequence 5, image {digest}, RXSWIN R79-0042",
    ]
    assert "ran it already, nothing was sent" in again.stdout


def test_what_an_ecu_runs_is_told_without_a_package(file: Path, bench: Bench) -> None:
    faults = Faults()
    with bench.ecu(faults) as (_, endpoint):
        where = arguments(file, endpoint)[2:6]
        before = succeed("flash", "--identify", *where, "--json").data
        asked = set(faults.requests)
        succeed(*arguments(file, endpoint))
        after = succeed("flash", "--identify", *where).stdout
        both, neither = call("flash", file, "--identify", *where), call("flash", *where)
    assert asked == {0x22}
    assert (before["sequence"], before["state"], before["image_digest"]) == (
        0,
        "confirmed",
        bench.factory.digest,
    )
    digest = bench.factory.digest[:16]
    assert after == (
        f"127.0.0.1:{endpoint.port}: wine_grade 1.0.0, sequence 5, image {digest}, "
        "RXSWIN R79-0042 (confirmed)\n"
    )
    assert (both.code, neither.code) == (2, 2)
    assert "there is no package" in neither.stderr


def test_the_result_for_machines(file: Path, bench: Bench) -> None:
    with bench.ecu() as (_, endpoint):
        outcome = succeed(*arguments(file, endpoint), "--json", "--block-size", "64")
    assert outcome.stderr == ""
    data = outcome.data
    assert data["package"]["sequence"] == 5
    assert data["package"]["bytes"] == len(file.read_bytes())
    assert (data["before"]["sequence"], data["after"]["sequence"]) == (0, 5)
    assert data["after"]["image_digest"] == data["package"]["image_digest"] == bench.factory.digest
    assert data["after"]["rxswin"] == ["R79-0042"]
    assert (data["present"], data["transfers"], data["blocks"]) == (
        False,
        1,
        -(-len(file.read_bytes()) // 64),
    )
    assert list(data["seconds"]) == ["connect", "transfer", "restart"]


def test_a_refusal_has_exit_code_1_and_the_ecus_own_words(file: Path, bench: Bench) -> None:
    old = bench.folder / "old.suit"
    old.write_bytes(bench.good(4).data)
    with bench.ecu() as (_, endpoint):
        succeed(*arguments(file, endpoint))
        outcome = call(*arguments(old, endpoint), "--json")
    assert outcome.code == outcome.data["exit_code"] == 1
    assert "ECU_PACKAGE_ROLLBACK, older than what the device has confirmed" in outcome.data["cause"]
    assert outcome.data["stage"] == "transfer"


def test_no_connection_has_exit_code_4(file: Path) -> None:
    outcome = call(*arguments(file, Endpoint("127.0.0.1", 9, 1)), "--attempts", "1", "--json")
    assert outcome.code == outcome.data["exit_code"] == 4
    assert "127.0.0.1:9" in outcome.data["place"]
    assert outcome.data["cause"].endswith("in 1 attempt: Connection refused")
    assert outcome.data["hint"] == "nothing was changed there; check power, cable, --doip and --ecu-address"


@pytest.mark.parametrize(
    ("address", "said"),
    [([], "127.0.0.2:9, which is asked for its logical address"), (["--ecu-address", "7"], "ECU 0x0007")],
)
def test_what_is_tried_is_said_at_once(address: list[str], said: str, file: Path) -> None:
    """With an ECU that is off, long before the attempts are over, and where stderr is no terminal."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:  # takes the connection and never answers
        # the ECU of another test may announce itself at 127.0.0.1
        place = f"127.0.0.1:{nobody.getsockname()[1]}" if address else "127.0.0.2:9"
        words = ["flash", str(file), "--doip", place, *address, "--timeout", "30"]
        with subprocess.Popen([PROGRAM, *words], stderr=subprocess.PIPE, bufsize=0) as flashing:
            assert flashing.stderr is not None
            told = b""
            while said.encode() not in told and (piece := flashing.stderr.read(1024)):
                told += piece
            running = flashing.poll() is None
            flashing.terminate()
            rest = flashing.stderr.read()
    assert told.startswith(f"connect   {place}, ".encode()) and said.encode() in told
    assert running
    assert b"\ninterrupted" in rest


def interrupting(answers: Iterator[bytes]) -> Iterator[bytes]:
    """A request to end, while the ECU works; Ctrl-C does the same but for a job in the background."""
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGTERM)
    yield from answers


KEPT = "interrupted; the ECU keeps a valid model, whatever was sent"
INTERRUPTED: dict[str, tuple[int, int, str]] = {
    "identify": (0x22, 0, "interrupted; nothing was sent to the ECU"),
    "unlock": (0x27, 0, f"{KEPT}; flash again goes on"),
    "third block": (
        0x36,
        2,
        f"{KEPT}, and has at least {2 * (BLOCK - 2):,} bytes of this package; flash again goes on",
    ),
    "reset": (0x11, 0, "interrupted; the ECU has the package and decides about it when it restarts"),
}


@pytest.mark.parametrize("case", INTERRUPTED)
def test_who_interrupts_is_told_what_the_ecu_has(case: str, file: Path, bench: Bench) -> None:
    """And the next call brings it to its end."""
    service, before, said = INTERRUPTED[case]
    with bench.ecu() as (_, endpoint):
        succeed(*arguments(file, endpoint))
    path = bench.folder / "next.suit"
    path.write_bytes(bench.good(6).data)
    faults = Faults()
    with bench.ecu(faults) as (_, endpoint):
        left = [before]

        def fault(answers: Iterator[bytes]) -> Iterator[bytes]:
            left[0] -= 1
            yield from answers if left[0] != -1 else interrupting(answers)

        faults.on[service] = fault
        outcome = call(*arguments(path, endpoint))
        faults.on.clear()
        again = succeed(*arguments(path, endpoint))
    assert outcome.code == 130
    assert outcome.stderr.splitlines()[-1].startswith(said), outcome.stderr
    assert "nothing was written" not in outcome.stderr
    assert "sequence 6" in again.stdout.splitlines()[2]
    resumed = case == "third block"
    assert (f"resumed at byte {3 * (BLOCK - 2)}" in again.stdout) == resumed
    assert (f" blocks, resumed at byte {3 * (BLOCK - 2):,})" in again.stderr) == resumed


@pytest.mark.parametrize("program", ["./key.sh", "no-such-program", "'"])
def test_a_security_command_that_is_none_never_reaches_the_ecu(program: str, file: Path) -> None:
    """Before the link is tried, which would end with exit code 4."""
    outcome = call("flash", file, "--doip", "127.0.0.1:9", "--security-command", program)
    assert outcome.code == 2
    assert "--security-command" in outcome.stderr and "doctor" not in outcome.stderr


def test_a_security_command_that_the_system_cannot_start(file: Path, bench: Bench) -> None:
    script = bench.folder / "key.sh"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    with bench.ecu() as (_, endpoint):
        outcome = call(*arguments(file, endpoint)[:-1], str(script))
    assert outcome.code == 2
    assert "key.sh cannot be started" in outcome.stderr
    assert "check --security-command" in outcome.stderr and "doctor" not in outcome.stderr


def test_conditions_have_exit_code_4(file: Path, bench: Bench) -> None:
    with bench.ecu(Faults(on={0x10: refuses(0x10, 0x88)})) as (_, endpoint):
        outcome = call(*arguments(file, endpoint))
    assert outcome.code == 4
    assert "error: session: the vehicle moves too fast\n  at: negative response 0x88" in outcome.stderr


@pytest.mark.parametrize(
    ("option", "value", "code"), [("--memory-address", "0x8000000", 1), ("--security-level", "3", 4)]
)
def test_an_option_that_the_ecu_does_not_take_is_named(
    option: str, value: str, code: int, file: Path, bench: Bench
) -> None:
    with bench.ecu() as (_, endpoint):
        outcome = call(*arguments(file, endpoint), option, value)
    assert (outcome.code, f"  next: check {option}" in outcome.stderr) == (code, True), outcome.stderr


def test_an_even_security_level_never_reaches_the_ecu(file: Path) -> None:
    outcome = call("flash", file, "--doip", "192.0.2.1", "--security-level", "2")
    assert outcome.code == 2
    assert "error: unlock: 2 is no level of a request for a seed" in outcome.stderr


BAD_FILES: dict[str, tuple[bytes | None, int, str]] = {
    "missing": (None, 2, "cannot be read: No such file"),
    "text": (b"hello", 1, "ECU_PACKAGE_BAD_MAGIC"),
    "empty": (b"", 1, "ECU_PACKAGE_TRUNCATED"),
    "damaged": (model_package()[:-1] + b"\0", 1, "ECU_PACKAGE_BAD_PAYLOAD"),
    "not signed": (unsigned_model().encode(), 2, "the package is not signed"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_never_reaches_the_ecu(case: str, tmp_path: Path) -> None:
    content, code, said = BAD_FILES[case]
    path = tmp_path / "model.suit"
    if content is not None:
        path.write_bytes(content)
    outcome = call("flash", path, "--doip", "127.0.0.1:9", "--json")
    assert outcome.code == code
    assert said in outcome.data["cause"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1", ("127.0.0.1", 13400)),
        ("127.0.0.1:99", ("127.0.0.1", 99)),
        ("localhost:99", ("127.0.0.1", 99)),
        ("::1", ("::1", 13400)),
        ("[::1]", ("::1", 13400)),
        ("[::1]:99", ("::1", 99)),
    ],
)
def test_a_host(text: str, expected: tuple[str, int]) -> None:
    host, port = read_host(text)
    assert (host, port) == expected or (text.startswith("localhost") and (host, port) == ("::1", 99))


@pytest.mark.parametrize(
    "text", ["", ":99", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", "a:b", "[::1]x9"]
)
def test_what_is_no_host(text: str, file: Path) -> None:
    outcome = call("flash", file, "--doip", text, "--json")
    assert outcome.code == 2
    assert "is not HOST or HOST:PORT" in outcome.data["cause"]


def test_an_unknown_host(file: Path) -> None:
    assert call("flash", file, "--doip", "no-such-host.invalid").code == 4


@pytest.mark.parametrize("number", ["abc", "-1", "0x1ffffffff"])
def test_what_is_no_number(number: str, file: Path) -> None:
    outcome = call("flash", file, "--doip", "127.0.0.1", "--ecu-address", number)
    assert outcome.code == 2
    assert "is not a number like 4096 or 0x1000" in outcome.stderr
