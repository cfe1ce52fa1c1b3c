# SPDX-License-Identifier: Apache-2.0
# Links a program for a machine without operating system: startup code and memory of the emulated board, as the
# compiler file of the bundle describes it. The library of the bundle needs neither.
function(ecu_board_program program)
  if(NOT ECU_BOARD_MEMORY)
    message(FATAL_ERROR "${program}: configure with the compiler file of the bundle, which describes the board")
  endif()
  set(board "${CMAKE_CURRENT_FUNCTION_LIST_DIR}")
  target_sources(${program} PRIVATE "${board}/startup.cpp")
  # Not every board has the C++ library that exceptions need.
  target_compile_options(${program} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)
  list(TRANSFORM ECU_BOARD_MEMORY PREPEND LINKER:--defsym= OUTPUT_VARIABLE memory)
  target_link_options(${program} PRIVATE ${ECU_BOARD_LINK_OPTIONS} -nostartfiles LINKER:--gc-sections
    "LINKER:-Map=$<TARGET_FILE:${program}>.map" "SHELL:-T \"${board}/memory.ld\"" ${memory})
  set_target_properties(${program} PROPERTIES LINK_DEPENDS "${board}/memory.ld")
endfunction()
