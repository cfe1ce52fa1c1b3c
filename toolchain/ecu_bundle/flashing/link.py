"""A DoIP connection to one ECU, with UDS on it. Transport and services are doipclient's and udsoncan's.

Both are small, kept, and have no dependencies; udsoncan checks the form of every response.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecu_bundle.errors import EcuUnavailableError, ToolMissingError, UsageError

if TYPE_CHECKING:
    from udsoncan.client import Client

PORT = 13400
"""DoIP's port, for TCP and for the search by UDP."""

_STAGE = "connect"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the ECU is.

    Attributes:
        host: IP address.
        port: TCP port.
        ecu: logical address of the ECU; None asks the host for it by UDP.
        tester: logical address of this program.
        seconds: how long the ECU may take for a response, and for the connection.
    """

    host: str
    port: int = PORT
    ecu: int | None = None
    tester: int = 0x0E00
    seconds: float = 5.0

    @property
    def addressee(self) -> str:
        """Which ECU is meant there, for people."""
        return "which is asked for its logical address" if self.ecu is None else f"ECU {self.ecu:#06x}"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class LinkError(Exception):
    """The link broke or the ECU does not answer; a new connection may help."""


def read_host(text: str) -> tuple[str, int]:
    """``HOST``, ``HOST:PORT``, an IPv6 address, or ``[IPv6]:PORT`` as IP address and port.

    Raises:
        UsageError: it is none of these.
        EcuUnavailableError: the name is not known.
    """
    name, port = text, str(PORT)
    if text.startswith("["):
        name, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif text.count(":") == 1:
        name, port = text.split(":")
    if not name or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(
            "usage",
            f"{text!r} is not HOST or HOST:PORT",
            place="--doip",
            hint="for instance 192.168.0.10:13400",
        )
    try:
        found = socket.getaddrinfo(name, int(port), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise EcuUnavailableError(
            _STAGE, f"the host {name!r} is not known", place="--doip", hint="give its IP address"
        ) from error
    return str(ipaddress.ip_address(found[0][4][0])), int(port)


@contextmanager
def open_link(endpoint: Endpoint, deadline: float = math.inf) -> Iterator[Client]:
    """Connects, activates routing and gives the UDS client.

    Args:
        endpoint: where the ECU is.
        deadline: after it nothing is asked any more; on the clock of `time.monotonic`.

    Raises:
        LinkError: no connection, or it is refused, or the time is over. Errors of requests are those of
            udsoncan.
        ToolMissingError: the libraries are not installed.
    """
    try:
        from doipclient.connectors import DoIPClientUDSConnector

        from ecu_bundle.flashing.doip import Connection, PunctualClient, find
    except ImportError as error:
        raise ToolMissingError(
            _STAGE, "flashing needs doipclient and udsoncan", hint="pip install 'ecu-bundle[flashing]'"
        ) from error
    for name in ("doipclient", "UdsClient", "Connection"):
        logger = logging.getLogger(name)
        if not logger.handlers:  # else warnings of the libraries would go to stderr
            logger.addHandler(logging.NullHandler())
    if time.monotonic() >= deadline:
        raise LinkError("the time for all of it is over")
    try:
        ecu = find(endpoint.host, endpoint.seconds) if endpoint.ecu is None else endpoint.ecu
        doip = Connection(endpoint.host, endpoint.port, ecu, endpoint.tester, endpoint.seconds)
    except (OSError, struct.error, ValueError) as error:  # doipclient has no family of errors
        raise LinkError(getattr(error, "strerror", None) or str(error) or type(error).__name__) from error
    config = {
        "p2_timeout": endpoint.seconds,
        "p2_star_timeout": max(endpoint.seconds, 5.0),
        "use_server_timing": False,
        "server_address_format": 32,
        "server_memorysize_format": 32,
    }
    client = PunctualClient(DoIPClientUDSConnector(doip, close_connection=True), config=config)  # type: ignore[arg-type]
    client.deadline = deadline
    with client:
        yield client
