"""Inputs that the fuzzer of the journal starts from, in the steps of ``fuzz/scene.h``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

RECORD, REPEAT, BAD_PLACE, HOLD = range(4)
BOOT, CONFIRM, REVERT, INSTALL, SEND, PART, FINISH, ABORT, RESTART, CUT, LOSE, LOSE_SECTOR = range(4, 16)
EMPTY, STAGED, CONFIRMED = range(3)
GENUINE, BARE = range(2)
"""What is in a slot: a package, or its payload alone."""

OLD, FIVE, FIVE_B, NINE, NINE_NEW, TWELVE, MOST = 0, 2, 3, 4, 6, 7, 10
"""Models of ``fuzz/stock.cpp``, by sequence; two are signed with other keys."""
BOTH_KEYS, NEW_KEY, BAD_KEYS = 11, 12, 15

Step = tuple[int, int, int, int]


def device(*, geometry: int = 2, erased: bool = False, tries: int = 2, fuses: int | None = None) -> Step:
    """The first step; geometry 2 has eight places in a journal sector."""
    return (geometry | erased << 2 | (tries - 1) << 3 | (fuses is not None) << 5, 0, 0, fuses or 0)


def record(
    slots: Sequence[tuple[int, int]], *, active: int = 0, tries: int = 0, keys: int = 0, sector: int = 0
) -> Step:
    """The next record of a sector: state and sequence of each slot, half the sequence of the keys."""
    (first, a), (second, b) = slots
    states = first | second << 2 | tries << 4 | keys << 6
    return (RECORD, active | sector << 7, states, a | b << 4)


def hold(area: int, item: int, how: int = GENUINE) -> Step:
    return (HOLD, area, item, how)


def call(what: int, a: int = 0, b: int = 40, c: int = 0) -> Step:
    return (what, a, b, c)


def update_to(item: int) -> list[Step]:
    return [*map(call, (BOOT,)), call(INSTALL, item), *map(call, (RESTART, BOOT, CONFIRM, RESTART, BOOT))]


def encode(steps: Iterable[Step]) -> bytes:
    return b"".join(map(bytes, steps))


RUNS_FIVE = [record([(CONFIRMED, 5), (EMPTY, 0)]), hold(0, FIVE)]
STAGED_NINE = [record([(CONFIRMED, 5), (STAGED, 9)]), hold(0, FIVE), hold(1, NINE)]
"""9 waits for its trial, 5 is confirmed."""

AGAIN = [call(RESTART), call(BOOT)]

SEEDS = {
    "factory": [device(), hold(0, OLD, BARE), *update_to(NINE)],
    "factory with a header": [device(fuses=0), hold(0, FIVE), *update_to(FIVE), *update_to(NINE)],
    "another content": [device(), *RUNS_FIVE, call(BOOT), call(INSTALL, FIVE_B)],
    "the other slot": [
        device(),
        record([(CONFIRMED, 3), (CONFIRMED, 5)], active=1),
        hold(1, FIVE),
        *update_to(NINE),
    ],
    "keys": [device(), *RUNS_FIVE, call(BOOT), call(INSTALL, NEW_KEY), *update_to(NINE_NEW)],
    "bad keys": [device(), *RUNS_FIVE, call(BOOT), call(INSTALL, BAD_KEYS)],
    "a trial": [device(fuses=5), *STAGED_NINE, call(BOOT), call(BOOT), call(CONFIRM), *AGAIN],
    "all tries": [device(tries=1), *STAGED_NINE, call(BOOT), *AGAIN, *AGAIN],
    "a revert": [device(), *STAGED_NINE, call(BOOT), call(REVERT), call(BOOT), *AGAIN],
    "an install in a trial": [device(), *STAGED_NINE, call(BOOT), call(INSTALL, NINE), call(SEND, BOTH_KEYS)],
    "a part": [device(), *RUNS_FIVE, call(PART, NINE, 9, 200), call(FINISH), call(ABORT)],
    "a full journal": [
        *(device(), *RUNS_FIVE, (REPEAT, 1, 0, 0), hold(0, FIVE)),
        *(call(CUT, 3, 4), call(INSTALL, NINE), *AGAIN, *update_to(NINE)),
    ],
    "two sectors": [
        *(device(erased=True), *RUNS_FIVE, record([(CONFIRMED, 5), (CONFIRMED, 9)], active=1, sector=1)),
        *(hold(0, FIVE), hold(1, NINE), *update_to(NINE)),
    ],
    "records are lost": [
        *(device(), (BAD_PLACE, 0, 3, 7), (BAD_PLACE, 128, 3, 7), hold(0, FIVE), hold(1, NINE)),
        *(hold(2, BOTH_KEYS), call(BOOT), call(CONFIRM), *AGAIN),
    ],
    "keys in force": [
        *(
            device(geometry=0),
            record([(CONFIRMED, 5), (EMPTY, 0)], keys=1),
            hold(0, FIVE),
            hold(3, BOTH_KEYS),
        ),
        *update_to(NINE_NEW),
    ],
    "a loss of some": [
        *(device(geometry=0), *RUNS_FIVE, *update_to(NINE), call(LOSE, 4, 0), call(BOOT), call(CONFIRM)),
        *(call(INSTALL, NEW_KEY), *AGAIN, call(LOSE, 2, 1), *AGAIN),
    ],
    "a loss in an install": [
        *(device(fuses=5), *RUNS_FIVE, *update_to(NINE), call(PART, TWELVE, 9, 250), call(LOSE, 0, 1)),
        *(call(BOOT), *AGAIN),
    ],
    "a loss at the factory": [
        *(device(), hold(0, OLD, BARE), call(BOOT), call(INSTALL, NINE), call(LOSE, 0, 0), call(BOOT)),
        *(call(INSTALL, NEW_KEY), *update_to(NINE_NEW)),
    ],
    "sectors that differ in tries": [
        *(device(), *RUNS_FIVE, record([(CONFIRMED, 5), (EMPTY, 0)], tries=1, sector=1), call(BOOT), *AGAIN),
    ],
    "a lost sector": [
        *(device(), *RUNS_FIVE, *update_to(NINE), call(LOSE_SECTOR, 0, 0), call(BOOT)),
        *(call(LOSE_SECTOR, 0, 2), call(BOOT), *AGAIN, *update_to(TWELVE)),
    ],
    "a sector that comes back": [
        *(device(), *RUNS_FIVE, *update_to(NINE), call(INSTALL, MOST), call(LOSE_SECTOR, 0, 5)),
        *(call(INSTALL, MOST), call(RESTART), call(LOSE_SECTOR, 1, 6), call(BOOT), *AGAIN),
    ],
    "one number left": [
        *(device(geometry=0), (RECORD, 14 << 3, CONFIRMED, 5), (RECORD, 6 << 3, CONFIRMED, 5), hold(0, FIVE)),
        *(call(BOOT), call(INSTALL, NINE), *AGAIN, call(REVERT), call(REVERT)),
    ],
    "torn places": [
        *(device(geometry=3), *RUNS_FIVE, (BAD_PLACE, 0, 3, 7), (BAD_PLACE, 1, 0, 0), (BAD_PLACE, 2, 4, 9)),
        *(hold(0, FIVE), *update_to(NINE)),
    ],
}


def seeds() -> list[bytes]:
    return [encode(steps) for steps in SEEDS.values()]
