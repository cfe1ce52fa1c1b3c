"""The pieces a report is made of. Every field is final text; templates only place it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

Style = Literal["", "number", "code", "pass", "fail"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell.

    Attributes:
        text: what it says.
        style: how it is set: number (right-aligned figures), code (monospace), pass or fail (verdict).
        note: quieter second line.
        more: long text that the reader can open; `text` is its summary.
        graphic: decoration of what the text says, hidden from screen readers.
    """

    text: str
    style: Style = ""
    note: str = ""
    more: str = ""
    graphic: Markup = field(default_factory=Markup)

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.note or self.more)


@dataclass(frozen=True, slots=True)
class Table:
    """A captioned table. The first cell of each row is the header of that row.

    Attributes:
        ident: unique in the page.
        caption: what the table shows.
        columns: heading per column.
        rows: as many cells per row as there are columns.
    """

    ident: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold figures, so that their headings stand above them."""
        styles = [
            {row[i].style for row in self.rows if not row[i].is_empty} for i in range(len(self.columns))
        ]
        return tuple(found == {"number"} for found in styles)

    def without_empty_columns(self) -> Table:
        """The same table without the columns that say nothing in any row."""
        kept = [
            i for i in range(len(self.columns)) if i == 0 or any(not row[i].is_empty for row in self.rows)
        ]
        rows = tuple(tuple(row[i] for i in kept) for row in self.rows)
        return Table(self.ident, self.caption, tuple(self.columns[i] for i in kept), rows)


@dataclass(frozen=True, slots=True)
class Fact:
    """A term and what it is, for instance ``Fact("Estimator", "RandomForestClassifier")``."""

    term: str
    text: str
    style: Style = ""


def facts(*candidates: Fact) -> tuple[Fact, ...]:
    """The facts that have something to say."""
    return tuple(fact for fact in candidates if fact.text)


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing and the sentence that says what to see in it."""

    drawing: Markup
    caption: str
