"""An update package into an ECU, with as many connections as it takes, and the verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from ecu_bundle.errors import EcuUnavailableError, VerificationError
from ecu_bundle.flashing.identification import Held, Identification, held_install, identify, is_staged
from ecu_bundle.flashing.interruption import NOT_SENT, SENT, sent, telling
from ecu_bundle.flashing.link import Endpoint, LinkError, open_link
from ecu_bundle.flashing.refusals import BusyError
from ecu_bundle.flashing.sequence import Options, prepare, requests, restart, transfer
from ecu_bundle.flashing.statuses import status_text
from ecu_bundle.packaging.refusals import PackageError
from ecu_bundle.packaging.template import read_header
from ecu_bundle.stages import Silent, Stages, Watcher

if TYPE_CHECKING:
    from udsoncan.client import Client

_RECONNECT_SECONDS = 0.2
_BAR = 20
_ADDRESSES = 1 << 32
_NOBODY = "nothing was changed there; check power, cable, --doip and --ecu-address"
_CUT = "check cable and power, and try again; {model}"

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
        resumed: bytes that the last one found in the ECU and did not send.
        seconds: by stage.
    """

    before: Identification
    after: Identification
    present: bool
    blocks: int = 0
    transfers: int = 0
    resumed: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def deliver(
    delivery: Delivery,
    endpoint: Endpoint,
    options: Options | None = None,
    *,
    attempts: int = 3,
    limit_seconds: float = 3600.0,
    boot_seconds: float = 60.0,
    watcher: Watcher | None = None,
) -> Flashed:
    """Flashes a package and sees the ECU run it.

    After a cut link the transfer goes on where it ended, if the ECU says that it holds the beginning of
    this very package, else from the start. Until the package is whole the model before stays active.

    Args:
        delivery: the package.
        endpoint: where the ECU is.
        options: how to unlock it and to send.
        attempts: connections for one step, at most.
        limit_seconds: for all of it, until the ECU has accepted the package.
        boot_seconds: how long the ECU may take from its reset until the model is confirmed.
        watcher: is told the stages.

    Raises:
        VerificationError: the ECU refuses the package, or does not run the model after its restart.
        UsageError: the ECU refuses the key, or there is none.
        EcuUnavailableError: no connection, or the ECU cannot be flashed in its present condition.
        KeyboardInterrupt: with what the ECU has, for people.
    """
    options = options or Options()
    stages = Stages(watcher or Silent())
    deadline = time.monotonic() + limit_seconds
    before = _connect(endpoint, deadline, attempts, stages)
    if _runs(before, delivery):
        return Flashed(before, before, present=True, seconds=stages.seconds)
    sending = _Sending(delivery, endpoint, options, deadline, stages)
    kept = "the ECU keeps a valid model, whatever was sent" if before.digest else "it had no model before"
    told = telling(lambda: sending.interrupted(kept))
    with told, stages.stage("transfer", f"{len(delivery.data):,} bytes of {delivery.title}"):
        blocks = _persistently(sending.attempt, attempts, endpoint, stages, hint=_CUT.format(model=kept))
    with telling(lambda: SENT), stages.stage("restart", "trial, self-test, confirmation"):
        after = _await_model(delivery, endpoint, boot_seconds)
    return Flashed(before, after, False, blocks, sending.started, sending.resumed, stages.seconds)


def ask(endpoint: Endpoint, *, attempts: int, limit_seconds: float, watcher: Watcher) -> Identification:
    """What an ECU runs; nothing is changed there. Arguments as for `deliver`.

    Raises:
        EcuUnavailableError: no connection, or the ECU does not tell.
    """
    deadline = time.monotonic() + limit_seconds
    return _connect(endpoint, deadline, attempts, Stages(watcher))


def _connect(endpoint: Endpoint, deadline: float, attempts: int, stages: Stages) -> Identification:
    """The first connection, which changes nothing."""
    with telling(lambda: NOT_SENT), stages.stage("connect", f"{endpoint}, {endpoint.addressee}"):
        return _persistently(lambda: _identify(endpoint, deadline), attempts, endpoint, stages, hint=_NOBODY)


def _identify(endpoint: Endpoint, deadline: float) -> Identification:
    with open_link(endpoint, deadline) as client, requests(client, "identify"):
        return identify(client)


@dataclass
class _Sending:
    """Attempts to bring one package into an ECU.

    Attributes:
        started: attempts.
        resumed: bytes that the last one did not have to send.
        taken: bytes that the ECU has said to have.
    """

    delivery: Delivery
    endpoint: Endpoint
    options: Options
    deadline: float
    stages: Stages
    started: int = 0
    resumed: int = 0
    taken: int = 0
    _failed_at: int = 0

    def attempt(self) -> int:
        """One connection: gives the number of blocks, once the ECU has accepted the package.

        Raises:
            LinkError, BundleError: see `requests`.
        """
        self.started += 1
        with open_link(self.endpoint, self.deadline) as client:
            prepare(client, self.options)
            self.resumed, staged = self._found(client)
            blocks = 0 if staged else self._transfer(client)
            resumed = f", resumed at byte {self.resumed:,}" if self.resumed else ""
            self.stages.detail(f"{blocks} blocks{resumed}")
            restart(client)
        return blocks

    def _found(self, client: Client) -> tuple[int, bool]:
        """How many bytes of this package the ECU holds, and whether it has accepted all of them."""
        with requests(client, "identify"):
            held = held_install(client)
            start = 0 if held is None else _common(self.delivery.data, held)
            whole = bool(start) and start == len(self.delivery.data)
            staged = whole and is_staged(client)
        beyond = self.options.address + len(self.delivery.data) > _ADDRESSES
        if not staged and (beyond or start <= self._failed_at):  # no second try from the same place
            start = 0
        return start, staged

    def _transfer(self, client: Client) -> int:
        """Sends the rest; where the ECU does not take it behind what it holds, all of it."""
        start, self._failed_at = self.resumed, max(self._failed_at, self.resumed)
        try:
            return transfer(client, self.delivery.data, self.options, self._show, start=start)
        except VerificationError:
            if not start:
                raise
        self.resumed = 0
        return transfer(client, self.delivery.data, self.options, self._show)

    def interrupted(self, kept: str) -> str:
        """What the ECU has when somebody interrupts."""
        return sent(self.taken, len(self.delivery.data), kept)

    def _show(self, done: int) -> None:
        self.taken = done
        filled = _BAR * done // len(self.delivery.data)
        percent = 100 * done // len(self.delivery.data)
        self.stages.detail(f"{'#' * filled}{'.' * (_BAR - filled)} {percent} %")


def _common(data: bytes, held: Held) -> int:
    """How many bytes of a package an ECU holds that has begun an install; 0 unless it is the same one.

    The digest of the manifest binds all of the payload. It counts only behind the header, whose signature
    the ECU has accepted then.
    """
    try:
        header = read_header(data)
    except PackageError:
        return 0
    same = held.digest == header.authentication.digest and held.size == len(data)
    return held.received if same and header.size <= held.received <= len(data) else 0


def _persistently(
    step: Callable[[], _Result], attempts: int, endpoint: Endpoint, stages: Stages, *, hint: str
) -> _Result:
    """Repeats a step with a new connection while the link breaks.

    Raises:
        EcuUnavailableError: it broke too often; `hint` says what to do then.
    """
    for attempt in range(1, attempts):
        try:
            return step()
        except LinkError:
            stages.detail(f"attempt {attempt + 1} of {attempts}")
            time.sleep(_RECONNECT_SECONDS)
    try:
        return step()
    except LinkError as error:
        raise EcuUnavailableError(
            "connect",
            f"no usable connection to the ECU in {attempts} attempt{'s' * (attempts > 1)}: {error}",
            place=str(endpoint),
            hint=hint,
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
            with open_link(endpoint, end) as client:
                with requests(client, "identify"):
                    found = identify(client)
                if found.state == "staged":
                    restart(client)
            if found.state in ("confirmed", "no model"):
                return _judged(delivery, found)
            last = f"its state is {found.state!r}"
        except LinkError as error:
            last = str(error)
        except BusyError as error:  # a package that was accepted is not given up for that
            last = error.cause
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
