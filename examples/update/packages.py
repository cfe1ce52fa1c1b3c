"""Packages that `ecu-bundle pack` would not make: signed well, and wrong all the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import ecu_bundle
from ecu_bundle.artifacts import GoldenVectors
from ecu_bundle.image.reader import read_image
from ecu_bundle.interface import Rows
from ecu_bundle.packaging.facts import DeviceFacts, Information, encode_facts
from ecu_bundle.packaging.layout import class_id, vendor_id
from ecu_bundle.packaging.packing import image_facts
from ecu_bundle.packaging.payload import ModelPayload, decode_golden, encode_golden, split_payload
from ecu_bundle.packaging.reader import Package, read_package
from ecu_bundle.packaging.signing import Signer, sign_envelope
from ecu_bundle.packaging.suit import make_envelope


def spoiled(package: Path, sequence: int, signer: Signer) -> bytes:
    """The same model, whose golden vectors expect another label: it fails its self-test on every ECU."""
    read, facts, payload = _parts(package)
    interface = read_image(payload.image).image.interface
    golden = decode_golden(payload.golden, interface)
    golden.outputs[interface.outputs[0].name][0] += 1
    payload = replace(payload, golden=encode_golden(golden, interface))
    return _signed(payload, facts, read.information, sequence, signer)


def renewed(package: Path, sequence: int, signer: Signer) -> bytes:
    """The same content with another sequence and signature."""
    read, facts, payload = _parts(package)
    return _signed(payload, facts, read.information, sequence, signer)


def _parts(package: Path) -> tuple[Package, DeviceFacts, ModelPayload]:
    read = read_package(package.read_bytes())
    facts = read.header.device
    if facts is None:
        raise ValueError("the package brings no model")
    return read, facts, split_payload(read.payload, facts.image_size)


def foreign(estimator: Any, like: Path, sequence: int, signer: Signer) -> bytes:
    """A good package of another model, addressed to the same ECUs as the package `like`."""
    onnx = ecu_bundle.convert(estimator)
    image = ecu_bundle.compile_image(onnx)
    columns = len(onnx.interface.inputs) and onnx.interface.features
    values = np.ones((2, columns), dtype=np.float32)
    with ecu_bundle.Engine.open(image) as engine:
        rows = Rows(
            {t.name: values[:, i : i + t.elements] for i, t in enumerate(onnx.interface.inputs)},
            ("made",) * 2,
        )
        outputs = engine.run_rows(rows)
    exact = {tensor.name: 0.0 for tensor in onnx.interface.outputs if tensor.dtype == "float32"}
    golden = GoldenVectors(rows, outputs, exact, exact)
    payload = ModelPayload(image.data, encode_golden(golden, onnx.interface))
    information = read_package(like.read_bytes()).information
    return _signed(payload, image_facts(read_image(image.data)), information, sequence, signer)


def _signed(
    payload: ModelPayload, facts: DeviceFacts, information: Information, sequence: int, signer: Signer
) -> bytes:
    envelope = make_envelope(
        "model",
        sequence=sequence,
        vendor=vendor_id(information.vendor),
        device_class=class_id(information.vendor, information.device_class),
        facts=encode_facts(facts, information),
        payload=payload.encode(),
    )
    return sign_envelope(envelope, signer).encode()
