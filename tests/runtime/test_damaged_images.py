"""Images are hostile: whatever the bytes are, open refuses them or what opens stays in bounds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from .build import PROGRAMS, SANITIZERS, Outcome, compile_program, run, runtime_sources

TRUNCATED, BAD_MAGIC, BAD_VERSION, BAD_DIGEST, MALFORMED = 16, 17, 18, 19, 20
OK, ARENA_TOO_SMALL, ENGINE_MISSING = 0, 2, 32
DIGEST_BITS = 8 * 32


@pytest.fixture(scope="module")
def damage(tmp_path_factory: pytest.TempPathFactory, image_file: Path) -> Outcome:
    sources = [PROGRAMS / "damage.cpp", PROGRAMS / "stub_engine.cpp", *runtime_sources(engine=False)]
    program = compile_program(
        tmp_path_factory.mktemp("damage") / "damage",
        sources,
        flags=(*SANITIZERS, "-DECU_TEST_STUB_ORT", "-lstdc++"),
    )
    return run([program, image_file])


def _counts(outcome: Outcome, key: str) -> Counter[int]:
    counts: Counter[int] = Counter()
    for line in outcome.values(key):
        status, count = line.split()
        counts[int(status)] += int(count)
    return counts


def test_no_sanitizer_complains(damage: Outcome) -> None:
    assert damage.status == 0, damage.output


def test_every_truncation_is_refused(damage: Outcome, image_file: Path) -> None:
    assert _counts(damage, "truncated") == {TRUNCATED: image_file.stat().st_size}


def test_every_single_bit_flip_is_refused(damage: Outcome, image_file: Path) -> None:
    counts = _counts(damage, "flipped")
    assert counts.total() == 8 * image_file.stat().st_size
    assert set(counts) == {TRUNCATED, BAD_MAGIC, BAD_VERSION, BAD_DIGEST, MALFORMED}


def test_a_flip_under_a_matching_digest_is_refused_or_harmless(damage: Outcome, image_file: Path) -> None:
    counts = _counts(damage, "forged")
    assert counts.total() == 8 * image_file.stat().st_size - DIGEST_BITS
    assert counts[OK] > 0
    assert counts[MALFORMED] > 0
    assert counts[ARENA_TOO_SMALL] > 0
    assert set(counts) <= {OK, TRUNCATED, BAD_MAGIC, BAD_VERSION, BAD_DIGEST, MALFORMED, ARENA_TOO_SMALL}
