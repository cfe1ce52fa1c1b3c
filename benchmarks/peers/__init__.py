"""The native engine beside other ways from scikit-learn to C: the same models, rows, compilers and counters.

``python -m benchmarks.peers`` writes docs/peers.md. The other tools live in an environment of their own.
"""
