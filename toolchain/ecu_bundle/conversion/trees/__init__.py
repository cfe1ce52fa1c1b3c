"""Our own converters for models made of trees: exact decisions, exact order-free sums.

- ``ensemble``: the trees of a fitted model as plain arrays
- ``limbs``: leaf values as sums of float32 numbers whose every partial sum is exact
- ``emit``: the ONNX nodes
- ``families``: one converter per kind of model, registered with skl2onnx
"""
