"""Pickles: never without trust, never in this process, never with the network."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator
from sklearn.preprocessing import FunctionTransformer

from ecu_bundle.errors import ExitCode, InternalError, UnsupportedModelError, UsageError
from ecu_bundle.loading import limits, load
from ecu_bundle.loading import pickle as parent

from .models import IRIS, pipeline, tree


class Canary:
    """Pickles to Python source that runs when it is unpickled; then to `value`."""

    def __init__(self, source: str) -> None:
        self.source = source

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (self.source,)


class NotScikitLearn(BaseEstimator):  # type: ignore[misc]
    """A user's own estimator; the child cannot import this module."""

    def fit(self) -> NotScikitLearn:
        self.done_ = True
        return self


def _save(folder: Path, value: Any, name: str = "model.pkl") -> Path:
    path = folder / name
    path.write_bytes(value if isinstance(value, bytes) else pickle.dumps(value))
    return path


def _with_model(source: str) -> bytes:
    """A pickle that runs `source` in the child and then holds a good model."""
    return pickle.dumps((Canary(source), tree()))


@pytest.mark.parametrize("name", ["model.pkl", "model.joblib"])
def test_a_trusted_pickle_loads(tmp_path: Path, name: str) -> None:
    original = pipeline()
    path = tmp_path / name
    joblib.dump(original, path, compress=3 if name.endswith("joblib") else 0)
    model = load(path, trust_pickle=True)
    assert model.estimator is not None
    assert (model.format, model.trusted_pickle, model.name) == ("pickle", True, "model")
    assert model.sklearn_version == sklearn.__version__
    assert model.notes == ("loaded from a pickle that the user trusts, in a process of its own",)
    assert np.array_equal(model.estimator.predict_proba(IRIS[0]), original.predict_proba(IRIS[0]))


def test_a_pickle_without_trust_does_not_run(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    path = _save(tmp_path, Canary(f"open({str(sign)!r}, 'w').close()"))
    with pytest.raises(UsageError) as caught:
        load(path)
    assert "--trust-pickle" in caught.value.hint and "TRUST=1" in caught.value.hint
    assert caught.value.exit_code == ExitCode.USAGE
    assert not sign.exists()


def test_a_trusted_pickle_never_runs_in_this_process(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    source = f"import os; open({str(sign)!r}, 'w').write(f'{{os.getpid()}} {{os.getcwd()}} {{os.listdir()}}')"
    with pytest.raises(UnsupportedModelError, match="tuple with estimators at"):
        load(_save(tmp_path, _with_model(source)), trust_pickle=True)
    child, folder, listing = sign.read_text().split(" ", 2)
    assert int(child) != os.getpid()
    assert listing == "[]"
    assert folder != str(Path.cwd()) and not Path(folder).exists()


def test_what_a_pickle_prints_does_not_mix_with_the_answer(tmp_path: Path) -> None:
    talkative = tree()
    talkative.extra_ = Canary("import os; os.write(1, b'noise'); print('more noise')")
    model = load(_save(tmp_path, talkative), trust_pickle=True)
    assert type(model.estimator) is type(talkative)


def test_the_child_sees_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "1")
    sign = tmp_path / "sign"
    source = f"import os; open({str(sign)!r}, 'w').write(' '.join(sorted(os.environ)))"
    with pytest.raises(UnsupportedModelError):
        load(_save(tmp_path, _with_model(source)), trust_pickle=True)
    seen = set(sign.read_text().split())
    assert "A_SECRET" not in seen
    assert seen <= {"HOME", "TMPDIR", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH"} | {
        name for name in seen if name.endswith("_NUM_THREADS") or name.startswith("KMP_")
    }


@pytest.fixture
def server() -> Any:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.3)
        yield listening


def _connected(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except TimeoutError:
        return False
    return True


def test_the_child_has_no_network(tmp_path: Path, server: socket.socket) -> None:
    port = server.getsockname()[1]
    connect = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2).close()"
    exec(connect)  # noqa: S102 - the canary works where there is a network
    assert _connected(server)
    with pytest.raises(
        UnsupportedModelError, match=r"cannot be loaded: (OSError|PermissionError|Connection)"
    ):
        load(_save(tmp_path, _with_model(connect)), trust_pickle=True)
    assert not _connected(server)


FILTER = """
import runpy, ctypes, socket, sys
child = runpy.run_path(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(child["PR_SET_NO_NEW_PRIVS"], 1, 0, 0, 0)
assert child["forbid_sockets"](libc)
socket.socket(socket.AF_UNIX).close()
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK):
    try:
        socket.socket(family, socket.SOCK_DGRAM)
    except PermissionError:
        continue
    sys.exit(f"{family} is open")
if libc.syscall(425, 1, None) != -1 or ctypes.get_errno() != 1:
    sys.exit("io_uring is open")
"""


def test_the_system_call_filter_alone_refuses_sockets() -> None:
    """What takes the network away where namespaces are not granted."""
    ran = subprocess.run(
        [sys.executable, "-I", "-c", FILTER, str(parent.CHILD_SCRIPT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_a_note_says_when_the_network_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "child.py"
    source = parent.CHILD_SCRIPT.read_text()
    changed = source.replace("cut = enter_empty_network(libc) or forbid_sockets(libc)", "cut = False")
    assert changed != source
    script.write_text(changed)
    monkeypatch.setattr(parent, "CHILD_SCRIPT", script)
    model = load(_save(tmp_path, tree()), trust_pickle=True)
    assert "this system could not take the network away from that process" in model.notes


def _skewed(version: str) -> bytes:
    return pickle.dumps(pipeline()).replace(
        f"\x8c{chr(len(sklearn.__version__))}{sklearn.__version__}".encode("latin-1"),
        f"\x8c{chr(len(version))}{version}".encode("latin-1"),
    )


def test_version_skew_is_an_error_unless_allowed(tmp_path: Path) -> None:
    """Same length, so that the frame of the pickle stays whole."""
    old = "1.2.0"
    assert len(old) == len(sklearn.__version__)
    path = _save(tmp_path, _skewed(old))
    with pytest.raises(UsageError, match=r"written with scikit-learn 1\.2\.0"):
        load(path, trust_pickle=True)
    model = load(path, trust_pickle=True, allow_version_skew=True)
    assert model.sklearn_version == old
    assert any(note.startswith("version skew allowed") for note in model.notes)


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (lambda: pickle.dumps(tree())[:-40], "cannot be loaded"),
        (lambda: pickle.dumps(tree())[:300], "cannot be loaded"),
        (lambda: b"\x80\x04" + bytes(50), "cannot be loaded"),
        (lambda: b"\x80\x04\x8c\x08__main__\x8c\x08MyScaler\x93.", "MyScaler is of your own program"),
        (lambda: NotScikitLearn().fit(), "cannot be loaded: ModuleNotFoundError"),
        (lambda: {"scaler": 1, "model": tree()}, "dict with estimators at 'model'"),
        (lambda: np.zeros(3), "numpy.ndarray"),
        (lambda: "text", "holds no scikit-learn estimator but str"),
        (lambda: FunctionTransformer(os.getcwd).fit(IRIS[0]), "posix.getcwd"),
        (lambda: type(tree()), "cannot be taken over|holds types|itself"),
        (lambda: _with_model("raise RuntimeError('a\\x1b[31m b')"), r"RuntimeError: a \[31m b"),
        (lambda: _with_model("import os; os._exit(3)"), r"died \(exit code 3\)"),
        (lambda: _with_model("import os; os._exit(0)"), "ended without an answer"),
        (lambda: _with_model("import os; os.kill(os.getpid(), 11)"), r"died \(signal 11\)"),
        (lambda: _with_model("raise SystemExit(0)"), "ended without an answer"),
        (lambda: _with_model("import os; os.lseek(3, 0, 0)\nfor fd in range(3, 9):\n"
                             " try: os.write(fd, b'[1]\\n')\n except OSError: pass\nos._exit(0)"),
         "ended without an answer"),
        (lambda: _with_model("b = bytearray(1 << 45)"), "MemoryError"),
    ],
)  # fmt: skip
def test_what_goes_wrong_in_the_child_is_told(tmp_path: Path, value: Any, cause: str) -> None:
    with pytest.raises(UnsupportedModelError, match=cause) as caught:
        load(_save(tmp_path, value()), trust_pickle=True)
    assert caught.value.hint


def test_a_forged_answer_goes_through_the_allow_list(tmp_path: Path) -> None:
    forged = (
        "import os, json, io, zipfile\n"
        "out = io.BytesIO()\n"
        "node = {'__module__': 'os', '__class__': 'getcwd', '__loader__': 'FunctionNode', 'protocol': 2}\n"
        "with zipfile.ZipFile(out, 'w') as z: z.writestr('schema.json', json.dumps(node))\n"
        "head = {'ok': True, 'step': 'x', 'error': '', 'versions': [], 'network': False}\n"
        "data = json.dumps(head).encode() + b'\\n' + out.getvalue()\n"
        "for fd in range(3, 9):\n"
        "    try: os.write(fd, data)\n"
        "    except OSError: pass\n"
        "os._exit(0)\n"
    )
    with pytest.raises(UnsupportedModelError, match=r"not scikit-learn's own: os\.getcwd"):
        load(_save(tmp_path, _with_model(forged)), trust_pickle=True)


def test_a_pickle_that_takes_too_long_is_ended_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign = tmp_path / "sign"
    source = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(sign)!r}, 'w').write(str(p.pid))\n"
        "time.sleep(60)\n"
    )
    monkeypatch.setattr(limits, "CHILD_SECONDS", 5.0)
    with pytest.raises(UnsupportedModelError, match="not loaded within 5 s"):
        load(_save(tmp_path, _with_model(source)), trust_pickle=True)
    grandchild = int(sign.read_text())
    for _ in range(50):
        state = _state(grandchild)
        if state in ("", "Z"):
            return
        time.sleep(0.1)
    pytest.fail("the process that the pickle started still runs")


def _state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(") ", 1)[1][0]
    except FileNotFoundError:
        return ""


def test_an_answer_over_the_limit_is_cut_by_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _save(tmp_path, tree())
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", path.stat().st_size)
    with pytest.raises(UnsupportedModelError, match=r"died \(exit code 1\)"):
        load(path, trust_pickle=True)


def test_a_child_that_cannot_start_is_our_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "child.py"
    script.write_text(
        parent.CHILD_SCRIPT.read_text().replace("import joblib", "import joblib_that_is_missing")
    )
    monkeypatch.setattr(parent, "CHILD_SCRIPT", script)
    with pytest.raises(InternalError, match="joblib_that_is_missing"):
        load(_save(tmp_path, tree()), trust_pickle=True)
