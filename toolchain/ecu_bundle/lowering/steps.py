"""Steps: operations whose operands have no address yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ecu_bundle.lowering.kernels import KERNELS, Kernel
from ecu_bundle.lowering.views import Buffer, View

Word = int | View | None
"""A number, an operand or result, or an optional operand that is missing."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation.

    Attributes:
        kernel: name of the kernel.
        words: as the kernel wants them; of a view only the start counts, its strides are words too where
            the kernel takes any.
    """

    kernel: str
    words: tuple[Word, ...]

    @property
    def definition(self) -> Kernel:
        return KERNELS[self.kernel]

    @property
    def results(self) -> tuple[View, ...]:
        """What is written."""
        return tuple(w for w in self.words[: self.definition.results] if isinstance(w, View))

    @property
    def operands(self) -> tuple[View, ...]:
        """What is read."""
        return tuple(w for w in self.words[self.definition.results :] if isinstance(w, View))

    @property
    def result(self) -> View:
        """The one thing, or the first, that is written."""
        return self.results[0]

    def mapped(self, change: Callable[[View], View]) -> Step:
        """The same step with every view changed."""
        return replace(self, words=tuple(change(w) if isinstance(w, View) else w for w in self.words))


def buffers(views: tuple[View, ...]) -> list[Buffer]:
    """The pieces of workspace behind views."""
    return [view.storage for view in views if isinstance(view.storage, Buffer)]
