"""How true the conversion is, in figures: leaves, labels and values against scikit-learn.

``python -m benchmarks.truth`` prints the tables; ``--update-docs`` also writes docs/truth.md.
"""
