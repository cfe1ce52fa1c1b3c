# SPDX-License-Identifier: Apache-2.0
# Writes bundle_build.json: what was built, with which compiler and flags, and how to run it.

string(TOUPPER "${CMAKE_BUILD_TYPE}" ecu_build_type)
set(ecu_flags ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${ecu_build_type}})
separate_arguments(ecu_flags)
set(ecu_update_install "")
if(TARGET ${PROJECT_NAME}_update_install)
  set(ecu_update_install "$<TARGET_FILE:${PROJECT_NAME}_update_install>")
endif()
set(ecu_update_objects "")
foreach(library IN ITEMS ecu_update ecu_monocypher ecu_p256-m)
  if(TARGET ${library})
    list(APPEND ecu_update_objects "$<TARGET_OBJECTS:${library}>")
  endif()
endforeach()
set(ecu_info "{}")
foreach(pair IN ITEMS
    "compiler|${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
    "cpu|${CMAKE_SYSTEM_PROCESSOR}"
    "library|$<TARGET_FILE:${PROJECT_NAME}>"
    "objects|$<TARGET_OBJECTS:${PROJECT_NAME}>"
    "self_test|$<TARGET_FILE:${PROJECT_NAME}_self_test>"
    "run_rows|$<TARGET_FILE:${PROJECT_NAME}_run_rows>"
    "update_install|${ecu_update_install}"
    "update_objects|${ecu_update_objects}"
    "emulator|${CMAKE_CROSSCOMPILING_EMULATOR}"
    "flags|${ecu_flags};${ecu_code_flags}"
    "onnxruntime|${ecu_ort_library}"
    "onnxruntime_version|${ecu_ort_version}")
  string(REGEX MATCH "^([a-z_]+)[|](.*)$" ecu_matched "${pair}")
  set(ecu_key "${CMAKE_MATCH_1}")
  string(REGEX REPLACE "([\"\\\\])" "\\\\\\1" ecu_value "${CMAKE_MATCH_2}")
  string(JSON ecu_info SET "${ecu_info}" "${ecu_key}" "\"${ecu_value}\"")
endforeach()
file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/bundle_build.json" CONTENT "${ecu_info}\n")
