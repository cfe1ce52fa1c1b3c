# SPDX-License-Identifier: Apache-2.0
# Installs library, headers, CMake package and pkg-config file. Everything of this bundle lies in
# folders with its name, so that several bundles share one prefix. The result can be moved.
include(CMakePackageConfigHelpers)

install(TARGETS ${PROJECT_NAME} EXPORT ${PROJECT_NAME}Targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY include/ DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/${PROJECT_NAME}")
install(DIRECTORY LICENSES DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/${PROJECT_NAME}")

set(ecu_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/${PROJECT_NAME}")
install(EXPORT ${PROJECT_NAME}Targets NAMESPACE ecu:: DESTINATION "${ecu_package_dir}")

set(ecu_installed_library "")
set(ecu_pkgconfig_libraries "")
if(ecu_ort_library)
  set(ecu_installed_library "${CMAKE_INSTALL_LIBDIR}/${PROJECT_NAME}/${ecu_ort_file}")
  list(JOIN CMAKE_DL_LIBS " -l" ecu_dl)
  string(PREPEND ecu_dl "-l")
  string(REGEX REPLACE "^-l$" "" ecu_dl "${ecu_dl}")
  set(ecu_pkgconfig_libraries "${ecu_dl} -Wl,-rpath,\${libdir}/${PROJECT_NAME}")
  # The real file behind a link, under the name by which the engine opens it.
  file(REAL_PATH "${ecu_ort_library}" ecu_real_library)
  install(PROGRAMS "${ecu_real_library}" DESTINATION "${CMAKE_INSTALL_LIBDIR}/${PROJECT_NAME}"
    RENAME "${ecu_ort_file}")
endif()

configure_package_config_file(cmake/config.cmake.in "${PROJECT_NAME}Config.cmake"
  INSTALL_DESTINATION "${ecu_package_dir}"
  PATH_VARS ecu_installed_library
  NO_CHECK_REQUIRED_COMPONENTS_MACRO
)
write_basic_package_version_file("${PROJECT_NAME}ConfigVersion.cmake" COMPATIBILITY ExactVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/${PROJECT_NAME}Config.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/${PROJECT_NAME}ConfigVersion.cmake"
  DESTINATION "${ecu_package_dir}"
)

set(ecu_pkgconfig_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH ecu_up "${CMAKE_INSTALL_PREFIX}/${ecu_pkgconfig_dir}" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" ecu_up "${ecu_up}")
configure_file(cmake/bundle.pc.in "${PROJECT_NAME}.pc" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${PROJECT_NAME}.pc" DESTINATION "${ecu_pkgconfig_dir}")
