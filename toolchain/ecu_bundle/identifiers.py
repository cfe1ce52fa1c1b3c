"""C++ identifiers made of any text: names of columns, categories and models come from users.

An identifier is ASCII, is no keyword or common macro in C or C++, never starts with an underscore
and has no double underscore (both are reserved), and is unique in its scope.
"""

from __future__ import annotations

import re
import unicodedata

_MAX_LENGTH = 32


def _word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEYWORDS = _word_set(
    """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t
    char32_t class compl concept const consteval constexpr constinit const_cast continue co_await
    co_return co_yield decltype default delete do double dynamic_cast else enum explicit export
    extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq
    nullptr operator or or_eq private protected public register reinterpret_cast requires restrict
    return short signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename typeof union unsigned using virtual void
    volatile wchar_t while xor xor_eq
    """
)

# Lower-case macros that compilers and C headers define.
_MACROS = _word_set(
    "arm assert errno i386 linux mips offsetof powerpc setjmp signal stderr stdin stdout unix"
)

# A bundle's name becomes a namespace, a header, a library and a CMake target. These would hide
# standard headers (`math.h`), libraries (`libm.a`), namespaces (`std`) or targets (`test`).
_TAKEN_BUNDLE_NAMES = _word_set(
    """
    ecu std posix main golden
    all clean default help install package rebuild_cache edit_cache list_install_components test
    self_test run_rows uninstall
    c cpp crypt dl gcc gcc_s m nsl pthread resolv rt stdc stdcxx util
    abi aio alloca ar argp argz assert bits byteswap complex config cpio ctype dirent dlfcn elf endian
    envz err error errno fcntl fenv float fmtmsg fnmatch form fstab fts ftw getopt glob grp iconv
    inttypes iso646 langinfo libgen limits link locale malloc math mcheck memory monetary mqueue
    netdb nl_types obstack paths poll printf pty pwd regex regexp sched search semaphore setjmp
    sgtty shadow signal spawn stab stdalign stdarg stdatomic stdbool stddef stdint stdio
    stdlib stdnoreturn string strings stropts syscall syslog tar termio termios tgmath thread
    threads time ttyent uchar ucontext ulimit unistd utime utmp utmpx values version wait wchar
    wctype wordexp
    """
)

_SYMBOLS = {
    "<": " less ",
    ">": " greater ",
    "=": " equal ",
    "%": " percent ",
    "&": " and ",
    "+": " plus ",
    "#": " number ",
    "°": " deg ",
    "µ": " micro ",
    "μ": " micro ",
}


def words(text: str) -> list[str]:
    """The ASCII words of a text, at blanks, punctuation and changes from lower to upper case.

    Accents are dropped, comparison signs are spelled out, and a minus before a digit becomes the
    word ``minus``. The list is empty when nothing is left, for instance for Chinese characters.
    """
    text = re.sub(r"(?<![0-9A-Za-z])-(?=\.?[0-9])", " minus ", text)
    for symbol, word in _SYMBOLS.items():
        text = text.replace(symbol, word)
    text = unicodedata.normalize("NFKD", text).replace("ß", "ss").encode("ascii", "ignore").decode("ascii")
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", text)
    return re.findall(r"[0-9A-Za-z]+", text)


def snake(text: str, *, fallback: str, suffix: str = "value") -> str:
    """``snake_case`` for fields, or the fallback when no word is left.

    Keywords and macros get the suffix: ``class`` becomes ``class_value``.
    """
    name = "_".join(words(text)).lower()[:_MAX_LENGTH].rstrip("_") or fallback
    if name[0].isdigit():
        name = f"{fallback.rstrip('0123456789')}_{name}".replace("__", "_")
    if name in _KEYWORDS or name in _MACROS:
        name = f"{name}_{suffix}"
    return name


def pascal(text: str, *, fallback: str) -> str:
    """``PascalCase`` for types and, behind a ``k``, for constants; may start with a digit.

    Two words that both touch with a digit keep an underscore: ``1.5`` becomes ``1_5``, not ``15``.
    """
    name = ""
    for word in words(text):
        separator = "_" if name and name[-1].isdigit() and word[0].isdigit() else ""
        name += separator + word[0].upper() + (word[1:].lower() if word.isupper() else word[1:])
    return name[:_MAX_LENGTH].rstrip("_") or fallback


def bundle_name(name: str) -> str:
    """The name of the bundle's namespace, headers, library and CMake target: lower snake case."""
    name = snake(name, fallback="model", suffix="model")
    return f"{name}_model" if name in _TAKEN_BUNDLE_NAMES or len(name) == 1 else name


class Scope:
    """Hands out each identifier once: the second ``gear`` becomes ``gear_2``."""

    def __init__(self, *taken: str) -> None:
        self._taken = {name.casefold() for name in taken}

    def unique(self, name: str) -> str:
        """The name, or the name with the first free number from 2 on. Case does not distinguish."""
        candidate, number = name, 1
        while candidate.casefold() in self._taken:
            number += 1
            candidate = f"{name}_{number}"
        self._taken.add(candidate.casefold())
        return candidate
