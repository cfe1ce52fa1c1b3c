"""Our own converters for models made of trees: exact decisions, sums that no order of addition changes.

- ``ensemble``: the trees of a fitted model as plain arrays
- ``limbs``: leaf values as sums of float32 numbers whose every partial sum is exact
- ``emit``: the nodes of one ensemble
- ``results``: what models compute, in float64, before any rounding
- ``means``, ``boosting``, ``hist``, ``adaboost``, ``isolation``, ``embedding``, ``votes``: a module each
- ``exact``: which models are made of trees alone, and their result
- ``families``: the registration with skl2onnx
"""
