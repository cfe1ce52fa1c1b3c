"""An update package into an ECU, with as many connections as it takes, and the verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ecu_bundle.errors import EcuUnavailableError, VerificationError
from ecu_bundle.flashing.identification import Identification, identify
from ecu_bundle.flashing.link import Endpoint, LinkError, open_link
from ecu_bundle.flashing.sequence import Options, prepare, requests, restart, transfer
from ecu_bundle.flashing.statuses import status_text
from ecu_bundle.stages import Silent, Stages, Watcher

_RECONNECT_SECONDS = 0.2
_BAR = 20

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is to be flashed.

    Attributes:
        data: the package.
        title: name and version of the model, or what it is, for people.
        sequence: of the package.
        digest: of the model image in it, hexadecimal; empty for a package that brings no model.
    """

    data: bytes
    title: str
    sequence: int
    digest: str


@dataclass(frozen=True, slots=True)
class Flashed:
    """An ECU that runs what was to be flashed.

    Attributes:
        before, after: the ECU's identification.
        present: it ran the same before, so nothing was sent.
        blocks: of the transfer that succeeded.
        transfers: how many were started.
        seconds: by stage.
    """

    before: Identification
    after: Identification
    present: bool
    blocks: int = 0
    transfers: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def deliver(
    delivery: Delivery,
    endpoint: Endpoint,
    options: Options | None = None,
    *,
    attempts: int = 3,
    boot_seconds: float = 60.0,
    watcher: Watcher | None = None,
) -> Flashed:
    """Flashes a package and sees the ECU run it.

    After a cut link the transfer is started again from its beginning: the device takes a package as a
    stream and forgets it with its session, and until the package is whole the model before stays active.

    Args:
        delivery: the package.
        endpoint: where the ECU is.
        options: how to unlock it and to send.
        attempts: connections for one step, at most.
        boot_seconds: how long the ECU may take from its reset until the model is confirmed.
        watcher: is told the stages.

    Raises:
        VerificationError: the ECU refuses the package, or does not run the model after its restart.
        UsageError: the ECU refuses the key, or there is none.
        EcuUnavailableError: no connection, or the ECU cannot be flashed in its present condition.
    """
    options = options or Options()
    stages = Stages(watcher or Silent())
    with stages.stage("connect", str(endpoint)):
        before = _persistently(lambda: _identify(endpoint), attempts, endpoint)
    if _runs(before, delivery):
        return Flashed(before, before, present=True, seconds=stages.seconds)
    started = 0

    def attempt() -> int:
        nonlocal started
        started += 1
        return _send(delivery, endpoint, options, stages)

    with stages.stage("transfer", f"{len(delivery.data):,} bytes of {delivery.title}"):
        blocks = _persistently(attempt, attempts, endpoint)
    with stages.stage("restart", "trial, self-test, confirmation"):
        after = _await_model(delivery, endpoint, boot_seconds)
    return Flashed(before, after, False, blocks, started, stages.seconds)


def _identify(endpoint: Endpoint) -> Identification:
    with open_link(endpoint) as client, requests(client, "identify"):
        return identify(client)


def _send(delivery: Delivery, endpoint: Endpoint, options: Options, stages: Stages) -> int:
    total = len(delivery.data)

    def progress(done: int) -> None:
        filled = _BAR * done // total
        stages.detail(f"{'#' * filled}{'.' * (_BAR - filled)} {100 * done // total} %")

    with open_link(endpoint) as client:
        prepare(client, options)
        blocks = transfer(client, delivery.data, options, progress)
        stages.detail(f"{blocks} blocks")
        restart(client)
    return blocks


def _persistently(step: Callable[[], _Result], attempts: int, endpoint: Endpoint) -> _Result:
    """Repeats a step with a new connection while the link breaks.

    Raises:
        EcuUnavailableError: it broke too often.
    """
    for _ in range(attempts - 1):
        try:
            return step()
        except LinkError:
            time.sleep(_RECONNECT_SECONDS)
    try:
        return step()
    except LinkError as error:
        raise EcuUnavailableError(
            "connect",
            f"no usable connection to the ECU in {attempts} attempts: {error}",
            place=str(endpoint),
            hint="check cable, address and power of the ECU; it still has a valid model, so flash again",
        ) from error


def _await_model(delivery: Delivery, endpoint: Endpoint, boot_seconds: float) -> Identification:
    """Waits until the ECU is back and has decided; asks again for the restart where the request was lost.

    Raises:
        VerificationError: it runs another model.
        EcuUnavailableError: it does not come back, or does not decide.
    """
    end = time.monotonic() + boot_seconds
    last = "it does not answer"
    while time.monotonic() < end:
        try:
            with open_link(endpoint) as client:
                with requests(client, "identify"):
                    found = identify(client)
                if found.state == "staged":
                    restart(client)
            if found.state in ("confirmed", "no model"):
                return _judged(delivery, found)
            last = f"its state is {found.state!r}"
        except LinkError as error:
            last = str(error)
        time.sleep(_RECONNECT_SECONDS)
    raise EcuUnavailableError(
        "restart",
        f"the ECU has not decided about the new model within {boot_seconds:g} s: {last}",
        place=str(endpoint),
        hint="flash again: it has a valid model, the new one or the one before",
    )


def _runs(found: Identification, delivery: Delivery) -> bool:
    same = found.sequence == delivery.sequence and found.digest == delivery.digest
    return bool(delivery.digest) and same and found.state == "confirmed"


def _judged(delivery: Delivery, found: Identification) -> Identification:
    """The identification of an ECU that did what it should.

    Raises:
        VerificationError: it did not.
    """
    if _runs(found, delivery) or (not delivery.digest and not found.status):
        return found
    reason = f": {status_text(found.status)}" if found.status else ""
    runs = f"{found.model}, sequence {found.sequence}" if found.digest else "no model"
    raise VerificationError(
        "restart",
        f"the ECU went back from the new model{reason}",
        place=f"it runs {runs}",
        hint="docs/flashing.md lists what each status asks for",
    )
