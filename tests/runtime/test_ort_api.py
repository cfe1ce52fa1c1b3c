"""Our declaration of ONNX Runtime's C API against the official header."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .build import RUNTIME, Outcome, run
from .official_header import official_header

API = RUNTIME / "src" / "ort" / "api.h"
SLOT = re.compile(r"using (\w+) =\s+Slot<(\d+), ")
CONSTANTS = {
    "LoggingLevel::kFatal": "ORT_LOGGING_LEVEL_FATAL",
    "OptimizationLevel::kDisableAll": "ORT_DISABLE_ALL",
    "ExecutionMode::kSequential": "ORT_SEQUENTIAL",
    "AllocatorType::kDevice": "OrtDeviceAllocator",
    "MemoryType::kDefault": "OrtMemTypeDefault",
    "ValueType::kTensor": "ONNX_TYPE_TENSOR",
    "ElementType::kFloat32": "ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT",
    "ElementType::kInt64": "ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64",
}

PRELUDE = """
#include "onnxruntime_c_api.h"
#include "api.h"
#include <cstddef>
#include <type_traits>

// Same number of arguments, and each of the same size and kind, and the same for the result.
template <typename A, typename B>
constexpr bool alike() {
  if constexpr (std::is_void_v<A> || std::is_void_v<B>) {
    return std::is_void_v<A> && std::is_void_v<B>;
  } else {
    return sizeof(A) == sizeof(B) && std::is_pointer_v<A> == std::is_pointer_v<B>;
  }
}
template <typename A, typename B>
struct Same : std::false_type {};
template <typename R, typename... P, typename S, typename... Q>
struct Same<R (*)(P...), S (*)(Q...)> {
  template <typename... T>
  struct List {};
  template <typename L, typename M>
  struct Each : std::false_type {};
  template <typename... X, typename... Y>
  struct Each<List<X...>, List<Y...>> : std::bool_constant<(alike<X, Y>() && ...)> {};
  static constexpr bool arguments() {
    if constexpr (sizeof...(P) == sizeof...(Q)) {
      return Each<List<P...>, List<Q...>>::value;
    }
    return false;
  }
  static constexpr bool value = alike<R, S>() && arguments();
};
template <typename R, typename... P, typename S, typename... Q>
struct Same<R (*)(P...) noexcept, S (*)(Q...)> : Same<R (*)(P...), S (*)(Q...)> {};
"""


@pytest.fixture(scope="module")
def header(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return official_header(tmp_path_factory.mktemp("header"))


def _compile(api: str, header: Path, folder: Path) -> Outcome:
    """Compiles assertions about a declaration of the API."""
    (folder / "api.h").write_text(api)
    lines = [PRELUDE]
    for name, number in SLOT.findall(api):
        lines.append(f'static_assert(offsetof(OrtApi, {name}) == {number} * sizeof(void*), "{name}: slot");')
        lines.append(
            f"static_assert(Same<decltype(OrtApi::{name}), ecu::ort::{name}::Function>::value, "
            f'"{name}: arguments");'
        )
    for ours, theirs in CONSTANTS.items():
        lines.append(f'static_assert(static_cast<int>(ecu::ort::{ours}) == {theirs}, "{theirs}");')
    for ours, theirs in (("get_api", "GetApi"), ("version", "GetVersionString")):
        lines.append(
            f"static_assert(offsetof(ecu::ort::ApiBase, {ours}) == offsetof(OrtApiBase, {theirs}) && "
            f"Same<decltype(OrtApiBase::{theirs}), decltype(ecu::ort::ApiBase::{ours})>::value);"
        )
    source = folder / "check.cpp"
    source.write_text("\n".join(lines) + "\n")
    return run(["g++", "-std=c++17", "-fsyntax-only", "-I", header.parent, "-I", folder, source])


def test_declaration_matches_the_official_header(header: Path, tmp_path: Path) -> None:
    text = API.read_text()
    assert len(SLOT.findall(text)) == text.count("Slot<") > 30
    assert set(re.findall(r"enum class (\w+)", text)) == {name.split("::")[0] for name in CONSTANTS}
    outcome = _compile(text, header, tmp_path)
    assert outcome.status == 0, outcome.output


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Slot<24,", "Slot<25,", "SetIntraOpNumThreads: slot"),
        ("(Session*, IoBinding**)", "(Session*, IoBinding**, int32_t)", "CreateIoBinding: arguments"),
        ("(SessionOptions*, int32_t)", "(SessionOptions*, int64_t)", "SetIntraOpNumThreads: arguments"),
        ("void(Env*)", "Status*(Env*)", "ReleaseEnv: arguments"),
        ("kInt64 = 7", "kInt64 = 6", "ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64"),
    ],
)
def test_a_wrong_declaration_is_seen(header: Path, tmp_path: Path, old: str, new: str, message: str) -> None:
    text = API.read_text()
    assert old in text
    outcome = _compile(text.replace(old, new, 1), header, tmp_path)
    assert outcome.status != 0
    assert message in outcome.output
