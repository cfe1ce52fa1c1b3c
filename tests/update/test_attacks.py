"""A hostile sender, a port that fails or lies, forged records and rotten bits, one case each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from update.build import SANITIZED, Build, compile_program, mutate
from update.mutants import ATTACKED, Mutant

CASES = 78


@pytest.fixture(scope="module")
def attacks(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return compile_program(tmp_path_factory.mktemp("attacks"), "attacks")


def test_no_attack_succeeds(attacks: Build) -> None:
    outcome = attacks.run("cases")
    assert outcome.status == 0, outcome.output
    assert len(outcome.values("right")) == CASES


def _bits(build: Build, every: int) -> int:
    """Bits of journals, key sectors and headers of seven devices that were flipped, without a finding."""
    return _runs(build, "rot", every)


def _runs(build: Build, mode: str, every: int) -> int:
    outcome = build.run(mode, every)
    assert outcome.status == 0, outcome.output
    found = re.search(rf"^{mode}: (\d+) (?:bits|runs), 0 failures$", outcome.output, re.M)
    assert found is not None, outcome.output
    return int(found[1])


def test_no_bit_of_flash_brings_anything_back(attacks: Build) -> None:
    assert _bits(attacks, 20) >= 3000


@pytest.mark.parametrize(
    ("every", "least"), [(19, 1_900), pytest.param(1, 36_000, marks=pytest.mark.slow)], ids=["sample", "all"]
)
def test_no_single_damage_of_the_journal_is_felt(attacks: Build, every: int, least: int) -> None:
    assert _runs(attacks, "damages", every) >= least


@pytest.mark.slow
def test_not_one_bit_of_flash_brings_anything_back(attacks: Build) -> None:
    assert _bits(attacks, 1) >= 60_000


@pytest.mark.slow
def test_no_sanitizer_complains_about_attacks(tmp_path: Path) -> None:
    sanitized = compile_program(tmp_path, "attacks", flags=SANITIZED)
    test_no_attack_succeeds(sanitized)
    assert _bits(sanitized, 50) >= 1200


@pytest.mark.slow
@pytest.mark.parametrize("mutant", ATTACKED, ids=lambda mutant: mutant.name)
def test_an_attack_finds_each_mutant(attacks: Build, tmp_path: Path, mutant: Mutant) -> None:
    mutated = mutate(attacks, tmp_path, f"update/{mutant.file}", mutant.old, mutant.new)
    outcomes = (mutated.run(*words) for words in (("cases",), ("rot", 20), ("damages", 19)))
    found = next((outcome for outcome in outcomes if outcome.status != 0), None)
    assert found is not None, f"nothing found: {mutant.name}"
    assert found.values("WRONG"), found.output
