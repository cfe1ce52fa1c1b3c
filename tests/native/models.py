"""Three programs that use most kinds of kernels, as real models do."""

from __future__ import annotations

import numpy as np

from ecu_bundle.interface import Tensor

from .assembler import INPUT, OUTPUT, Assembler, float_input, float_output, views
from .cases import Array

LABEL = Tensor("label", "int32")


def perceptron() -> Assembler:
    """Four inputs, six hidden neurons, three classes: label and probabilities."""
    random = np.random.default_rng(1)
    program = Assembler([float_input("x", 4)], [LABEL, float_output("probability", 3)])
    hidden_weights, hidden_bias = (program.constant(_normal(random, *size)) for size in ((4, 6), (6,)))
    weights, bias = (program.constant(_normal(random, *size)) for size in ((6, 3), (3,)))
    zero = program.constant(np.zeros(1, np.float32))
    hidden, scores = program.buffer(24), program.buffer(12)
    program.add("matmul_f32", hidden, INPUT, hidden_weights, hidden_bias, 1, 1, 4, 6, 0, 0, 0, 0)
    program.add("max_f32", hidden, hidden, zero, 1, 6, 1, 0)
    program.add("matmul_f32", scores, hidden, weights, bias, 1, 1, 6, 3, 0, 0, 0, 0)
    program.add("arg_max_f32", OUTPUT, scores, 1, 3, 1)
    program.add("softmax_f32", OUTPUT | 1, scores, 1, 3)
    return program


def neighbours() -> Assembler:
    """The mean target and the label of the two nearest of five points."""
    random = np.random.default_rng(2)
    program = Assembler([float_input("x", 3)], [LABEL, float_output("mean", 1)])
    points = program.constant(_normal(random, 5, 3))
    targets = program.constant(_normal(random, 5))
    keys = program.constant(np.arange(5, dtype=np.int32))
    labels = program.constant(np.array([7, 7, 8, 9, 9], np.int32))
    two = program.constant(np.array([2.0], np.float32))
    distances, values, nearest = program.buffer(20), program.buffer(8), program.buffer(8)
    chosen, total = program.buffer(8), program.buffer(4)
    program.add("pairwise_squares_f32", distances, INPUT, points, 5, 3, 1)
    program.add("top_k_f32", values, nearest, distances, 1, 5, 2, 0)
    program.add("pick4", chosen, targets, nearest, 5, 2, 1)
    program.add("reduce_sum_f32", total, chosen, 1, 2, 1)
    program.add("div_f32", OUTPUT | 1, total, two, 1, 1, 1, 1)
    program.add("map_i32", OUTPUT, nearest, 1, keys, labels, 5, 0)
    return program


def preprocessing() -> Assembler:
    """Chosen and transposed columns, filled, scaled in double, clipped by views of rank 2."""
    random = np.random.default_rng(3)
    program = Assembler([float_input("x", 6)], [LABEL, float_output("y", 6)])
    index = program.constant(np.array([5, 0, 1, 4, 3, 2], np.uint32))
    means = program.constant(_normal(random, 3))
    scales = program.constant(random.normal(size=6))
    chosen, missing, filled = (program.buffer(24) for _ in range(3))
    wide, product, turned = program.buffer(48), program.buffer(48), program.buffer(24)
    program.add("take4", chosen, INPUT, 6, 6, index)
    program.add("is_nan_f32", missing, chosen, 6)
    shape = [2, 2, 3]
    program.add("where4", filled, missing, means, chosen, *shape, *views([3, 1], [0, 1], [3, 1]))
    program.add("f32_f64", wide, filled, 6)
    program.add("mul_f64", product, wide, scales, 1, 6, 1, 1)
    program.add("f64_f32", filled, product, 6)
    program.add("copy4", turned, filled, 0, 2, 3, 2, *views([1, 3]))
    program.add("exp_f32", OUTPUT | 1, turned, 6)
    program.add("f32_i32", OUTPUT, turned, 1)
    return program


def _normal(random: np.random.Generator, *shape: int) -> Array:
    return random.normal(size=shape).astype(np.float32)


MODELS = {"perceptron": perceptron, "neighbours": neighbours, "preprocessing": preprocessing}
