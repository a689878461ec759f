# The headers and the CMake package: find_package(grapnel [COMPONENTS core store sqlite postgres
# webhook redis nats]).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/grapnel")

set(targets_core grapnel_core)
set(targets_store grapnel_store)
set(targets_sqlite grapnel_sqlite grapnel)
foreach(leaf postgres webhook redis nats)
  set(targets_${leaf} grapnel_${leaf})
endforeach()
foreach(component IN LISTS GRAPNEL_COMPONENTS)
  install(TARGETS ${targets_${component}} EXPORT grapnel-${component}
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT grapnel-${component} FILE grapnel-${component}-targets.cmake
    NAMESPACE grapnel:: DESTINATION "${package_dir}")
endforeach()

configure_package_config_file(cmake/grapnelConfig.cmake.in
  "${PROJECT_BINARY_DIR}/grapnelConfig.cmake" INSTALL_DESTINATION "${package_dir}"
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/grapnelConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  "${PROJECT_BINARY_DIR}/grapnelConfig.cmake"
  "${PROJECT_BINARY_DIR}/grapnelConfigVersion.cmake"
  DESTINATION "${package_dir}")
install(FILES cmake/sinks.cmake DESTINATION "${package_dir}" RENAME grapnel-sinks.cmake)
if(TARGET grapnel::compiled)
  install(FILES include/grapnel/separate.cpp DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/grapnel")
  install(FILES cmake/compiled.cmake DESTINATION "${package_dir}" RENAME grapnel-compiled.cmake)
endif()
if(TARGET grapnel::postgres_compiled)
  install(FILES include/grapnel/postgres_separate.cpp
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/grapnel")
endif()
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
