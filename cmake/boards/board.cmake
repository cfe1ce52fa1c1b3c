# SPDX-License-Identifier: Apache-2.0
# Links a test program for a machine without operating system: startup code and memory of the emulated board.
# The library of the bundle needs neither.
set(ecu_board_link ${ECU_BOARD_LINK_OPTIONS} -nostartfiles LINKER:--gc-sections
  "SHELL:-T \"${CMAKE_CURRENT_SOURCE_DIR}/board/memory.ld\"")
foreach(entry IN LISTS ECU_BOARD_MEMORY)
  list(APPEND ecu_board_link "LINKER:--defsym=${entry}")
  if(entry MATCHES "^ecu_model_size=(.+)$")
    target_compile_definitions(${PROJECT_NAME}_${program} PRIVATE "ECU_MODEL_REGION_SIZE=${CMAKE_MATCH_1}U")
  endif()
endforeach()
target_sources(${PROJECT_NAME}_${program} PRIVATE board/startup.cpp)
target_link_options(${PROJECT_NAME}_${program} PRIVATE ${ecu_board_link}
  "LINKER:-Map=${CMAKE_CURRENT_BINARY_DIR}/${program}.map")
target_compile_definitions(${PROJECT_NAME}_${program} PRIVATE ECU_ROWS_IN_FILES)
set_target_properties(${PROJECT_NAME}_${program} PROPERTIES LINK_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/board/memory.ld")
