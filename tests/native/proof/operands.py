"""Operands of instructions: values, addresses, names, and what is said beside a type."""

from __future__ import annotations

import re

from .ir_types import Names, Tokens, Type, UnknownFormError

FLAGS = ("nuw", "nsw", "exact", "inbounds", "tail", "musttail", "notail", "fastcc", "volatile", "noundef")
_ATTRIBUTES = (
    *("noundef", "nonnull", "zeroext", "signext", "nocapture", "readonly", "writeonly", "noalias", "immarg"),
    *("readnone", "returned", "nofree", "inreg"),
)


def symbol(name: str) -> str:
    """A name of C for a name of the module."""
    return re.sub(r"\W", "_", name[1:].strip('"'))


def skip_attributes(tokens: Tokens) -> None:
    """Skips what is said about a parameter or a result beside its type."""
    while True:
        word = tokens.peek()
        if word in ("align", "dereferenceable", "dereferenceable_or_null", "sret"):
            tokens.next()
            if tokens.peek() == "(":
                tokens.skip_group()
            else:
                tokens.next()
        elif not tokens.accept(
            *_ATTRIBUTES, *FLAGS, "dso_local", "internal", "linkonce_odr", "hidden", "weak", "weak_odr"
        ):
            return


def parameters(tokens: Tokens) -> list[Type]:
    """The types between the brackets of a declaration."""
    tokens.expect("(")
    types = []
    while not tokens.accept(")"):
        types.append(tokens.type())
        skip_attributes(tokens)
        if tokens.peek().startswith("%"):
            tokens.next()
        tokens.accept(",")
    return types


def value(tokens: Tokens, kind: Type, names: Names) -> str:  # noqa: PLR0911 - one for each form
    """An operand of this type as an expression of C."""
    word = tokens.next()
    if word.startswith("%"):
        return local(word)
    if word in names.absent:
        return "((uint8_t*)0)"
    if word.startswith("@"):
        return f"((uint8_t*)&{symbol(word)})"
    if word in ("null", "zeroinitializer", "false"):
        return f"(({names.c(kind)})0)"
    if word == "true":
        return "((bool)1)"
    if re.fullmatch(r"-?\d+", word):
        return f"(({names.c(kind)}){int(word) % (1 << kind.bits)}ull)"
    if word == "icmp":
        return _constant_comparison(tokens, names)
    if word == "bitcast":
        tokens.expect("(")
        inner = value(tokens, tokens.type(), names)
        tokens.expect("to")
        tokens.type()
        tokens.expect(")")
        return inner
    if word == "getelementptr":
        tokens.accept("inbounds")
        tokens.expect("(")
        inner = address(tokens, names)
        tokens.expect(")")
        return inner
    if word in ("undef", "poison"):
        return f"(({names.c(kind)})nondet_undefined())"
    raise UnknownFormError(f"operand {word} in {' '.join(tokens.words)}")


def _constant_comparison(tokens: Tokens, names: Names) -> str:
    relation = {"eq": "==", "ne": "!="}[tokens.next()]
    tokens.expect("(")
    first = value(tokens, tokens.type(), names)
    tokens.expect(",")
    second = value(tokens, tokens.type(), names)
    tokens.expect(")")
    return f"({first} {relation} {second})"


def address(tokens: Tokens, names: Names) -> str:
    """A pointer, and what its indices add to it."""
    kind = tokens.type()
    tokens.expect(",")
    base = value(tokens, tokens.type(), names)
    terms = []
    first = True
    while tokens.accept(","):
        width = tokens.type()
        if not first and kind.kind == "struct":
            member = int(tokens.next())
            offset = kind.offset(member)
            kind = kind.parts[member]
            terms.append(str(offset))
            continue
        kind = kind if first else kind.parts[0]
        first = False
        index = value(tokens, width, names)
        terms.append(f"(int64_t)(int{width.bits}_t){index} * {kind.size}")
    shown = [term for term in terms if term != "0" and not re.fullmatch(r".*\)0ull\) \* \d+", term)]
    return f"({base} + ({' + '.join(shown)}))" if shown else base


def local(name: str) -> str:
    """A local variable."""
    plain = name[1:].strip('"')
    return "v_" + re.sub(r"\W", lambda found: f"_{ord(found[0]):x}_", plain)
