"""One function of LLVM's assembly language as one of C: a block is a label, an instruction a statement."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .ir_types import VOID, Names, Tokens, Type, UnknownFormError
from .operands import FLAGS, address, local, skip_attributes, symbol, value

_BINARY = {
    **{"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^"},
    **{"shl": "<<", "lshr": ">>", "ashr": ">>", "udiv": "/", "urem": "%", "sdiv": "/", "srem": "%"},
}
_SIGNED = ("ashr", "sdiv", "srem")
_COMPARISONS = {"eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_CASTS = ("zext", "sext", "trunc", "bitcast", "ptrtoint", "inttoptr")
_NOTHING = ("llvm.lifetime.start", "llvm.lifetime.end", "llvm.experimental.noalias")
_MEMORY = {
    **{"@llvm.memcpy": "memcpy", "@llvm.memmove": "memmove", "@llvm.memset": "memset"},
    **{"@bcmp": "memcmp", "@memcmp": "memcmp", "@memchr": "memchr"},
}
_LABEL = re.compile(r'^("[^"]*"|[\w.$-]+):')
_NAME = r'%(?:"[^"]*"|[\w.$-]+)'


class Function:
    """One function.

    Args:
        text: from ``define`` to the closing bracket.
        types: the named types of the module.
        names: of types in C.
    """

    def __init__(self, text: str, types: dict[str, Type], names: Names) -> None:
        self.types = types
        self.names = names
        first, *rest = text.splitlines()
        tokens = Tokens(first.removeprefix("define "), types)
        skip_attributes(tokens)
        self.result = tokens.type()
        self.name = tokens.next()
        self.parameters = self._parameters(tokens)
        self.blocks = _blocks(rest[:-1])
        self.latches = _latches(self.blocks)
        self.locals: dict[str, str] = {}
        self.memory: list[str] = []

    def head(self) -> str:
        listed = ", ".join(f"{self.names.c(kind)} {name}" for kind, name in self.parameters)
        return f"{self.names.c(self.result)} {symbol(self.name)}({listed or 'void'})"

    def code(self) -> Iterator[str]:
        body = []
        for label, lines in self.blocks.items():
            body.append(f"L_{_label(label)}:;")
            body += [
                f"  {statement}"
                for line in lines
                if " = phi " not in line
                for statement in self._statements(label, line)
            ]
            body += [
                f"A_{_label(target)}:; goto L_{_label(target)};"
                for target, last in self.latches.items()
                if last == label
            ]
        yield f"{self.head()} {{"
        yield from (f"  {kind} {name};" for name, kind in self.locals.items())
        yield from (f"  {memory};" for memory in self.memory)
        yield from body
        yield "}"

    def _parameters(self, tokens: Tokens) -> list[tuple[Type, str]]:
        tokens.expect("(")
        found = []
        while not tokens.accept(")"):
            kind = tokens.type()
            skip_attributes(tokens)
            found.append((kind, local(tokens.next())))
            tokens.accept(",")
        return found

    def _define(self, name: str, kind: Type) -> str:
        self.locals[local(name)] = self.names.c(kind)
        return local(name)

    def _statements(self, block: str, line: str) -> Iterator[str]:
        tokens = Tokens(re.split(r", ![a-z]|, align \d+$| #\d+", line)[0], self.types)
        target = ""
        if tokens.peek().startswith("%"):
            target = tokens.next()
            tokens.expect("=")
        tokens.accept("tail", "notail", "musttail")
        opcode = tokens.next()
        if opcode in ("br", "switch", "ret", "unreachable"):
            yield from self._end(block, opcode, tokens)
        elif opcode == "call":
            yield from self._call(target, tokens, line)
        elif opcode == "store":
            kind = tokens.type()
            stored = value(tokens, kind, self.names)
            tokens.expect(",")
            yield f"*({self.names.c(kind)}*){value(tokens, tokens.type(), self.names)} = {stored};"
        elif opcode == "alloca":
            yield from self._alloca(target, tokens)
        else:
            kind, expression = self._value(opcode, tokens)
            yield f"{self._define(target, kind)} = {expression};"

    def _alloca(self, target: str, tokens: Tokens) -> Iterator[str]:
        memory = f"memory_{local(target)}"
        kind = tokens.type()
        self.memory.append(self.names.declare(kind, memory))
        self.locals[local(target)] = "uint8_t*"
        yield f"{local(target)} = (uint8_t*)&{memory};"

    def _value(self, opcode: str, tokens: Tokens) -> tuple[Type, str]:  # noqa: PLR0911 - one for each
        """Type and expression of an instruction without effects."""
        names = self.names
        if opcode == "load":
            kind = tokens.type()
            tokens.expect(",")
            return kind, f"*({names.c(kind)}*){value(tokens, tokens.type(), names)}"
        if opcode == "getelementptr":
            tokens.accept("inbounds")
            return Type("ptr"), address(tokens, names)
        if opcode in _BINARY:
            while tokens.accept(*FLAGS):
                pass
            kind = tokens.type()
            first, second = self._two(tokens, kind)
            sign = f"(int{kind.bits}_t)" if opcode in _SIGNED else ""
            if kind.bits == 1 and opcode not in ("and", "or", "xor"):
                raise UnknownFormError(opcode)
            return kind, f"({names.c(kind)})({sign}{first} {_BINARY[opcode]} {sign}{second})"
        if opcode == "icmp":
            return self._comparison(tokens)
        if opcode in _CASTS:
            return self._cast(opcode, tokens)
        if opcode == "select":
            condition = value(tokens, tokens.type(), names)
            tokens.expect(",")
            kind = tokens.type()
            first = value(tokens, kind, names)
            tokens.expect(",")
            return kind, f"{condition} ? {first} : {value(tokens, tokens.type(), names)}"
        if opcode == "freeze":
            kind = tokens.type()
            return kind, value(tokens, kind, names)
        if opcode == "extractvalue":
            whole = tokens.type()
            source = value(tokens, whole, names)
            tokens.expect(",")
            member = int(tokens.next())
            return whole.parts[member], f"{source}.f{member}"
        if opcode == "insertvalue":
            return self._insert(tokens)
        raise UnknownFormError(f"{opcode} in {self.name}")

    def _two(self, tokens: Tokens, kind: Type) -> tuple[str, str]:
        first = value(tokens, kind, self.names)
        tokens.expect(",")
        return first, value(tokens, kind, self.names)

    def _comparison(self, tokens: Tokens) -> tuple[Type, str]:
        relation = tokens.next()
        kind = tokens.type()
        first, second = self._two(tokens, kind)
        sign = f"(int{kind.bits}_t)" if relation[0] == "s" else ""
        compared = f"{sign}{first} {_COMPARISONS[relation[-2:]]} {sign}{second}"
        return Type("int", bits=1), compared

    def _cast(self, opcode: str, tokens: Tokens) -> tuple[Type, str]:
        kind = tokens.type()
        source = value(tokens, kind, self.names)
        tokens.expect("to")
        wanted = tokens.type()
        if opcode == "sext" and kind.bits == 1:
            return wanted, f"{source} ? ({self.names.c(wanted)})-1 : 0"
        sign = f"(int{wanted.bits}_t)(int{kind.bits}_t)" if opcode == "sext" else ""
        if opcode == "trunc" and wanted.bits == 1:
            return wanted, f"({source} & 1) != 0"
        return wanted, f"({self.names.c(wanted)}){sign}{source}"

    def _insert(self, tokens: Tokens) -> tuple[Type, str]:
        whole = tokens.type()
        before = None if tokens.peek() in ("undef", "poison") else local(tokens.peek())
        tokens.next()
        tokens.expect(",")
        inserted = value(tokens, tokens.type(), self.names)
        tokens.expect(",")
        member = int(tokens.next())
        members = [
            inserted if i == member else f"{before}.f{i}" if before else "0" for i in range(len(whole.parts))
        ]
        return whole, f"({self.names.c(whole)}){{{', '.join(members)}}}"

    def _call(self, target: str, tokens: Tokens, line: str) -> Iterator[str]:
        skip_attributes(tokens)
        kind = tokens.type()
        called = tokens.next()
        if called.startswith(tuple(f"@{name}" for name in _NOTHING)):
            return
        arguments = self._arguments(tokens)
        if called.startswith("@llvm.assume"):
            yield f"CHECK({arguments[0][1]});"
            aligned = re.search(rf'"align"\([^%]*({_NAME}), i64 (\d+)\)', line)
            if aligned:
                yield f"CHECK((uintptr_t){local(aligned[1])} % {aligned[2]}u == 0);"
            return
        call = self._called(called, kind, arguments)
        yield f"{self._define(target, kind)} = {call};" if target and kind != VOID else f"{call};"

    def _arguments(self, tokens: Tokens) -> list[tuple[Type, str]]:
        tokens.expect("(")
        found = []
        while not tokens.accept(")"):
            kind = tokens.type()
            if tokens.peek() == "byval":
                raise UnknownFormError("byval")
            skip_attributes(tokens)
            found.append((kind, value(tokens, kind, self.names)))
            tokens.accept(",")
        return found

    def _called(self, called: str, kind: Type, arguments: list[tuple[Type, str]]) -> str:
        values = [argument for _, argument in arguments]
        for name, function in _MEMORY.items():
            if called.startswith(name):
                cast = "(uint8_t*)" if function == "memchr" else ""
                return f"{cast}{function}({', '.join(values[:3])})"
        limit = re.match(r"@llvm\.([us])(min|max)\.i(\d+)", called)
        if limit:
            sign = f"(int{limit[3]}_t)" if limit[1] == "s" else ""
            relation = "<" if limit[2] == "min" else ">"
            return f"{sign}{values[0]} {relation} {sign}{values[1]} ? {values[0]} : {values[1]}"
        if called.startswith("@llvm.umul.with.overflow.i32"):
            product = f"(uint64_t){values[0]} * {values[1]}"
            return f"({self.names.c(kind)}){{(uint32_t)({product}), ({product}) >> 32 != 0}}"
        if called.startswith("@llvm."):
            raise UnknownFormError(called)
        if called.startswith("%"):
            types = ", ".join(self.names.c(argument) for argument, _ in arguments)
            return f"(({self.names.c(kind)} (*)({types})){local(called)})({', '.join(values)})"
        return f"{symbol(called)}({', '.join(values)})"

    def _end(self, block: str, opcode: str, tokens: Tokens) -> Iterator[str]:
        if opcode == "unreachable":
            yield "CHECK(false);"
            yield "__builtin_unreachable();"
        elif opcode == "ret":
            kind = tokens.type()
            yield "return;" if kind == VOID else f"return {value(tokens, kind, self.names)};"
        elif tokens.accept("label"):
            yield self._jump(block, tokens.next())
        else:
            kind = tokens.type()
            chosen = value(tokens, kind, self.names)
            tokens.expect(",")
            tokens.expect("label")
            first = tokens.next()
            if opcode == "br":
                tokens.expect(",")
                tokens.expect("label")
                yield f"if ({chosen}) {self._jump(block, first)} else {self._jump(block, tokens.next())}"
                return
            tokens.expect("[")
            while not tokens.accept("]"):
                case = value(tokens, tokens.type(), self.names)
                tokens.expect(",")
                tokens.expect("label")
                yield f"if ({chosen} == {case}) {self._jump(block, tokens.next())}"
            yield self._jump(block, first)

    def _jump(self, block: str, target: str) -> str:
        """To another block; what its phis take from this one is computed first, then assigned."""
        label = target[1:].strip('"')
        before: list[str] = []
        after: list[str] = []
        for line in self.blocks[label]:
            if " = phi " not in line:
                break
            tokens = Tokens(re.split(r", ![a-z]", line)[0], self.types)
            name = tokens.next()
            tokens.expect("=")
            tokens.expect("phi")
            kind = tokens.type()
            taken = self._taken(tokens, kind, block)
            self._define(name, kind)
            before.append(f"{self.names.c(kind)} t{len(before)} = {taken};")
            after.append(f"{local(name)} = t{len(after)};")
        places = list(self.blocks)
        back = places.index(label) <= places.index(block)
        return f"{{ {' '.join([*before, *after])} goto {'A' if back else 'L'}_{_label(label)}; }}"

    def _taken(self, tokens: Tokens, kind: Type, block: str) -> str:
        """What a phi is when control comes from this block."""
        while tokens.accept("["):
            taken = value(tokens, kind, self.names)
            tokens.expect(",")
            source = tokens.next()
            tokens.expect("]")
            tokens.accept(",")
            if source[1:].strip('"') == block:
                return taken
        raise UnknownFormError(f"a phi without {block} in {self.name}: clang has to keep the names of blocks")


def _label(name: str) -> str:
    return local(f"%{name}")


def _blocks(lines: list[str]) -> dict[str, list[str]]:
    """The instructions of each block by its name; one that takes several lines is joined."""
    blocks: dict[str, list[str]] = {"entry": []}
    current = "entry"
    open_lines: list[str] = []
    for line in lines:
        found = _LABEL.match(line)
        if found:
            current = found[1].strip('"')
            blocks.setdefault(current, [])
        elif line.strip():
            open_lines.append(line.strip())
            joined = " ".join(open_lines)
            if joined.count("[") == joined.count("]"):
                blocks[current].append(joined)
                open_lines = []
    return blocks


def _latches(blocks: dict[str, list[str]]) -> dict[str, str]:
    """For each block that starts a loop, the last one that leads back to it.

    A checker takes each jump back for a loop of its own, one in the other; so all of them go forward to a
    place behind the last one, from where one jump leads back.
    """
    places = {label: position for position, label in enumerate(blocks)}
    found: dict[str, str] = {}
    for label, lines in blocks.items():
        for target in re.findall(r'label %("[^"]*"|[\w.$-]+)', lines[-1] if lines else ""):
            plain = target.strip('"')
            if places[plain] <= places[label]:
                found[plain] = label
    return found
