"""One-kernel programs with the results that numpy computes.

Each case puts its operands into the constants, the workspace or the inputs of the program. Results of
float32 come out with their bits; results of 8 bytes as pairs of words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .assembler import INPUT, OUTPUT, Assembler, float_input, output_tensor

Array = NDArray[Any]
Place = Literal["constants", "workspace", "inputs"]
PLACES: tuple[Place, ...] = ("constants", "workspace", "inputs")


@dataclass(frozen=True, slots=True)
class Case:
    """A program, its inputs, and what must come out.

    Attributes:
        name: kernel and place of the operands.
        image: the model image.
        inputs: one array per input.
        expected: one flat array per output, in the result's own dtype.
        tolerance: relative to each value; 0 means the same bits, but for the sign and payload of NaN.
    """

    name: str
    image: bytes
    inputs: tuple[Array, ...]
    expected: tuple[Array, ...]
    tolerance: float = 0.0


def make_case(
    kernel: str,
    words: Sequence[int | str],
    operands: Mapping[str, Array],
    results: Mapping[str, Array],
    *,
    place: Place,
    tolerance: float = 0.0,
) -> Case:
    """A program of one kernel.

    Args:
        kernel: name in the table.
        words: of the record; a text is replaced by the reference of the operand or result of that name.
        operands: arrays of 4 or 8-byte elements. A name that ends in ``!`` is always constant.
        results: what must come out.
        place: where operands are; 8-byte ones and int32 go to the workspace instead of the inputs.
        tolerance: see :class:`Case`.
    """
    as_input = {
        name: array
        for name, array in operands.items()
        if place == "inputs" and array.dtype == np.float32 and not name.endswith("!")
    }
    inputs = [float_input(name, array.size) for name, array in as_input.items()]
    outputs = [output_tensor(name, array.dtype, array.size) for name, array in results.items()]
    program = Assembler(inputs or [float_input("unused", 1)], outputs)
    references: dict[str, int] = {}
    for name, array in operands.items():
        if name in as_input:
            references[name] = INPUT | list(as_input).index(name)
        else:
            references[name] = program.constant(array)
            if place != "constants" and not name.endswith("!"):
                references[name] = _copy_to_workspace(program, references[name], array)
    wide = {name: array for name, array in results.items() if array.dtype.itemsize == 8}
    for index, name in enumerate(results):
        references[name] = program.buffer(wide[name].nbytes) if name in wide else OUTPUT | index
    program.add(kernel, *(references[word] if isinstance(word, str) else word for word in words))
    for name, array in wide.items():
        index = list(results).index(name)
        program.add("copy4", OUTPUT | index, references[name], 0, 1, 2 * array.size, 1)
    rows = tuple(array.ravel() for array in as_input.values()) or (np.zeros(1, np.float32),)
    expected = tuple(array.ravel() for array in results.values())
    return Case(f"{kernel}-{place}", program.image(), rows, expected, tolerance)


def _copy_to_workspace(program: Assembler, reference: int, array: Array) -> int:
    target = program.buffer(array.nbytes)
    program.add("copy4" if array.itemsize == 4 else "copy8", target, reference, 0, 1, array.size, 1)
    return target


def all_cases() -> list[Case]:
    """Every kernel of the table but the trees."""
    from .case_tables import elementwise, moves, reductions, sums

    return [
        case
        for place in PLACES
        for module in (elementwise, moves, reductions, sums)
        for case in module(place, np.random.default_rng(7))
    ]
