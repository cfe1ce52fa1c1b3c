"""Programs as bytes."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from ecu_bundle.errors import UnsupportedModelError
from ecu_bundle.interface import Tensor
from ecu_bundle.lowering import Operation, Program, decode_program, encode_program, lower
from ecu_bundle.lowering.kernels import KERNELS
from ecu_bundle.lowering.listing import listing, summary
from ecu_bundle.lowering.program import MISSING, Reference, Space
from lowering.graphs import model_of, node

NEGATE = Program((Operation(KERNELS["neg_f32"], (0xC0000000, 0x80000000, 1)),), b"", 0)


def _product() -> Program:
    weights = {"w": np.ones((6, 2), np.float32)}
    nodes = [node("MatMul", ["X", "w"], "m"), node("Exp", ["m"], "e"), node("Neg", ["e"], "y")]
    return lower(model_of(nodes, weights, [Tensor("y", "float32", 2)]))


def test_the_bytes_are_those_of_the_format() -> None:
    expected = struct.pack("<4sHHIIIIII", b"ECUP", 1, 1, 0, 32, 16, 48, 0, 0)
    assert encode_program(NEGATE) == expected + struct.pack("<IIII", 4 << 16 | 44, 0xC0000000, 0x80000000, 1)


def test_round_trip() -> None:
    for program in (NEGATE, _product()):
        assert decode_program(encode_program(program)) == program


def test_kernels_are_named_once_in_order() -> None:
    assert _product().kernels == ("neg_f32", "exp_f32", "matmul_f32")


def test_constants_start_at_a_multiple_of_16() -> None:
    data = encode_program(_product())
    constants, size = struct.unpack_from("<II", data, 20)
    assert constants % 16 == 0
    assert constants + size == len(data)
    assert data[constants:] == np.ones(12, "<f4").tobytes()


@pytest.mark.parametrize(
    ("offset", "data"),
    [
        (0, b"X"),
        (4, b"\2"),
        (6, b"\0\0"),
        (6, b"\2"),
        (8, b"\1"),
        (12, b"\0"),
        (16, b"\x11"),
        (20, b"\x31"),
        (24, b"\1"),
        (28, b"\2"),
        (32, b"\xff"),
        (34, b"\0"),
        (34, b"\x05"),
    ],
)
def test_a_wrong_program_is_refused(offset: int, data: bytes) -> None:
    encoded = bytearray(encode_program(NEGATE))
    encoded[offset : offset + len(data)] = data
    with pytest.raises(UnsupportedModelError, match="malformed") as caught:
        decode_program(bytes(encoded))
    assert "byte offset" in caught.value.place


def test_every_truncation_is_refused() -> None:
    data = encode_program(_product())
    for length in range(len(data)):
        with pytest.raises(UnsupportedModelError):
            decode_program(data[:length])


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (Program(NEGATE.operations * 65536, b"", 0), "operations"),
        (Program((Operation(KERNELS["neg_f32"], (0,) * 65535),), b"", 0), "words of an operation"),
        (Program(NEGATE.operations, b"", 2**30), "bytes of workspace"),
    ],
)
def test_a_program_beyond_the_format_is_refused(program: Program, words: str) -> None:
    with pytest.raises(UnsupportedModelError, match=words) as caught:
        encode_program(program)
    assert caught.value.hint


def test_references() -> None:
    reference = Reference(Space.OUTPUT, 5)
    assert reference.word == 0xC0000005
    assert Reference.of(reference.word) == reference


def test_a_listing_for_people() -> None:
    product, power, negation = listing(_product())
    assert product.startswith("matmul_f32 out=work 0, a=input 0, b=const 0, bias=none, batch=1")
    assert power == "exp_f32 out=work 0, in=work 0, n=2"
    assert negation == "neg_f32 out=output 0, in=work 0, n=2"
    figures = summary(_product())
    assert figures.kernels == {"neg_f32": 1, "exp_f32": 1, "matmul_f32": 1}
    assert (figures.operations, figures.constants, figures.workspace) == (3, 48, 16)


def test_shapes_and_views_in_a_listing() -> None:
    words = (0xC0000000, 0x80000000, 0, 2, 3, 2, 1, 3)
    assert listing(Program((Operation(KERNELS["copy4"], words),), b"", 0)) == [
        "copy4 out=output 0, in=input 0, start=0, 3x2, (1 3)"
    ]
    assert MISSING == 0xFFFFFFFF
