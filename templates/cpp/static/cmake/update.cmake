# SPDX-License-Identifier: Apache-2.0
# ecu::update installs update packages and decides which model runs: include/ecu/update.h. A program that does not
# link it does not pay for it. Bundles in one program share it: the first one makes it.
option(ECU_UPDATE "Build ecu::update, which installs update packages" OFF)
if(NOT ECU_UPDATE OR TARGET ecu_update)
  return()
endif()

add_library(ecu_update STATIC ${ecu_update_sources})
add_library(ecu::update ALIAS ecu_update)
target_link_libraries(ecu_update PUBLIC ${PROJECT_NAME})
target_include_directories(ecu_update PRIVATE src/ecu)
set_target_properties(ecu_update PROPERTIES
  CXX_EXTENSIONS OFF
  POSITION_INDEPENDENT_CODE "${ecu_position_independent}"
)
# An install is rare and flash is not: -Os comes behind the flags of the build, so it counts.
set(ecu_small_code $<$<NOT:$<CONFIG:Debug>>:-Os>)
target_compile_options(ecu_update PRIVATE ${ecu_code_flags} ${ecu_small_code} ${ecu_path_flags} ${ecu_warning_flags}
  $<$<BOOL:${ECU_STACK_USAGE}>:-fstack-usage;-fcallgraph-info=su>
)
if(UNIX)
  target_sources(ecu_update PRIVATE src/ecu/port/file_flash.cpp)
endif()

# A signature check needs the library of its algorithm, with its licence, in third_party. CMake takes another
# language outside of functions only.
if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/third_party")
  enable_language(C)
endif()
function(ecu_add_signature library)
  set(folder "${CMAKE_CURRENT_SOURCE_DIR}/third_party/${library}")
  if(NOT EXISTS "${folder}/${library}.c")
    return()
  endif()
  add_library(ecu_${library} STATIC "${folder}/${library}.c")
  target_include_directories(ecu_${library} PUBLIC "${folder}")
  target_compile_options(ecu_${library} PRIVATE
    -ffunction-sections -fdata-sections ${ecu_small_code} ${ecu_path_flags}
    $<$<BOOL:${ECU_STACK_USAGE}>:-fstack-usage;-fcallgraph-info=su>)
  set_target_properties(ecu_${library} PROPERTIES POSITION_INDEPENDENT_CODE "${ecu_position_independent}")
  list(TRANSFORM ARGN PREPEND src/ecu/update/)
  target_sources(ecu_update PRIVATE ${ARGN})
  target_link_libraries(ecu_update PRIVATE ecu_${library})
endfunction()

ecu_add_signature(monocypher ed25519.cpp sha512.cpp)
ecu_add_signature(p256-m p256.cpp)
if(TARGET ecu_monocypher AND TARGET ecu_p256-m)
  target_sources(ecu_update PRIVATE src/ecu/update/any_signature.cpp)
endif()
