"""Makes the package ``benchmarks`` importable: it lies in the checkout and is never installed."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
