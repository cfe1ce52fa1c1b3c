"""Types of LLVM's assembly language, their layout on x86-64, and their names in C."""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r'c"[^"]*"|[%@]"[^"]*"|[%@][\w.$-]+|!\w+|#\d+|-?\d+|[A-Za-z_][\w.]*|\.\.\.|"[^"]*"|[\[\]{}()<>,=*]'
)


class UnknownFormError(Exception):
    """What this translation does not know; nothing is left out silently."""


@dataclass(frozen=True)
class Type:
    """One type.

    Attributes:
        kind: ``int``, ``ptr``, ``array``, ``struct``, ``void``, ``function``, or ``unknown``.
        bits: of an integer.
        count: elements of an array.
        parts: element of an array, members of a struct, what a pointer points to.
        packed: a struct without padding.
    """

    kind: str
    bits: int = 0
    count: int = 0
    parts: tuple[Type, ...] = ()
    packed: bool = False

    @property
    def align(self) -> int:
        if self.kind == "int":
            return max(1, self.bits // 8)
        if self.kind == "ptr":
            return 8
        return 1 if self.packed else max((part.align for part in self.parts), default=1)

    @property
    def size(self) -> int:
        if self.kind == "int":
            return max(1, self.bits // 8)
        if self.kind == "ptr":
            return 8
        if self.kind == "array":
            return self.count * self.parts[0].size
        if self.kind == "struct":
            return _up(self.offset(len(self.parts)), self.align)
        raise UnknownFormError(f"size of {self.kind}")

    def offset(self, member: int) -> int:
        """Byte offset of a member; of one behind the last: where the last ends."""
        at = 0
        for position, part in enumerate(self.parts):
            at = at if self.packed else _up(at, part.align)
            if position == member:
                return at
            at += part.size
        return at


def _up(number: int, multiple: int) -> int:
    return (number + multiple - 1) // multiple * multiple


VOID = Type("void")
FUNCTION = Type("function")
UNKNOWN = Type("unknown")


class Tokens:
    """The tokens of a line, read front to back; named types are known from `types`."""

    def __init__(self, text: str, types: dict[str, Type]) -> None:
        self.words = TOKEN.findall(text)
        self.types = types
        self.at = 0

    def peek(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def next(self) -> str:
        self.at += 1
        return str(self.words[self.at - 1])

    def accept(self, *words: str) -> bool:
        """Skips the next token if it is one of these."""
        found = self.peek() in words
        self.at += found
        return found

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise UnknownFormError(f"{word} expected in {' '.join(self.words)}")

    def type(self) -> Type:
        """A type, function and pointer suffixes included."""
        found = self._base()
        while self.peek() in ("*", "("):
            if self.accept("*"):
                found = Type("ptr", parts=(found,))
            else:
                self.skip_group()
                found = FUNCTION
        return found

    def skip_group(self) -> None:
        """Skips from a bracket to the one that closes it."""
        depth = 0
        while True:
            word = self.next()
            depth += (word in "([{<") - (word in ")]}>")
            if depth == 0:
                return

    def _base(self) -> Type:
        word = self.next()
        if word == "void":
            return VOID
        if re.fullmatch(r"i\d+", word):
            return Type("int", bits=int(word[1:]))
        if word.startswith("%"):
            return self.types.get(word, UNKNOWN)
        if word == "[":
            count = int(self.next())
            self.expect("x")
            array = Type("array", count=count, parts=(self.type(),))
            self.expect("]")
            return array
        packed = word == "<"
        if packed:
            self.expect("{")
        elif word != "{":
            raise UnknownFormError(f"type {word}")
        parts = []
        while not self.accept("}"):
            parts.append(self.type())
            self.accept(",")
        if packed:
            self.expect(">")
        return Type("struct", parts=tuple(parts), packed=packed)


def named_types(text: str) -> dict[str, Type]:
    """The named types of a module; each is read when all that it holds are known."""
    waiting = dict(re.findall(r'^(%(?:"[^"]*"|[\w.$-]+)) = type (.*)$', text, re.MULTILINE))
    types: dict[str, Type] = {}
    while waiting:
        read = {name: Tokens(body, types).type() for name, body in waiting.items() if body != "opaque"}
        ready = {name: found for name, found in read.items() if _is_whole(found)}
        if not ready and read:
            raise UnknownFormError(f"types {sorted(read)}")
        types |= ready
        waiting = {name: body for name, body in waiting.items() if name not in ready and body != "opaque"}
    return types


def _is_whole(found: Type) -> bool:
    """Whether nothing that it holds is still unknown; what it points to does not matter."""
    if found.kind == "ptr":
        return True
    return found.kind != "unknown" and all(_is_whole(part) for part in found.parts)


class Names:
    """The names of types in C; structs that are values get one each.

    Args:
        absent: weak symbols that nothing defines; their address is null.
    """

    def __init__(self, absent: frozenset[str]) -> None:
        self.structs: dict[Type, str] = {}
        self.absent = absent

    def c(self, found: Type) -> str:
        """The C type of a value."""
        if found.kind == "int" and found.bits in (1, 8, 16, 32, 64):
            return "bool" if found.bits == 1 else f"uint{found.bits}_t"
        if found.kind == "ptr":
            return "uint8_t*"
        if found == VOID:
            return "void"
        if found.kind == "struct":
            for part in found.parts:
                self.declare(part, "")
            return f"struct {self.structs.setdefault(found, f'S{len(self.structs)}')}"
        raise UnknownFormError(f"a value of type {found}")

    def declare(self, found: Type, name: str) -> str:
        """The declaration of a variable or member."""
        if found.kind == "array":
            return self.declare(found.parts[0], f"{name}[{found.count}]")
        return f"{self.c(found)} {name}"

    def definitions(self) -> list[str]:
        """Of all structs, each behind those that it holds."""
        lines = []
        for kind, name in self.structs.items():
            members = " ".join(self.declare(part, f"f{i}") + ";" for i, part in enumerate(kind.parts))
            packed = " __attribute__((packed))" if kind.packed else ""
            lines.append(f"struct {name} {{ {members} }}{packed};")
        return lines
