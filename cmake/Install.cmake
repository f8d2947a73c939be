# `cmake --install` puts the program, the library and its headers in place; then
# find_package(redkeep) gives the target redkeep::redkeep.
include(CMakePackageConfigHelpers)

set(redkeep_package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/redkeep)
install(TARGETS redkeep EXPORT redkeepTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/redkeep DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT redkeepTargets NAMESPACE redkeep:: DESTINATION ${redkeep_package_directory})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/redkeepConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/redkeepConfig.cmake
                              INSTALL_DESTINATION ${redkeep_package_directory})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/redkeepConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/redkeepConfig.cmake
              ${PROJECT_BINARY_DIR}/redkeepConfigVersion.cmake
        DESTINATION ${redkeep_package_directory})
