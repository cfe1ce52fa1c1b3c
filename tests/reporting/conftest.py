"""Fixtures of this folder."""

from pipeline.examples import bundles

__all__ = ["bundles"]
