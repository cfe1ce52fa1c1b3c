"""Power cuts at every flash operation, on the sources that ship.

A failing run prints the line that replays it: ``replay ...`` are the words for the program ``campaign``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from update.build import SANITIZED, SOURCE, Build, compile_program, mutate
from update.mutants import ATTACKED, MUTANTS, Mutant

SAMPLE = (("first", 300), ("second", 8000, 1), ("third", 2000, 1), ("faults", 3000, 1))
"""About ten seconds; finds each of the mutants."""

PARTS = 16
WHOLE = (
    *(("first", 1, part, PARTS) for part in range(PARTS)),
    *(("second", 60_000, seed) for seed in range(2, 8)),
    *(("third", 50_000, seed) for seed in (2, 3)),
    *(("faults", 50_000, seed) for seed in (2, 3)),
)


def _runs(build: Build, words: tuple[str | int, ...]) -> int:
    """Runs of a campaign that found nothing."""
    outcome = build.run(*words)
    assert outcome.status == 0, outcome.output
    print(outcome.output.strip())  # noqa: T201
    found = re.search(r": (\d+) runs, .* 0 failures$", outcome.output.strip())
    assert found is not None, outcome.output
    return int(found[1])


@pytest.mark.parametrize("words", SAMPLE, ids=lambda words: words[0])
def test_no_power_cut_leaves_a_wrong_model(campaign: Build, words: tuple[str | int, ...]) -> None:
    assert _runs(campaign, words) >= 2000


@pytest.mark.slow
@pytest.mark.parametrize("words", WHOLE, ids=lambda words: "-".join(map(str, words)))
def test_the_whole_campaign(campaign: Build, words: tuple[str | int, ...]) -> None:
    assert _runs(campaign, words) >= 50_000


FOUND = ("confirm 160 957102413 faults 3696895528", "rot 128 1388119725 9 1 faults 1751877734")
"""Once found: a journal that changes during a trial let an install over the other model; and an error of the
observer, which protected a slot that the test had damaged."""


@pytest.mark.parametrize("words", FOUND)
def test_what_was_found_stays_mended(campaign: Build, words: str) -> None:
    outcome = campaign.run("replay", 0, 0, *words.split())
    assert outcome.status == 0, outcome.output


@pytest.mark.slow
def test_no_sanitizer_complains(tmp_path: Path) -> None:
    sanitized = compile_program(tmp_path, "campaign", flags=SANITIZED)
    for words in SAMPLE:
        assert _runs(sanitized, words) >= 2000


EARLY = (
    "the last record counts, not the newest",
    "scanning ends at the first torn record",
    "boot confirms by itself",
)


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(mutant, id=mutant.name, marks=() if mutant.name in EARLY else pytest.mark.slow)
        for mutant in MUTANTS
    ],
)
def test_the_campaign_finds_each_mutant(campaign: Build, tmp_path: Path, mutant: Mutant) -> None:
    mutated = mutate(campaign, tmp_path, f"update/{mutant.file}", mutant.old, mutant.new)
    outcomes = (mutated.run(*words) for words in SAMPLE)
    failed = next((outcome for outcome in outcomes if outcome.status != 0), None)
    assert failed is not None, f"nothing found: {mutant.name}"
    assert failed.status == 1, failed.output
    first, replay = failed.output.splitlines()
    assert first.startswith("FAILED ")
    again = mutated.run(*replay.split())
    assert (again.status, again.output.splitlines()[0]) == (1, first)


@pytest.mark.parametrize("mutant", [*MUTANTS, *ATTACKED], ids=lambda mutant: mutant.name)
def test_the_source_has_what_a_mutant_changes(mutant: Mutant) -> None:
    text = (SOURCE / "update" / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old


def test_the_mutants_are_many_and_different() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 25
    assert set(EARLY) <= {mutant.name for mutant in MUTANTS}
