"""What doipclient leaves to its user: a limit for connecting, and closing what failed."""

from __future__ import annotations

import contextlib
import socket
import struct

from doipclient import DoIPClient
from doipclient.constants import UDP_DISCOVERY

_SEARCH = bytes.fromhex("02fd000100000000")
"""Vehicle identification request of ISO 13400-2 without a condition."""


class Connection(DoIPClient):
    """A connection to one ECU, with routing activated."""

    def __init__(self, host: str, port: int, ecu: int, tester: int, seconds: float) -> None:
        """
        Args:
            host: IP address.
            port: TCP port.
            ecu, tester: logical addresses.
            seconds: longest time for connecting.

        Raises:
            OSError: no connection, or routing is refused. ValueError, struct.error: no sense in the answer.
        """
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(seconds)  # the library connects without a limit of its own
        try:
            super().__init__(host, ecu, tcp_port=port, client_logical_address=tester)  # type: ignore[no-untyped-call]
        except (OSError, ValueError, struct.error):
            with contextlib.suppress(AttributeError):  # closes in the order in which it opens
                self.close()  # type: ignore[no-untyped-call]
            raise
        finally:
            socket.setdefaulttimeout(before)


def find(host: str, seconds: float) -> int:
    """The logical address that a host announces when asked by UDP.

    Raises:
        OSError: no answer in time.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.sendto(_SEARCH, (host, UDP_DISCOVERY))
        try:
            _, announcement = DoIPClient.await_vehicle_announcement(timeout=seconds, sock=asking)
        except OSError as error:
            raise OSError("it does not announce its logical address; give --ecu-address") from error
    return int(announcement.logical_address)
