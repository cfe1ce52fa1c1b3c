"""What the generator must know beside the model: facts of the project and of the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ecu_bundle.artifacts import Engine


@dataclass(frozen=True, slots=True)
class OnnxRuntimeFacts:
    """The ONNX Runtime library that the bundle carries.

    Attributes:
        version: exact version that the runtime demands when it opens the model, ``1.32.0``.
        file_name: name of the library in ``third_party/onnxruntime/lib``; the name it is opened by.
        licence: SPDX expression.
    """

    version: str
    file_name: str
    licence: str = "MIT"


@dataclass(frozen=True, slots=True)
class UpdateFacts:
    """The update packages that the device takes.

    Attributes:
        signature: kind of signature whose library the bundle carries; empty for none.
        vendor: domain of the maker of the device; empty where nobody has said it.
        device_class: devices that packages are for; likewise.
        hardware: ids of the hardware that packages are for; empty for any.
    """

    signature: Literal["", "ed25519", "p256"] = ""
    vendor: str = ""
    device_class: str = ""
    hardware: tuple[int, ...] = ()

    @property
    def has_ids(self) -> bool:
        """Whether the ids of vendor and class are known."""
        return bool(self.vendor and self.device_class)


@dataclass(frozen=True, slots=True)
class GenerationOptions:
    """Options of `generate`.

    Attributes:
        tool_version: version of ecu-bundle, for banners.
        target: name of the target, for instance ``aarch64-linux``.
        title: model title for people; empty takes the model name.
        version: model version as the supplier gives it; may be empty.
        toolchain: CMake toolchain file in ``cmake/toolchains``, or empty for the host.
        startup: file in ``cmake/boards`` that starts the test programs; empty with an operating system.
        cxx_headers: bring the headers of ``cmake/cxx_headers``, for a compiler without the C++ library.
        system_packages: Debian packages that build and test this target.
        onnxruntime: facts of the library; None unless the image is for the ``ort`` engine.
        other_engines: engines that the bundle also holds, each as a bundle in the folder of its name.
        inside: the files are for a folder of another bundle, which has reports and manifest.
        update: facts of the update packages, for the native engine.
        notes: sentences that the bundle's README repeats, for instance limits of the proof.
        kernels: of the native engine, linked beside those of the image; for other images of this bundle, such
            as those of the model trained again.
    """

    tool_version: str
    target: str
    title: str = ""
    version: str = ""
    toolchain: str = ""
    startup: str = ""
    cxx_headers: bool = False
    system_packages: tuple[str, ...] = ()
    onnxruntime: OnnxRuntimeFacts | None = None
    other_engines: tuple[Engine, ...] = ()
    inside: bool = False
    update: UpdateFacts = UpdateFacts()
    notes: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
