# Adds the comparisons with other libraries to the target grapnel_benchmark: ent's always, for it
# needs a program at run time only (see peers/ent.sh), SOCI's and POCO Data's where they are found.
# Debian: libsoci-dev and libboost-dev, which SOCI's headers include; libpoco-dev.
set(peers_dir "${CMAKE_CURRENT_LIST_DIR}/peers")
set(compile_dir "${CMAKE_CURRENT_LIST_DIR}/compile")  # what compile.sh compiles, and nothing else
grapnel_note_sources("${compile_dir}/handwritten.cpp" "${compile_dir}/usage.cpp")
grapnel_note_sources(
  "${peers_dir}/compare.cpp" "${peers_dir}/ent.cpp" "${peers_dir}/poco.cpp" "${peers_dir}/soci.cpp")

target_sources(grapnel_benchmark PRIVATE "${peers_dir}/ent.cpp")

# SOCI: as its own CMake package names it, in its three generations, or as Debian has it, without
# one.
find_package(SOCI QUIET COMPONENTS SQLite3)
set(soci_libraries "")
foreach(names "SOCI::SQLite3" "SOCI::soci_core;SOCI::soci_sqlite3" "soci_core;soci_sqlite3")
  list(GET names 0 first)
  if(NOT soci_libraries AND TARGET ${first})
    set(soci_libraries ${names})
  endif()
endforeach()
if(NOT soci_libraries)
  find_path(GRAPNEL_SOCI_INCLUDE_DIR soci/soci.h)
  find_library(GRAPNEL_SOCI_CORE soci_core)
  find_library(GRAPNEL_SOCI_SQLITE3 soci_sqlite3)
  mark_as_advanced(GRAPNEL_SOCI_INCLUDE_DIR GRAPNEL_SOCI_CORE GRAPNEL_SOCI_SQLITE3)
  if(GRAPNEL_SOCI_INCLUDE_DIR AND GRAPNEL_SOCI_CORE AND GRAPNEL_SOCI_SQLITE3)
    set(soci_libraries ${GRAPNEL_SOCI_SQLITE3} ${GRAPNEL_SOCI_CORE})
  endif()
endif()
if(soci_libraries)
  # Its headers may need Boost's, which it does not bring along.
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_LIBRARIES ${soci_libraries})
  set(CMAKE_REQUIRED_INCLUDES ${GRAPNEL_SOCI_INCLUDE_DIR})
  check_cxx_source_compiles("#include <soci/soci.h>\n#include <soci/sqlite3/soci-sqlite3.h>
    int main() { soci::session session(soci::sqlite3, \":memory:\"); }" GRAPNEL_SOCI_COMPILES)
  unset(CMAKE_REQUIRED_LIBRARIES)
  unset(CMAKE_REQUIRED_INCLUDES)
endif()
if(soci_libraries AND GRAPNEL_SOCI_COMPILES)
  target_sources(grapnel_benchmark PRIVATE "${peers_dir}/compare.cpp" "${peers_dir}/soci.cpp")
  target_link_libraries(grapnel_benchmark PRIVATE ${soci_libraries})
  if(GRAPNEL_SOCI_INCLUDE_DIR)
    target_include_directories(grapnel_benchmark SYSTEM PRIVATE "${GRAPNEL_SOCI_INCLUDE_DIR}")
  endif()
else()
  message(STATUS "Grapnel: no comparison with SOCI, which was not found or lacks Boost's headers")
endif()

find_package(Poco QUIET COMPONENTS DataSQLite)
if(TARGET Poco::DataSQLite)
  target_sources(grapnel_benchmark PRIVATE "${peers_dir}/compare.cpp" "${peers_dir}/poco.cpp")
  target_link_libraries(grapnel_benchmark PRIVATE Poco::DataSQLite)
else()
  message(STATUS "Grapnel: no comparison with POCO Data, which was not found")
endif()
