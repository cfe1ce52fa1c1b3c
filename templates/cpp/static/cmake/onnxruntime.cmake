# SPDX-License-Identifier: Apache-2.0
# Chooses the ONNX Runtime library: the shipped one, or an integrator's own.
#
# ECU_ORT_ROOT (or the environment's ORT_ROOT) names a folder in the official layout: lib/ and
# VERSION_NUMBER. The library is opened at run time by name, so nothing is linked against it;
# programs that link this bundle get a run path to its folder.

set(ECU_ORT_ROOT "" CACHE PATH "ONNX Runtime to use instead of the shipped one")

set(ecu_ort_root "${ECU_ORT_ROOT}")
if(NOT ecu_ort_root AND NOT "$ENV{ORT_ROOT}" STREQUAL "")
  set(ecu_ort_root "$ENV{ORT_ROOT}")
endif()
set(ecu_ort_version "${ecu_ort_pinned_version}")

if(ecu_ort_root)
  cmake_path(ABSOLUTE_PATH ecu_ort_root NORMALIZE)
  if(NOT EXISTS "${ecu_ort_root}/VERSION_NUMBER")
    message(FATAL_ERROR "${PROJECT_NAME}: ${ecu_ort_root} has no file VERSION_NUMBER; "
      "ECU_ORT_ROOT must be a folder in the layout of the official ONNX Runtime archives")
  endif()
  file(STRINGS "${ecu_ort_root}/VERSION_NUMBER" ecu_ort_version LIMIT_COUNT 1)
  if(NOT ecu_ort_version STREQUAL ecu_ort_pinned_version)
    message(WARNING "${PROJECT_NAME}: ONNX Runtime ${ecu_ort_version} is not the version of the "
      "certificate, ${ecu_ort_pinned_version}: run the self-test and verify the bundle again")
  endif()
else()
  set(ecu_ort_root "${CMAKE_CURRENT_SOURCE_DIR}/third_party/onnxruntime")
endif()

set(ecu_ort_library "${ecu_ort_root}/lib/${ecu_ort_file}")
if(NOT EXISTS "${ecu_ort_library}")
  message(FATAL_ERROR "${PROJECT_NAME}: no ONNX Runtime at ${ecu_ort_library}; set ECU_ORT_ROOT")
endif()

target_compile_definitions(${PROJECT_NAME} PRIVATE
  "ECU_ORT_LIBRARY=\"${ecu_ort_file}\""
  "ECU_ORT_VERSION=\"${ecu_ort_version}\""
)
target_link_libraries(${PROJECT_NAME} PUBLIC ${CMAKE_DL_LIBS})
target_link_options(${PROJECT_NAME} INTERFACE
  "$<BUILD_INTERFACE:LINKER:-rpath,${ecu_ort_root}/lib>"
  "$<INSTALL_INTERFACE:LINKER:-rpath,$<INSTALL_PREFIX>/${CMAKE_INSTALL_LIBDIR}/${PROJECT_NAME}>"
)
set_target_properties(${PROJECT_NAME} PROPERTIES ECU_ORT_LIBRARY "${ecu_ort_library}")
