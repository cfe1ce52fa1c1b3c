"""Which models convert: every estimator of scikit-learn, settings that matter, and common pipelines.

``python -m benchmarks.coverage`` fits, converts and proves each of them and writes docs/coverage.md.
"""
