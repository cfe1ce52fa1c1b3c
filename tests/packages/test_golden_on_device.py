"""The self-test of a device runs the golden vectors of a payload, and takes no hostile ones."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest

from ecu_bundle._runtime import Model, StatusError
from ecu_bundle._runtime import test_golden as device_test
from ecu_bundle.artifacts import GoldenVectors, ModelImage
from ecu_bundle.engine import Engine
from ecu_bundle.image import compile_image, read_image
from ecu_bundle.interface import Array
from ecu_bundle.packaging.payload import ModelPayload, encode_golden
from ecu_bundle.packaging.refusals import Status
from runtime.models import mixed_interface, mixed_model, mixed_rows, seal

from .examples import golden as negated
from .examples import model_image

OK, ARENA_TOO_SMALL, BAD_CATEGORY, SELF_TEST_FAILED = 0, 2, 5, 70
IMAGE_BAD_DIGEST, IMAGE_TRUNCATED, IMAGE_BAD_MAGIC = 19, 16, 17
BAD = int(Status.ECU_PACKAGE_BAD_VECTORS)
PLENTY = 1 << 16
INTERFACE = mixed_interface(accepts_nan=True)
IMAGE = compile_image(mixed_model(accepts_nan=True), version="1")
X = np.array([[1.5, -2, 0.25], [0, 0, 0], [1e30, -1e30, 7], [np.nan, 1, 2], [np.inf, 0, 0]], dtype=np.float32)
ORIGINS = (2, -1, 7, 2, 7)


def vectors(absolute: float = 0.0, relative: float = 0.0) -> GoldenVectors:
    """What the model computes for five rows, NaN and infinity among them."""
    rows = mixed_rows(X, ORIGINS)
    with Engine.open(IMAGE) as engine:
        outputs = engine.run_rows(rows)
    return GoldenVectors(rows, outputs, {"score": absolute}, {"score": relative})


def payload(golden: bytes, image: ModelImage = IMAGE) -> bytes:
    return ModelPayload(image.data, golden).encode()


def status(data: bytes, memory: int = PLENTY) -> int:
    try:
        device_test(data, memory)
    except StatusError as error:
        return error.status
    return OK


def changed_score(row: int, value: float, *, absolute: float = 0.0, relative: float = 0.0) -> bytes:
    """Vectors that expect another first score in a row."""
    right = vectors(absolute, relative)
    score = right.outputs["score"].copy()
    score[row, 0] = value
    return encode_golden(replace(right, outputs={**right.outputs, "score": score}), INTERFACE)


def test_the_vectors_of_a_model_pass() -> None:
    data = payload(encode_golden(vectors(), INTERFACE))
    assert status(data) == OK
    assert status(data + b"\xff" * 100) == OK  # the slot may be larger
    page = ModelPayload(model_image(), encode_golden(negated(), read_image(model_image()).image.interface))
    assert status(page.encode()) == OK


@pytest.mark.parametrize("row", range(len(ORIGINS)))
def test_another_label_fails_in_every_row(row: int) -> None:
    right = vectors()
    label = right.outputs["label"].copy()
    label[row] = 1 - label[row]
    golden = encode_golden(replace(right, outputs={**right.outputs, "label": label}), INTERFACE)
    assert status(payload(golden)) == SELF_TEST_FAILED


SCORE = float(vectors().outputs["score"][0, 0])
FAR = float(np.float32(SCORE * (1 + 1e-5)))


@pytest.mark.parametrize(
    ("row", "value", "absolute", "relative", "expected"),
    [
        (0, FAR, 0.0, 0.0, SELF_TEST_FAILED),
        (0, FAR, 0.0, 2e-5, OK),
        (0, FAR, 0.0, 5e-6, SELF_TEST_FAILED),
        (0, FAR, 1e-2, 0.0, OK),
        (0, FAR, 1e-6, 0.0, SELF_TEST_FAILED),
        (0, FAR, 1e-5, 1e-5, OK),
        (0, np.nan, 1.0, 1.0, SELF_TEST_FAILED),
        (0, np.inf, 1.0, 1.0, SELF_TEST_FAILED),
        (3, 0.0, 1.0, 1.0, SELF_TEST_FAILED),
        (4, 0.0, 1.0, 1.0, SELF_TEST_FAILED),
        (4, -np.inf, 1.0, 1.0, SELF_TEST_FAILED),
    ],
)
def test_tolerances(row: int, value: float, absolute: float, relative: float, expected: int) -> None:
    golden = changed_score(row, value, absolute=absolute, relative=relative)
    assert status(payload(golden)) == expected


def test_any_nan_passes_with_a_tolerance_and_the_same_one_without() -> None:
    right = vectors()
    assert np.isnan(right.outputs["score"][3, 0])
    for tolerance, expected in ((0.0, SELF_TEST_FAILED), (1e-3, OK)):
        score = right.outputs["score"].copy()
        score.view(np.uint32)[3, 0] = 0xFFC12345
        other = replace(vectors(tolerance), outputs={**right.outputs, "score": score})
        assert status(payload(encode_golden(other, INTERFACE))) == expected


def test_negative_zero_is_not_zero_without_a_tolerance() -> None:
    x = np.array([[0.0]], dtype=np.float32)
    zero: Array = np.array([[0.0]], dtype=np.float32)
    interface = read_image(model_image()).image.interface
    for tolerance, expected in ((0.0, SELF_TEST_FAILED), (1e-9, OK)):
        golden = GoldenVectors(replace(negated().rows, tensors={"x": x}), {"y": zero}, {"y": tolerance}, {})
        data = ModelPayload(model_image(), encode_golden(golden, interface)).encode()
        assert status(data) == expected  # the model gives -0.0


def test_a_category_that_the_model_does_not_know() -> None:
    right = vectors()
    rows = mixed_rows(X, (2, -1, 7, 2, 3))
    assert status(payload(encode_golden(replace(right, rows=rows), INTERFACE))) == BAD_CATEGORY


GOLDEN = encode_golden(vectors(), INTERFACE)
BODY = GOLDEN[:-32]


def with_field(offset: int, form: str, value: float) -> bytes:
    """Vectors with another field and a digest that fits."""
    data = bytearray(BODY)
    struct.pack_into(form, data, offset, value)
    return seal(bytes(data))


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "zeros": bytes(len(GOLDEN)),
    "another magic": seal(b"ECUH" + BODY[4:]),
    "version 2": with_field(4, "<H", 2),
    "no rows": with_field(6, "<H", 0),
    "a row less": with_field(6, "<H", len(ORIGINS) - 1),
    "a row more": with_field(6, "<H", len(ORIGINS) + 1),
    "65535 rows": with_field(6, "<H", 65535),
    "size 0": with_field(8, "<I", 0),
    "a byte less": with_field(8, "<I", len(GOLDEN) - 1),
    "a byte more": with_field(8, "<I", len(GOLDEN) + 1),
    "the largest size": with_field(8, "<I", 0xFFFFFFFF),
    "narrower inputs": with_field(12, "<I", 12),
    "wider inputs": with_field(12, "<I", 20),
    "the widest inputs": with_field(12, "<I", 0xFFFFFFF0),
    "wider outputs": with_field(16, "<I", 16),
    "no float outputs": with_field(20, "<H", 0),
    "more float outputs": with_field(20, "<H", 2),
    "reserved": with_field(22, "<H", 1),
    "negative tolerance": with_field(24, "<f", -1e-6),
    "negative zero tolerance": with_field(28, "<f", -0.0),
    "infinite tolerance": with_field(24, "<f", np.inf),
    "NaN as tolerance": with_field(28, "<f", np.nan),
    "a wrong digest": BODY + bytes(32),
    "no rows and no values": seal(struct.pack("<4sHHIIIHHff", b"ECUG", 1, 0, 64, 16, 12, 1, 0, 0, 0)),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_vectors_are_refused(case: str) -> None:
    assert status(payload(HOSTILE[case])) == BAD


def test_every_truncation_is_refused() -> None:
    whole = payload(GOLDEN)
    statuses = [status(whole[:size]) for size in range(len(whole))]
    end = len(IMAGE.data)
    assert set(statuses[:end]) == {IMAGE_TRUNCATED}
    assert set(statuses[end:]) == {BAD}


def test_no_flipped_bit_passes() -> None:
    whole = payload(GOLDEN)
    passed = []
    for bit in range(0, 8 * len(whole), 7):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        if status(bytes(flipped)) == OK:
            passed.append(bit)
    assert not passed


def test_the_gap_before_the_vectors_is_zero() -> None:
    gap = -len(IMAGE.data) % 16
    assert gap, "choose another model: its image has no gap"
    for offset in range(gap):
        data = bytearray(payload(GOLDEN))
        data[len(IMAGE.data) + offset] = 1
        assert status(bytes(data)) == BAD


def test_memory() -> None:
    """Enough is what ECU_GOLDEN_MEMORY_SIZE says; with less it is refused, never written beyond."""
    arena = Model(IMAGE.data).info()["arena_size"]
    enough = -(-arena // 16) * 16 + 4 * 8 + 4 * 7
    assert {status(payload(GOLDEN), size) for size in range(enough)} == {ARENA_TOO_SMALL}
    assert status(payload(GOLDEN), enough) == OK


def test_a_damaged_image_is_not_run() -> None:
    data = bytearray(payload(GOLDEN))
    data[200] ^= 1
    assert status(bytes(data)) == IMAGE_BAD_DIGEST
    assert status(GOLDEN) == IMAGE_BAD_MAGIC
