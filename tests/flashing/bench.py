"""The simulated ECU for tests: the update code that ships, on this machine, fresh from the factory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from examples.update.device import Device
from examples.update.doip_server import ECU, DoipServer
from examples.update.packages import renewed
from examples.update.program import HOST, build_ecu, fill_flash, make_device

from cli.program import succeed
from ecu_bundle.flashing.delivery import Delivery
from ecu_bundle.flashing.link import Endpoint
from ecu_bundle.image.reader import read_image
from ecu_bundle.packaging.key_files import public_pem
from ecu_bundle.packaging.key_header import key_header
from ecu_bundle.packaging.key_set import TrustedKey
from ecu_bundle.packaging.packing import Words, pack_bundle
from ecu_bundle.packaging.reader import read_package
from ecu_bundle.packaging.signing import sign_envelope
from packages.examples import ED25519

from .faults import Faults, FaultyServer

WORDS = Words(vendor="ecu.example", device_class="wine-grader", sequence=1, rxswin=("R79-0042",))


@dataclass(frozen=True)
class Factory:
    """What all ECUs have in common.

    Attributes:
        folder: holds program, keys and the content of the first slot.
    """

    folder: Path

    @property
    def program(self) -> Path:
        return self.folder / "build" / "ecu"

    @property
    def package(self) -> Path:
        """A signed package of the model that the ECU has from the factory, with sequence 1."""
        return self.folder / "model.suit"

    @property
    def slot(self) -> Path:
        return self.folder / "slot.bin"

    @cached_property
    def digest(self) -> str:
        """That the image has inside."""
        return read_image(read_package(self.package.read_bytes()).payload).image.data[-32:].hex()

    def set_up(self, bundle: Path) -> None:
        """Makes everything."""
        self.folder.mkdir()
        self.package.write_bytes(sign_envelope(pack_bundle(bundle, WORDS), ED25519).encode())
        header = key_header([TrustedKey(ED25519.public)], "factory")
        (self.folder / "factory_keys.h").write_text(header)
        key = self.folder / "factory.pub.pem"
        key.write_bytes(public_pem(ED25519.public))
        # A line that writes the payload alone: such an ECU starts at sequence 0 and has no record.
        succeed("export", self.package, "--public-key", key, "--to", "bin", "-o", self.slot)
        build_ecu(bundle, HOST, self.folder, self.folder)


@dataclass(frozen=True)
class Bench:
    """One ECU, whose flash is in a folder."""

    factory: Factory
    folder: Path

    def good(self, sequence: int) -> Delivery:
        """A package that the ECU takes."""
        data = renewed(self.factory.package, sequence, ED25519)
        return Delivery(data, f"model {sequence}", sequence, self.factory.digest)

    def device(self) -> Device:
        """The ECU, powered; a first one comes from the factory."""
        if not (self.folder / "flash.bin").exists():
            fill_flash(HOST, self.factory.slot.read_bytes(), self.folder)
        device = make_device(HOST, self.factory.program, self.folder)
        device.power_up()
        return device

    def sequence(self, device: Device) -> int:
        """Of what the ECU runs after its power was off; it always runs something whole."""
        device.power_up()
        model = device.ask("model").values
        assert model["digest"] == self.factory.digest
        return int(model["sequence"])

    @contextmanager
    def ecu(self, faults: Faults | None = None, *, seconds: float = 2.0) -> Iterator[tuple[Device, Endpoint]]:
        """The ECU behind a DoIP server on loopback, and where it is; `seconds`: how long it may take."""
        device = self.device()
        try:
            with DoipServer(FaultyServer(device, faults or Faults())) as server:
                yield device, Endpoint("127.0.0.1", server.port, ECU, seconds=seconds)
        finally:
            device.power_down()
