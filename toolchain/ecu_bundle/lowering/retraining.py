"""Kernels that a retrained model may need: the graph stays, its numbers change.

Lowering chooses by numbers in a few places. A rule notes there what its other choices take
(`Builder.may_need`); scaling that was folded into weights is taken as not folded too; and a kernel that does
the work of several, where numbers allow it, brings those along. What is not covered stands in
``docs/native_engine.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ecu_bundle.lowering.kernels import in_order

if TYPE_CHECKING:
    from ecu_bundle.artifacts import OnnxModel

_DONE_AT_ONCE: Final = {"mean_votes": ("mean_f64", "f64_f32", "arg_max_f64")}
"""Kernels that take the place of others only for some numbers."""


def kernels_of_retrained(model: OnnxModel) -> tuple[str, ...]:
    """Names of the kernels of a model and of those trained again, in order of their numbers.

    Raises:
        UnsupportedModelError: as `lower`.
    """
    from ecu_bundle.lowering.plan import finished
    from ecu_bundle.lowering.translate import translate

    found = translate(model)
    names = set(found.alternatives)
    for folded in (True, False):
        names.update(step.kernel for step in finished(found.steps, found.outputs, folded=folded))
    for name, parts in _DONE_AT_ONCE.items():
        names.update(parts if name in names else ())
    return in_order(names)
