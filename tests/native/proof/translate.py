"""LLVM's assembly language -> C, for a model checker that reads C but not our C++.

clang has done what is hard about C++; of its output the engine uses about thirty instructions. Each becomes
one statement on local variables: pointers are `uint8_t*`, members and elements are byte offsets, so that the
checker sees every access as it is. Whatever is not known here raises :class:`UnknownFormError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .function import Function
from .ir_types import Names, Tokens, Type, UnknownFormError, named_types
from .operands import parameters, skip_attributes, symbol, value

_SYMBOL = re.compile(r"@[\w.$-]+")


def translate(text: str, entry: str) -> str:
    """A function of a module, and what it needs, in C.

    Args:
        text: what `clang -S -emit-llvm` wrote for x86-64.
        entry: the function.
    """
    return "\n".join(Module(text).lines(f"@{entry}"))


class Module:
    """One module: its types, globals and functions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.types = named_types(text)
        self.names = Names(frozenset(re.findall(r"^(@\S+) = extern_weak ", text, re.MULTILINE)))

    def lines(self, entry: str) -> Iterator[str]:
        """What is needed by a function."""
        needed = self._needed(entry)
        found = [Function(body, self.types, self.names) for body in self._bodies()]
        functions = [function for function in found if function.name in needed]
        code = [line for function in functions for line in function.code()]
        heads = [function.head() for function in functions] + list(self._declarations())
        variables = list(self._variables(needed))
        yield '#include "prelude.h"'
        yield from self.names.definitions()
        yield from (f"{head};" for head in heads)
        yield from variables
        yield from code

    def _bodies(self) -> list[str]:
        return re.findall(r"^define .*?^}$", self.text, re.MULTILINE | re.DOTALL)

    def _needed(self, entry: str) -> set[str]:
        """The names that a function refers to, and those that they refer to."""
        parts = dict(re.findall(r"^(@\S+) = (.*)$", self.text, re.MULTILINE))
        for body in self._bodies():
            names = _SYMBOL.findall(body)
            parts[names[0]] = body
        needed: set[str] = set()
        waiting = [entry]
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting += _SYMBOL.findall(parts.get(name, ""))
        return needed

    def _declarations(self) -> Iterator[str]:
        for line in re.findall(r"^declare (.*)$", self.text, re.MULTILINE):
            tokens = Tokens(line, self.types)
            weak = tokens.accept("extern_weak")
            skip_attributes(tokens)
            result = tokens.type()
            name = tokens.next()
            if name.startswith("@llvm.") or name[1:] in ("bcmp", "memchr", "memcmp"):
                continue
            if weak:
                raise UnknownFormError(line)
            types = ", ".join(self.names.c(kind) for kind in parameters(tokens))
            yield f"{self.names.c(result)} {symbol(name)}({types})"

    def _variables(self, needed: set[str]) -> Iterator[str]:
        found = re.findall(r"^(@\S+) = ([^\n]*?)(?:, comdat)?, align \d+$", self.text, re.MULTILINE)
        tentative, defined = [], []
        for name, rest in found:
            tokens = Tokens(rest, self.types)
            while tokens.next() not in ("global", "constant"):
                pass
            kind = tokens.type()
            if name in self.names.absent or name not in needed:
                continue
            if tokens.peek() in ("", "external"):
                tentative.append(f"extern {self.variable(kind, symbol(name))};")
            else:
                external = "external" in rest.split()
                tentative.append(f"extern {self.variable(kind, symbol(name))};")
                if not external:
                    elements = ", ".join(self.initial(tokens, kind))
                    defined.append(f"{self.variable(kind, symbol(name))} = {{{elements}}};")
        yield from tentative
        yield from defined

    def variable(self, kind: Type, name: str) -> str:
        """A declaration: whatever the structure is, it is an array of one kind of numbers, or of pointers."""
        leaves = leaves_of(kind)
        if len({(leaf.kind, leaf.bits) for leaf in leaves}) != 1:
            raise UnknownFormError(f"a variable of type {kind}")
        return f"{self.names.c(leaves[0])} {name}[{len(leaves)}]"

    def initial(self, tokens: Tokens, kind: Type) -> list[str]:
        """The elements of a variable."""
        word = tokens.peek()
        if word == "zeroinitializer":
            tokens.next()
            return ["0"] * len(leaves_of(kind))
        if word.startswith('c"'):
            tokens.next()
            found = re.findall(r"\\[0-9A-F]{2}|.", word[2:-1])
            return [str(int(x[1:], 16) if len(x) == 3 else ord(x)) for x in found]
        tokens.accept("<")
        if not tokens.accept("{", "["):
            return [value(tokens, kind, self.names)]
        parts = []
        while not tokens.accept("}", "]"):
            parts += self.initial(tokens, tokens.type())
            tokens.accept(",")
        tokens.accept(">")
        return parts


def leaves_of(kind: Type) -> list[Type]:
    """The numbers and pointers that a type is made of, in order; there is no padding between them."""
    if kind.kind == "array":
        return leaves_of(kind.parts[0]) * kind.count
    if kind.kind == "struct":
        leaves = [leaf for part in kind.parts for leaf in leaves_of(part)]
        if sum(leaf.size for leaf in leaves) != kind.size:
            raise UnknownFormError(f"padding in {kind}")
        return leaves
    return [kind]
