"""Stands for the program of the simulated ECU until the installer can be linked: the same answers."""

from __future__ import annotations

from pathlib import Path

from examples.update.device import Answer, Device

from ecu_bundle.image.reader import read_image
from ecu_bundle.packaging.layout import HEADER_LIMIT, class_id, vendor_id
from ecu_bundle.packaging.reader import check_digests, check_signature, read_package
from ecu_bundle.packaging.refusals import PackageError, Status
from ecu_bundle.packaging.template import read_header
from packages.examples import CLASS, ED25519, VENDOR


class Double(Device):
    """Keeps the confirmed and the staged package as files."""

    def __init__(self, folder: Path) -> None:
        super().__init__([], folder)
        self.confirmed, self.staged = folder / "confirmed", folder / "staged"
        self.package: bytearray | None = None

    def power_up(self) -> Answer:
        self.package = None
        if self.staged.exists():
            self.staged.replace(self.confirmed)
        self.boot = Answer(0, "reverted=0")
        return self.boot

    def ask(self, command: str) -> Answer:
        word, _, rest = command.partition(" ")
        result, _, text = self.answer(word, rest).partition(" ")
        return Answer(0, text) if result == "ok" else Answer(int(text))

    def answer(self, command: str, rest: str) -> str:
        if command == "model":
            return self.model()
        if command == "record":
            return f"ok {self.record().hex()}"
        if command == "begin":
            self.package = bytearray()
            self.staged.unlink(missing_ok=True)
        elif command == "abort":
            self.package = None
        elif self.package is None:
            return "no 69"
        else:
            try:
                return self.install(command, rest)
            except PackageError as error:
                if error.status != Status.ECU_PACKAGE_TRUNCATED or command == "finish":
                    self.package = None
                    return f"no {int(error.status)}"
        return "ok"

    def record(self) -> bytes:
        if not self.confirmed.exists():
            return b""
        data = self.confirmed.read_bytes()
        return data[: read_header(data).size].ljust(HEADER_LIMIT, b"\0")

    def model(self) -> str:
        if not self.confirmed.exists():
            return "ok sequence=0 digest= name="
        package = read_package(self.confirmed.read_bytes())
        name = f"{package.information.name} {package.information.version}".encode().hex()
        digest = read_image(package.payload).image.data[-32:].hex()
        return f"ok sequence={package.header.manifest.sequence} digest={digest} name={name}"

    def install(self, command: str, rest: str) -> str:
        assert self.package is not None
        self.package += bytes.fromhex(rest)
        data = bytes(self.package)
        header = read_header(data)
        check_digests(header)
        check_signature(header, {ED25519.public.id: ED25519.public})
        if header.manifest.vendor != vendor_id(VENDOR):
            return f"no {int(Status.ECU_PACKAGE_WRONG_VENDOR)}"
        if header.manifest.device_class != class_id(VENDOR, CLASS):
            return f"no {int(Status.ECU_PACKAGE_WRONG_CLASS)}"
        if self.confirmed.exists():
            confirmed = read_header(self.confirmed.read_bytes()).manifest.sequence
            if header.manifest.sequence < confirmed:
                self.package = None
                return f"no {int(Status.ECU_PACKAGE_ROLLBACK)}"
        if command == "finish":
            read_package(data)
            self.staged.write_bytes(data)
            self.package = None
        return "ok"
