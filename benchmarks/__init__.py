"""What the pipeline and its bundles cost. Everything is measured, nothing is asserted.

``python -m benchmarks`` measures every example on every target; docs/benchmarks.md explains each figure.
"""
