"""The whole simulated ECU: its program, UDS and DoIP around it.

As a program it stands ready for `ecu-bundle flash`, until it is interrupted:

    python -m examples.update.simulated_ecu PROGRAM FOLDER [--board mps2] [--port 13400]

PROGRAM and the folder with its flash are what `make demo-update` leaves in build/update.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .device import Device, DeviceError
from .doip_server import ECU, DoipServer
from .program import BOARDS, make_device
from .uds_server import UdsServer


class FailingPower(UdsServer):
    """A server whose ECU loses its power in the middle of a transfer, once.

    Attributes:
        cut_at: number of the TransferData request before which that happens; 0: never.
    """

    cut_at = 0

    def handle(self, request: bytes) -> Iterator[bytes]:
        if request[:1] == b"\x36" and self.cut_at:
            self.cut_at -= 1
            if not self.cut_at:
                self._device.power_down()
                raise DeviceError("the power failed")
        yield from super().handle(request)


@contextmanager
def running(device: Device, port: int = 0) -> Iterator[tuple[FailingPower, int]]:
    """A powered ECU on loopback; gives its UDS server and its port."""
    device.power_up()
    try:
        uds = FailingPower(device)
        with DoipServer(uds, port=port) as server:
            yield uds, server.port
    finally:
        device.power_down()


def run_rows(device: Device, rows: NDArray[np.float32]) -> tuple[list[int], NDArray[np.float32]]:
    """Labels and probabilities that the model on the ECU computes, row by row."""
    answers = [device.ask("run " + row.astype("<f4").tobytes().hex()) for row in rows]
    outputs = [bytes.fromhex(answer.text) for answer in answers]
    labels = [int.from_bytes(output[:4], "little", signed=True) for output in outputs]
    return labels, np.array([np.frombuffer(output[4:], "<f4") for output in outputs])


def main() -> None:
    parser = argparse.ArgumentParser(description="The simulated ECU, ready to be flashed.")
    parser.add_argument("program", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--board", choices=BOARDS, default="mps2")
    parser.add_argument("--port", type=int, default=13400)
    given = parser.parse_args()
    for path in (given.program, given.folder):
        if not path.exists():
            parser.error(f"there is no {path}; `make demo-update` makes program and folder")
    with running(make_device(BOARDS[given.board], given.program, given.folder), given.port) as (_, port):
        print(f"listening on 127.0.0.1:{port}, logical address {ECU:#06x}; end with Ctrl-C")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
