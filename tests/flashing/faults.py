"""What can go wrong between the client and a simulated ECU, one request at a time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from examples.update.device import Device
from examples.update.uds_server import CutError, UdsServer

from ecu_bundle.flashing.security import SecurityHook
from ecu_bundle.flashing.sequence import Options
from pipeline.examples import CHECKOUT

KEY = f"{sys.executable} -I -S {CHECKOUT / 'examples/update/demo_key.py'}"
BLOCK = 514
OPEN = Options(SecurityHook(KEY))

EVERY = pytest.mark.parametrize("stride", [4, pytest.param(1, marks=pytest.mark.slow)])
"""Every fourth request, and, in the whole run, every one."""

Fault = Callable[[Iterator[bytes]], Iterator[bytes]]
"""Takes the answers that the ECU would give, and gives others."""


def cut_before(_: Iterator[bytes]) -> Iterator[bytes]:
    """The request does not arrive, and the link is gone."""
    raise CutError
    yield b""


def cut_after(answers: Iterator[bytes]) -> Iterator[bytes]:
    """The request is carried out, but the link is gone before the answer."""
    for _ in answers:
        pass
    raise CutError
    yield b""


def silent(_: Iterator[bytes]) -> Iterator[bytes]:
    """The request is lost on the way."""
    yield from ()


def mute(answers: Iterator[bytes]) -> Iterator[bytes]:
    """The request is carried out, and its answer is lost."""
    for _ in answers:
        pass
    yield from ()


def says(*given: bytes) -> Fault:
    """The ECU says this and does nothing."""

    def fault(_: Iterator[bytes]) -> Iterator[bytes]:
        yield from given

    return fault


def refuses(service: int, code: int) -> Fault:
    """A negative response in place of anything else."""
    return says(bytes([0x7F, service, code]))


def slow(service: int, times: int, seconds: float) -> Fault:
    """The ECU asks for more time, again and again, then answers."""

    def fault(answers: Iterator[bytes]) -> Iterator[bytes]:
        for _ in range(times):
            time.sleep(seconds)
            yield bytes([0x7F, service, 0x78])
        yield from answers

    return fault


@dataclass
class Faults:
    """Which request is disturbed, and what was asked.

    Attributes:
        at: faults by position of the request, counted from 0.
        on: faults by service, for every request of it.
        requests: services in the order of their requests.
    """

    at: dict[int, Fault] = field(default_factory=dict)
    on: dict[int, Fault] = field(default_factory=dict)
    requests: list[int] = field(default_factory=list)


class FaultyServer(UdsServer):
    """The server with disturbances."""

    def __init__(self, device: Device, faults: Faults) -> None:
        super().__init__(device, block=BLOCK, delay_seconds=0.5)
        self.faults = faults

    def handle(self, request: bytes) -> Iterator[bytes]:
        position = len(self.faults.requests)
        self.faults.requests.append(request[0])
        answers = super().handle(request)
        fault = self.faults.at.get(position) or self.faults.on.get(request[0])
        yield from fault(answers) if fault else answers
