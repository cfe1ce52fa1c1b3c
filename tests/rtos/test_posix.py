"""A bundle, as it is, in a program of POSIX threads: the class of QNX and PikeOS (profile PSE52)."""

from __future__ import annotations

import re
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from building.native_bundles import build_sample, sample
from ecu_bundle.building.driver import BuildResult
from ecu_bundle.building.processes import Finished, run

SOURCES = Path(__file__).parent / "posix"
SECONDS = 120.0
THREADS, PASSES = 4, 25

# What the application may take of the system: IEEE 1003.13, PSE52, and the C library that it includes.
PSE52 = {
    *("pthread_attr_destroy", "pthread_attr_init", "pthread_attr_setinheritsched"),
    *("pthread_attr_setschedparam", "pthread_attr_setschedpolicy", "pthread_attr_setstacksize"),
    *("pthread_create", "pthread_join", "pthread_mutex_lock", "pthread_mutex_unlock"),
    *("clock_gettime", "clock_nanosleep", "mq_open", "mq_receive", "mq_send", "mq_unlink"),
    *("exit", "memcmp", "memcpy", "memset", "printf", "strcmp", "strerror"),
}
# Where the compiler or glibc gives these functions another name, or adds one of its own.
HELPERS = re.compile(
    r"__errno_location|__stack_chk_\w+|_GLOBAL_OFFSET_TABLE_|__(\w+)_chk|puts|putchar|__(\w+)64"
)


@dataclass(frozen=True, slots=True)
class Program:
    """The application, and what it takes to run it."""

    path: Path
    objects: tuple[Path, ...]
    emulator: tuple[str, ...]

    def start(self, *options: str) -> Finished:
        queue = f"/ecu-bundle-{uuid.uuid4().hex}"
        return run([*self.emulator, self.path, queue, *options], stage="run", seconds=SECONDS)


def build_application(bundle: BuildResult, model: str, folder: Path, flags: str = "") -> Program:
    options = [f"-DBUNDLE={bundle.bundle_dir}", f"-DMODEL={model}", "-DCMAKE_BUILD_TYPE=Release"]
    options += [f"-DCMAKE_CXX_FLAGS={flags}"] if flags else []
    toolchain = bundle.bundle_dir / "cmake" / f"{bundle.target}.cmake"
    options += [f"-DCMAKE_TOOLCHAIN_FILE={toolchain}"] if toolchain.is_file() else []
    commands: tuple[list[str | Path], ...] = (
        ["cmake", "-G", "Ninja", "-S", SOURCES, "-B", folder, *options],
        ["cmake", "--build", folder],
    )
    for command in commands:
        finished = run(command, stage="build", seconds=SECONDS)
        assert finished.ok, finished.last_lines
    objects = tuple((folder / "CMakeFiles/application.dir").glob("main.cpp.*"))
    return Program(folder / "application", objects, bundle.emulator)


def figures(finished: Finished) -> dict[str, int]:
    *lines, verdict = finished.stdout.decode().splitlines()
    assert (verdict, finished.code) == ("PASS", 0), finished.last_lines
    return {name: int(value) for name, value in (line.split() for line in lines)}


def functions_of_the_system(program: Program) -> set[str]:
    """What the application itself calls, but for the bundle and what the compiler puts in between."""
    (unit,) = program.objects
    listed = subprocess.run(["nm", "-u", "--just-symbols", unit], check=True, capture_output=True, text=True)
    own = ("ecu_", "_ZN", sample("perceptron").model.name)
    names = {name.split("@")[0] for name in listed.stdout.split()}
    return {name for name in names if not name.startswith(own) and not HELPERS.fullmatch(name)}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """For this machine."""
    return build_sample(sample("perceptron"), "host", tmp_path_factory.mktemp("bundle"))


def application(bundle: BuildResult, folder: Path, flags: str = "") -> Program:
    return build_application(bundle, sample("perceptron").model.name, folder, flags)


def check_all_rows(program: Program) -> None:
    result = figures(program.start())
    assert result["threads"] == THREADS
    assert result["real_time"] in (0, THREADS)
    assert result["failures"] == 0
    assert result["runs"] == THREADS * PASSES * result["rows"] > 0


def test_threads_with_a_handle_each_compute_the_golden_rows(bundle: BuildResult, tmp_path: Path) -> None:
    program = application(bundle, tmp_path)
    check_all_rows(program)
    assert functions_of_the_system(program) <= PSE52


@pytest.mark.cross
@pytest.mark.parametrize("target", ["aarch64-linux", "armv7-linux"])
def test_on_the_processors_of_such_systems(target: str, tmp_path: Path) -> None:
    bundle = build_sample(sample("perceptron"), target, tmp_path)
    check_all_rows(application(bundle, tmp_path / "application"))


def test_threads_share_an_image_without_a_race(bundle: BuildResult, tmp_path: Path) -> None:
    """Program and bundle with ThreadSanitizer, which sees what the rule "one handle per thread" is for."""
    program = application(bundle, tmp_path, "-fsanitize=thread -g")
    finished = program.start()
    assert "ThreadSanitizer" not in finished.stderr, finished.stderr[:2000]
    assert figures(finished)["failures"] == 0
    shared = program.start("--one-handle")
    assert "WARNING: ThreadSanitizer: data race" in shared.stderr
    assert re.search(r"#\d+ ecu::", shared.stderr), "the race is seen inside the engine too"
    assert shared.code != 0
