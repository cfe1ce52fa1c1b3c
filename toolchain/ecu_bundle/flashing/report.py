"""A flashed ECU, for machines and for people."""

from __future__ import annotations

from typing import Any

from ecu_bundle.flashing.delivery import Delivery, Flashed
from ecu_bundle.flashing.identification import Identification
from ecu_bundle.flashing.link import Endpoint
from ecu_bundle.flashing.reading import rxswin_of
from ecu_bundle.flashing.statuses import status_text


def flashed_record(delivery: Delivery, endpoint: Endpoint, flashed: Flashed) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "ecu": str(endpoint),
        "package": {
            "title": delivery.title,
            "sequence": delivery.sequence,
            "image_digest": delivery.digest,
            "bytes": len(delivery.data),
        },
        "present": flashed.present,
        "before": _record(flashed.before),
        "after": _record(flashed.after),
        "blocks": flashed.blocks,
        "transfers": flashed.transfers,
        "resumed": flashed.resumed,
        "seconds": {stage: round(value, 3) for stage, value in flashed.seconds.items()},
    }


def identified_record(endpoint: Endpoint, found: Identification) -> dict[str, Any]:
    """What `--identify --json` prints."""
    return {"ecu": str(endpoint), **_record(found)}


def identified_text(endpoint: Endpoint, found: Identification) -> str:
    """The same for people."""
    status = f"; last update: {status_text(found.status)}" if found.status else ""
    state = f" ({found.state})" if found.digest else ""
    return f"{endpoint}: {_line(found)}{state}{status}"


def _record(found: Identification) -> dict[str, Any]:
    return {
        "model": found.model,
        "image_digest": found.digest,
        "sequence": found.sequence,
        "rxswin": list(rxswin_of(found.record)),
        "state": found.state,
        "status": found.status,
        "status_text": status_text(found.status) if found.status else "",
    }


def flashed_text(delivery: Delivery, endpoint: Endpoint, flashed: Flashed) -> str:
    """The same for people."""
    did = "runs it, confirmed" if delivery.digest else "trusts its keys now"
    did = "ran it already, nothing was sent" if flashed.present else did
    again = f" in {flashed.transfers} attempts" if flashed.transfers > 1 else ""
    again += f", resumed at byte {flashed.resumed}" if flashed.resumed else ""
    return "\n".join(
        [
            f"{endpoint}: {delivery.title}, sequence {delivery.sequence}: the ECU {did}{again}",
            f"  before  {_line(flashed.before)}",
            f"  after   {_line(flashed.after)}",
        ]
    )


def _line(found: Identification) -> str:
    if not found.digest:
        return "no model"
    rxswin = rxswin_of(found.record)
    words = [found.model, f"sequence {found.sequence}", f"image {found.digest[:16]}"]
    return ", ".join(words + (["RXSWIN " + " ".join(rxswin)] if rxswin else []))
