"""Run as a script, isolated: unpickle standard input, write the object to standard output as skops.

The output is one line of JSON (``ok``, ``step``, ``error``, ``versions``, ``network``) and, when ok, the
bytes of a skops file. Uses the standard library, joblib and skops only, and nothing of ecu_bundle, so
that ``python -I`` can start it from its path. Arguments: address space in bytes, CPU time in seconds,
largest file in bytes.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import platform
import resource
import struct
import sys
import warnings
from typing import BinaryIO

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
SIGKILL = 9

_SYSTEM_CALLS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""By machine: the audit number of the system-call table, and the number of ``socket`` in it."""
_IO_URING_SETUP = 425
_X32_FLAG = 0x40000000

# BPF: load a word of seccomp_data, jump if equal, jump if greater or equal, return
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_OFFSET, _ARCHITECTURE_OFFSET, _FIRST_ARGUMENT_OFFSET = 0, 4, 16
_ALLOW, _DENY = 0x7FFF0000, 0x00050001  # SECCOMP_RET_ERRNO with EPERM
_AF_UNIX = 1


def set_limits(memory_bytes: int, cpu_seconds: int, file_bytes: int) -> None:
    """Limits that this process and its children cannot raise again."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def enter_empty_network(libc: ctypes.CDLL) -> bool:
    """Move into a network namespace without interfaces; also gives up root's rights."""
    return any(libc.unshare(flags) == 0 for flags in (CLONE_NEWUSER | CLONE_NEWNET, CLONE_NEWNET))


def forbid_sockets(libc: ctypes.CDLL) -> bool:
    """Let the kernel refuse every new socket that is not local (seccomp); needs no rights."""
    if platform.machine() not in _SYSTEM_CALLS or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    architecture, socket_number = _SYSTEM_CALLS[platform.machine()]
    # each line: operation, jump if true, jump if false, operand; jumps count the lines skipped
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE_OFFSET),
        (_EQUAL, 0, 6, architecture),
        (_LOAD, 0, 0, _NUMBER_OFFSET),
        (_AT_LEAST, 4, 0, _X32_FLAG),
        (_EQUAL, 3, 0, _IO_URING_SETUP),
        (_EQUAL, 0, 3, socket_number),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_OFFSET),
        (_EQUAL, 1, 0, _AF_UNIX),
        (_RETURN, 0, 0, _DENY),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0) == 0)


def cut_network() -> bool:
    """Take the network away by the first means that the system grants; False when none works.

    Also forbids new rights through set-user-id programs, and dies with the parent process.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    cut = enter_empty_network(libc) or forbid_sockets(libc)
    # after the namespace: a change of credentials clears it
    libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    return cut


def answer(out: BinaryIO, header: dict[str, object], payload: bytes = b"") -> None:
    """Write the answer and leave, without running what the pickle may have left behind."""
    out.write(json.dumps(header).encode() + b"\n" + payload)
    out.flush()
    os._exit(0)


def main(memory_bytes: int, cpu_seconds: int, file_bytes: int) -> None:
    """Isolate, unpickle, serialise, answer."""
    # what the pickle prints must not mix with the answer
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    set_limits(memory_bytes, cpu_seconds, file_bytes)
    header: dict[str, object] = {"ok": False, "step": "start", "error": "", "versions": []}
    header["network"] = not cut_network()
    try:
        data = sys.stdin.buffer.read()
        import joblib

        header["step"] = "unpickle"
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                value = joblib.load(io.BytesIO(data))
            finally:
                # scikit-learn's InconsistentVersionWarning by its attribute; importing it takes seconds
                written = {str(getattr(w.message, "original_sklearn_version", "")) for w in caught}
                header["versions"] = sorted(written - {""})
        header["step"] = "serialise"
        import sklearn
        import skops.io

        header["versions"] = header["versions"] or [sklearn.__version__]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            payload = skops.io.dumps(value)
    except Exception as error:
        answer(out, {**header, "error": f"{type(error).__name__}: {error}"[:1000]})
    answer(out, {**header, "ok": True}, payload)


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:4]))
