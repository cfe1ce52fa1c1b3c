"""Records of trees, one for each kind of leaf in each layout, and what makes them wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from .assembler import INPUT, MISSING, OUTPUT
from .records import WORKSPACE, Const, Length, Operand, Record, Word, constant, operand, result

_Layout = np.dtype[Any]
_KEYED: Final[_Layout] = np.dtype([("slot", "<u2"), ("link", "<i2"), ("split", "<i4")])
_RANKED: Final[_Layout] = np.dtype([("slot", "u1"), ("split", "u1"), ("link", "<i2")])
_HEAD: Final[dict[_Layout, np.dtype[Any]]] = {_KEYED: np.dtype("<u4"), _RANKED: np.dtype("<u2")}
_LONE: Final = np.dtype("<i4,<u4,<i4,<i4")

NODES, LEAVES = 8, 12
"""Words of the common part: reference of the nodes, and the first of the leaves."""

ELEMENTS = 3


def _nodes(layout: _Layout, *trees: tuple[tuple[int, int], list[tuple[int, int, int]]]) -> Const:
    """Trees of a head (rows with itself, step of leaf numbers) and nodes (slot, link, split)."""
    data = b""
    for head, nodes in trees:
        data += np.array(head, _HEAD[layout]).tobytes()
        for slot, link, split in nodes:
            node = np.zeros(1, layout)
            node["slot"], node["link"], node["split"] = slot, link, split
            data += node.tobytes()
    return Const(np.frombuffer(data, "<i4"))


def _trees(layout: _Layout, first: int = 0, second: int = 0, step: int = 2, last: int = 0) -> Const:
    """Two trees of one split each; leaf numbers from `first` and `second` on, moved by `step` and `last`."""
    return _nodes(
        layout,
        ((3, step), [(1, ~first, 7), (0, ~(first + 1), 0)]),
        ((3, last), [(2, ~second, 9), (0, ~(second + 1), 0)]),
    )


def _one(layout: _Layout, *nodes: tuple[int, int, int], head: tuple[int, int] | None = None) -> Const:
    """The first tree changed, in as many words as two right trees take."""
    second = ((3, 0), [(2, ~0, 9), (0, ~1, 0)])
    return _nodes(layout, (head or (len(nodes) + 1, 2), list(nodes)), second)


def _common(layout: _Layout | None, out: Operand, nodes: Const, slots: int, depth: int) -> list[Word]:
    table = constant("<u4", 2) if layout == _KEYED else constant("<u4", 2, 1 | 0 << 16)
    edges: list[Word] = [MISSING, 0] if layout == _KEYED else [constant("<i4", 5), 1]
    place = Operand(slots, at=64, is_result=True, spaces=(OUTPUT, INPUT))
    count = nodes.values.nbytes // {_KEYED: 8, _RANKED: 4, None: 4}[layout]
    return [
        out,
        place,
        operand(ELEMENTS),
        Length(ELEMENTS),
        table,
        1,
        *edges,
        nodes,
        Length(count),
        Length(2),
        depth,
    ]


def _with_nodes(layout: _Layout, nodes: Const) -> Mapping[int, Word]:
    return {NODES: nodes, NODES + 1: nodes.values.nbytes // layout.itemsize}


def _wrong_nodes(layout: _Layout) -> Sequence[Mapping[int, Word]]:
    first = {_KEYED: 2**31 - 1, _RANKED: 255}[layout]
    return [
        _with_nodes(layout, _one(layout, (3, ~0, 7), (0, ~1, 0))),  # a slot that is not there
        _with_nodes(layout, _one(layout, (1, 0, 7), (0, ~1, 0))),  # a link to the node itself
        _with_nodes(layout, _one(layout, (1, 2, 7), (0, ~1, 0))),  # a link behind the tree
        _with_nodes(layout, _one(layout, (1, ~0, 7), (1, ~1, 0))),  # the last node goes left
        _with_nodes(layout, _one(layout, (0, ~0, first), (0, ~1, 0))),  # slot 0 that does not go right
        _with_nodes(layout, _one(layout, (1, ~9, 7), (0, ~1, 0))),  # a leaf that is not there
        _with_nodes(layout, _one(layout, head=(1, 2))),  # a tree without nodes
        _with_nodes(layout, _one(layout, head=(0, 2))),  # a tree without rows
        _with_nodes(layout, _one(layout, (1, ~0, 7), (0, ~1, 0), head=(10, 2))),  # a tree beyond its table
        _with_nodes(
            layout, _one(layout, (1, ~0, 7), (0, ~1, 0), head=(2, 2))
        ),  # nodes that belong to no tree
        _with_nodes(layout, _trees(layout, last=1)),  # numbers of leaves moved behind the last tree
        _with_nodes(layout, _trees(layout, step=9)),  # numbers of leaves moved beyond them
        {11: 1},  # a depth
        {10: 3},  # a tree too many
        {10: 1},  # nodes of no tree
    ]


_NO_SPLITS: Final = _nodes(_KEYED, ((2, 1), [(0, ~0, 0)]), ((2, 0), [(0, ~0, 0)]))

_WRONG_TABLES: Final[dict[_Layout, Sequence[Mapping[int, Word]]]] = {
    _KEYED: [
        {4: constant("<u4", ELEMENTS)},
        {5: 65537},
        {6: constant("<i4", 5), 7: 1},
        {**_with_nodes(_KEYED, _NO_SPLITS), 3: 0, 4: MISSING, 5: 0},  # an input without elements
        {5: 0, 4: MISSING},  # slots that are not there
    ],
    _RANKED: [
        {4: constant("<u4", ELEMENTS, 1)},
        {4: constant("<u4", 2, 2)},  # more edges than there are
        {4: constant("<u4", 2, 1 | 1 << 16)},
        {4: constant("<u4", 2, 0)},
        {4: constant("<u4", 2, 1 | 8 << 16)},
        {4: constant("<u4", 2, 1 | 32 << 16)},
        {4: constant("<u4", 2, 255 | 7 << 16), 6: constant("<i4", *range(255)), 7: 255},
        # 257 slots
        {4: constant("<u4", *[2 | 1 << 30, 1] * 64), 5: 64, 6: constant("<i4", *range(64)), 7: 64},
        {7: 0},
        {7: 2},
    ],
}


def _sums(
    layout: _Layout, kind: str, columns: int, leaves: Sequence[Word], **more: Sequence[Mapping[int, Word]]
) -> Record:
    name = {_KEYED: "keyed", _RANKED: "ranked"}[layout]
    slots = 3 if layout == _KEYED else 1
    words = _common(layout, result(columns, 8, at=0), _trees(layout), slots, 0)
    wrong = [
        {0: 64},  # a result over the slots
        {0: 128, 1: OUTPUT},  # slots in an output
        *more.get("wrong", ()),
    ]
    return Record(f"trees_{name}_{kind}", [*words, *leaves], more.get("right", ()), wrong)


def _complete(
    kind: str, columns: int, leaves: Sequence[Word], more: Sequence[Mapping[int, Word]] = ()
) -> Record:
    splits = constant("u1", 1, 0, 2, 1)
    words = _common(None, result(columns, 8, at=0), splits, 1, 1)
    wrong: list[Mapping[int, Word]] = [
        {NODES: constant("u1", 3, 0, 2, 1)},
        {NODES: constant("u1", 1, 0, 3, 1)},
        {11: 0},
        {11: 9},
        {11: 2},
        {4: constant("<u4", ELEMENTS, 1)},
        {0: 64},
        *more,
    ]
    return Record(f"trees_complete_{kind}", [*words, *leaves], (), wrong)


_VALUES: Final = (Length(1), constant("<i8", 1, 2, 3, 4), Length(4))
_HALVES: Final = {
    "values40": (Length(1), constant("<u4", 1, 2, 3, 4), constant("i1", 1, -1, 0, 2), Length(4)),
    "values48": (Length(1), constant("<u4", 1, 2, 3, 4), constant("<i2", 1, -1, 0, 2), Length(4)),
}
_PAIRS: Final = (Length(2), constant("<i4", *range(12)), Length(4))
_WRONG_DEPTHS: Final[Sequence[Mapping[int, Word]]] = [
    # 512 leaves, and the splits before them
    {
        **{NODES: constant("u1", *[0] * 1024), NODES + 1: 256, 10: 1, 11: 9},
        **{LEAVES + 1: constant("<i8", *[0] * 512), LEAVES + 2: 512},
    },
    # splits beyond their table
    {11: 2, LEAVES + 1: constant("<i8", *[0] * 8), LEAVES + 2: 8},
]
_TOO_FEW: Final[Sequence[Mapping[int, Word]]] = [{LEAVES + 2: 3}]


def _tree_rows() -> dict[str, Record]:
    rows = {}
    for layout, name in ((_KEYED, "keyed"), (_RANKED, "ranked")):
        common = [*_wrong_nodes(layout), *_WRONG_TABLES[layout]]
        rows[f"{name} values"] = _sums(layout, "values", 1, _VALUES, wrong=[*common, *_TOO_FEW, {LEAVES: 3}])
        for kind, words in _HALVES.items():
            rows[f"{name} {kind}"] = _sums(layout, kind, 1, words, wrong=[{LEAVES + 3: 3}, {LEAVES: 3}])
        rows[f"{name} pairs"] = _sums(
            layout, "pairs", 2, _PAIRS, wrong=[*_TOO_FEW, {LEAVES: 1}, {LEAVES: 3}, {LEAVES: 6}]
        )
        rows[f"{name} rows"] = _sums(
            layout, "rows", 2, (Length(2), constant("<i8", *range(8)), Length(4)), wrong=_TOO_FEW
        )
        rows[f"{name} shares"] = _shares(layout)
        rows[f"{name} numbers"] = Record(
            f"trees_{name}_numbers",
            [
                *_common(layout, result(2, at=0), _trees(layout), 3 if layout == _KEYED else 1, 0),
                *(constant("<i4", 1, 2, 3, 4), Length(4)),
            ],
            wrong=[{LEAVES + 1: 3}, {0: 64}],
        )
    rows["complete values"] = _complete("values", 1, _VALUES, _WRONG_DEPTHS)
    for kind, words in _HALVES.items():
        rows[f"complete {kind}"] = _complete(kind, 1, words)
    rows["complete pairs"] = _complete("pairs", 2, _PAIRS)
    return rows


def _shares(layout: _Layout) -> Record:
    last, scratch = 1 << 31, 12 if layout == _KEYED else 4
    entries = constant("<u4", 0, 1 | 1 << 16 | last)
    leaves = (Length(2), constant("<i8", 1, 2), entries, 2, constant("<i8", 3, 4), 2)
    record = _sums(
        layout,
        "shares",
        2,
        leaves,
        right=[
            {
                LEAVES + 2: MISSING,
                LEAVES + 3: 0,
                LEAVES + 4: MISSING,
                LEAVES + 5: 0,
                NODES: _trees(layout, 0, 0, 0),
            }
        ],
        wrong=[
            {LEAVES + 2: constant("<u4", 2, 1 | 1 << 16 | last)},  # a column that is not there
            {LEAVES + 2: constant("<u4", 2 << 16, 1 | 1 << 16 | last)},  # a value that is not there
            {LEAVES + 2: constant("<u4", 0, 1 | 1 << 16)},  # a list without an end
            {LEAVES + 2: constant("<u4", last, last), LEAVES + 3: 1},  # fewer entries than leaves
            {1: WORKSPACE - scratch},  # no room for the counters
            {0: 64 + (scratch + 7) // 8 * 8},  # a result over the counters
        ],
    )
    words = list(record.words)
    words[NODES] = _trees(layout, 0, 2, 0)
    return Record(record.kernel, words, record.right, record.wrong)


def _lone(*nodes: tuple[int, int, int, int]) -> Const:
    return Const(np.array(list(nodes), _LONE).view("<i4"))


_WRONG_LONE: Final[Sequence[Const]] = [
    _lone((0, ELEMENTS, 16, ~0), (5, 0, ~0, ~1)),
    _lone((0, 1, 0, ~0), (5, 0, ~0, ~1)),
    _lone((0, 1, 24, ~0), (5, 0, ~0, ~1)),
    _lone((0, 1, 32, ~0), (5, 0, ~0, ~1)),
    _lone((0, 1, ~0, 32), (5, 0, ~0, ~1)),
    _lone((0, 1, 16, ~0), (5, 0, ~0, 16)),
]

TREE_ROWS: dict[str, Record] = {
    **_tree_rows(),
    "lone": Record(
        "tree_lone",
        [result(1), operand(3), Length(3), _lone((0, 1, 16, ~0), (5, 0, ~0, ~1)), Length(2)],
        wrong=[{3: nodes} for nodes in _WRONG_LONE],
    ),
    "rows of a lone tree": Record(
        "tree_rows",
        [
            *(result(2), result(1, optional=True), operand(3), Length(3)),
            *(
                _lone((0, 1, 16, ~0), (5, 0, ~0, ~1)),
                Length(2),
                Length(2),
                constant("<i4", *range(6)),
                Length(2),
                1,
            ),
        ],
        right=[{1: MISSING, 9: 0}],
        wrong=[
            *({4: nodes} for nodes in _WRONG_LONE),
            *({4: _lone((0, 1, 16, leaf), (5, 0, ~0, other))} for leaf, other in ((~2, ~1), (~0, ~2))),
            {1: MISSING},
            {9: 0},
            {9: 2},
        ],
    ),
}
"""Every record of trees."""
