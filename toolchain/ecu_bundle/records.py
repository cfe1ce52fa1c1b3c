"""The records of a delivered bundle: manifest, certificate, model image, ONNX file, held against each other.

Nothing that decides a gate is taken on trust: which outputs are exact follows from the ONNX graph, which
inputs accept NaN from the image that the device runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ecu_bundle.artifacts import BundleSources, ModelImage, OnnxModel
from ecu_bundle.errors import VerificationError
from ecu_bundle.interface import Interface
from ecu_bundle.manifest import DIGEST_LIST, HalfRecord, Manifest, check_files, interface_of, read_manifest
from ecu_bundle.parity.certificate import Certificate

if TYPE_CHECKING:
    import onnx

    from ecu_bundle.image.reader import ImageContents

CERTIFICATE = "reports/certificate.json"
_ADDED_LATER = ("reports/", "third_party/")
"""Folders whose files are not generated sources."""


@dataclass(frozen=True, slots=True)
class Records:
    """What a bundle says about itself, consistent with itself and with its files.

    Attributes:
        certificate: as delivered.
        model: the ONNX model, with the interface of the certificate and its own exact outputs.
        images: the checked model image of each half of the bundle, by its folder.
        sources: the generated files.
    """

    certificate: Certificate
    model: OnnxModel
    images: dict[str, ImageContents]
    sources: BundleSources

    @property
    def image(self) -> ModelImage:
        """The image of the half that is built unless told otherwise."""
        return self.images[""].image


def read_delivered(bundle: Path) -> tuple[Manifest, Records]:
    """Reads a bundle as it was delivered: every file is compared with the manifest, then the records.

    Raises:
        UsageError: not a bundle.
        VerificationError: a file is missing, changed or not listed; or a record is missing, cannot be
            read, or contradicts another.
    """
    manifest = read_manifest(bundle)
    check_files(bundle, manifest)
    return manifest, _read_records(bundle, manifest)


def _read_records(bundle: Path, manifest: Manifest) -> Records:
    """Reads and cross-checks the records; the digests of the manifest are those of the files."""
    from ecu_bundle.image.reader import read_image

    _check_digests(manifest)
    certificate = _certificate(bundle)
    _check_manifest(manifest, certificate)
    model = _onnx_model(bundle, certificate)
    images = {}
    for folder, half in manifest.halves.items():
        name = _image_name(folder, manifest)
        contents = read_image((bundle / name).read_bytes())
        if contents.image.engine != half.engine:
            raise VerificationError(
                "verify", f"the model image is not for the engine {half.engine}", place=name
            )
        _check_interface(certificate, model, contents.image.interface)
        _check_program(bundle, folder, manifest, contents)
        _check_kernels(bundle / folder / f"src/{manifest.name}.cpp", half, contents)
        images[folder] = contents
    _check_libraries(manifest, certificate)
    added = tuple(folder + name for folder in manifest.halves for name in _ADDED_LATER)
    names = [name for name in sorted(manifest.files) if not name.startswith((*added, DIGEST_LIST))]
    sources = BundleSources(manifest.name, {name: (bundle / name).read_bytes() for name in names})
    if sources.digest != certificate.sources_digest:
        raise VerificationError(
            "verify",
            "the files of the bundle are not those that were certified",
            place=f"{CERTIFICATE}: sources_digest",
            hint="take the bundle again from where it was delivered",
        )
    return Records(certificate, model, images, sources)


def _image_name(folder: str, manifest: Manifest) -> str:
    return f"{folder}model/{manifest.name}.ecui"


def _onnx_name(folder: str, name: str) -> str:
    return f"{folder}model/{name}.onnx"


def _check_digests(manifest: Manifest) -> None:
    records = {CERTIFICATE: ("certificate", manifest.certificate_digest)}
    for folder, half in manifest.halves.items():
        records[_onnx_name(folder, manifest.name)] = ("ONNX file", manifest.onnx_digest)
        records[_image_name(folder, manifest)] = ("model image", half.image_digest)
    for name, (what, digest) in records.items():
        if manifest.files.get(name) != digest:
            raise VerificationError("verify", f"the {what} is not the one of the manifest", place=name)


def _certificate(bundle: Path) -> Certificate:
    try:
        return Certificate.model_validate_json((bundle / CERTIFICATE).read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise VerificationError(
            "verify", f"the certificate cannot be read: {where}: {first['msg']}", place=CERTIFICATE
        ) from error


def _check_manifest(manifest: Manifest, certificate: Certificate) -> None:
    """What the manifest repeats of the certificate has to be the same."""
    reference = certificate.reference
    binaries = certificate.binaries
    pairs: dict[str, tuple[object, object]] = {
        "others": (1 + len(manifest.others), len(binaries)),
        "name": (manifest.name, certificate.model_name),
        "title": (manifest.title, certificate.model_title),
        "version": (manifest.version, certificate.model_version),
        "target": ({manifest.target}, {binary.target for binary in binaries}),
        "interface": (manifest.interface, certificate.interface),
        "source.format": (manifest.source.format, reference.source_format),
        "source.digest": (manifest.source.digest, reference.source_digest),
        "source.sklearn_version": (manifest.source.sklearn_version, reference.trained_with),
        "source.trusted_pickle": (manifest.source.trusted_pickle, reference.trusted_pickle),
        "onnx_digest": (manifest.onnx_digest, certificate.onnx_digest),
        "image_digest": (
            {manifest.image_digest},
            {certificate.image_digest, *(binary.image_digest for binary in binaries[:1])},
        ),
        "tools": (manifest.tools, certificate.tools),
    }
    for position, (half, binary) in enumerate(zip(manifest.halves.values(), binaries, strict=False)):
        place = f"others[{position - 1}]." if position else ""
        for field in ("engine", "image_digest", "library_digest", "onnxruntime_version"):
            pairs.setdefault(place + field, (getattr(half, field), getattr(binary, field)))
    wrong = [field for field, (said, certified) in pairs.items() if said != certified]
    if wrong:
        raise VerificationError(
            "verify",
            "the manifest contradicts the certificate",
            place="bundle.json: " + ", ".join(wrong),
            hint="take the bundle again from where it was delivered",
        )


def _onnx_model(bundle: Path, certificate: Certificate) -> OnnxModel:
    import onnx

    from ecu_bundle.conversion.exactness import exact_outputs

    name = _onnx_name("", certificate.model_name)
    try:
        proto = onnx.load_from_string((bundle / name).read_bytes())
    except Exception as error:  # protobuf's DecodeError, whose module has no types
        raise VerificationError("verify", f"not an ONNX file: {error}", place=name) from error
    interface = interface_of(certificate.interface)
    return OnnxModel(
        name=certificate.model_name,
        proto=proto,
        interface=interface,
        exact=exact_outputs(proto),
        standard=certificate.standard_outputs,
    )


def _check_interface(certificate: Certificate, model: OnnxModel, image: Interface) -> None:
    """Certificate, image and graph have one interface, NaN rules included, and the same exact outputs."""
    from ecu_bundle.image.interface_codec import interface_hash

    hashes = {interface_hash(one).hex() for one in (image, model.interface)}
    if hashes != {certificate.interface.hash}:
        raise VerificationError(
            "verify", "the interface of the certificate is not the one of the model image", place=CERTIFICATE
        )
    graph = model.proto.graph
    sides = ((graph.input, model.interface.inputs), (graph.output, model.interface.outputs))
    if any(_names(values) != [tensor.name for tensor in tensors] for values, tensors in sides):
        raise VerificationError(
            "verify", "the interface of the certificate is not the one of the ONNX graph", place=CERTIFICATE
        )
    if certificate.exact_outputs != model.exact_outputs:
        raise VerificationError(
            "verify",
            f"the certificate calls {_listed(certificate.exact_outputs)} exact, in the ONNX graph "
            f"{_listed(model.exact_outputs)} is",
            place=f"{CERTIFICATE}: exact_outputs",
        )


def _check_program(bundle: Path, folder: str, manifest: Manifest, contents: ImageContents) -> None:
    """What the program holds is the model image beside it; what ONNX Runtime reads of it, the ONNX file."""
    from ecu_bundle.generation.literals import byte_table

    source = bundle / folder / f"src/{manifest.name}.cpp"
    if not source.is_file() or byte_table(contents.image.data, indent=4) not in source.read_text():
        raise VerificationError(
            "verify",
            f"the program holds another model image than {_image_name(folder, manifest)}",
            place=f"{folder}src/{manifest.name}.cpp",
        )
    onnx_file = (bundle / _onnx_name(folder, manifest.name)).read_bytes()
    if contents.image.engine == "ort" and contents.payload != onnx_file:
        raise VerificationError(
            "verify", "the model image holds another ONNX file", place=_image_name(folder, manifest)
        )


def _check_kernels(source: Path, half: HalfRecord, contents: ImageContents) -> None:
    """The kernels that the manifest names are those that the program links, and the image needs no others."""
    from ecu_bundle.generation.literals import byte_table
    from ecu_bundle.lowering.kernels import KERNELS, kernel_set

    said = half.resources.get("kernels", [])
    is_list = isinstance(said, list) and all(isinstance(name, str) and name in KERNELS for name in said)
    numbers = [KERNELS[name].number for name in said] if is_list else []
    table = byte_table(kernel_set(numbers), indent=4) if numbers else ""
    if not is_list or table not in source.read_text() or not set(contents.kernels) <= set(said):
        raise VerificationError(
            "verify", "the program has other kernels than the manifest says", place="bundle.json: resources"
        )


def _check_libraries(manifest: Manifest, certificate: Certificate) -> None:
    """The ONNX Runtime of each half is the certified one."""
    for folder, binary in zip(manifest.halves, certificate.binaries, strict=True):
        libraries = f"{folder}third_party/onnxruntime/lib/"
        for name, digest in sorted(manifest.files.items()):
            if name.startswith(libraries) and ".so" in name and digest != binary.onnxruntime_digest:
                raise VerificationError(
                    "verify", "the ONNX Runtime of the bundle is not the one that was certified", place=name
                )


def _names(values: Iterable[onnx.ValueInfoProto]) -> list[str]:
    return [value.name for value in values]


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "no output"
