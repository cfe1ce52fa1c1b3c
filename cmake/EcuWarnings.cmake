# SPDX-License-Identifier: Apache-2.0

# Turns on the warnings that our own C and C++ code must pass, with GCC and clang.
function(ecu_enable_warnings target)
  target_compile_options(
    ${target}
    PRIVATE -Wall
            -Wextra
            -Wpedantic
            -Wconversion
            -Wsign-conversion
            -Wdouble-promotion
            -Wshadow
            $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast>)
  if(ECU_WARNINGS_AS_ERRORS)
    set_target_properties(${target} PROPERTIES COMPILE_WARNING_AS_ERROR ON)
  endif()
endfunction()
