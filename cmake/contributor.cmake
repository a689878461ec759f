# How our own tests, examples and header checks are built. Users who link grapnel::* get none of
# this.
set(GRAPNEL_CONTRIBUTOR_OPTIONS -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(GRAPNEL_WARNINGS_AS_ERRORS)
  list(APPEND GRAPNEL_CONTRIBUTOR_OPTIONS -Werror)
endif()

add_library(grapnel_contributor INTERFACE)
target_compile_features(grapnel_contributor INTERFACE cxx_std_20)
target_compile_options(grapnel_contributor INTERFACE ${GRAPNEL_CONTRIBUTOR_OPTIONS})
if(GRAPNEL_SANITIZE)
  target_compile_options(grapnel_contributor INTERFACE
    -fsanitize=${GRAPNEL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    -g1)  # enough for a stack trace, and faster to build
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND GRAPNEL_SANITIZE MATCHES "undefined")
    # With g++ these three alone nearly double the time of a build; clang++ checks them for both.
    target_compile_options(grapnel_contributor INTERFACE -fno-sanitize=null,alignment,vptr)
  endif()
  target_link_options(grapnel_contributor INTERFACE -fsanitize=${GRAPNEL_SANITIZE})
endif()

target_link_libraries(grapnel_compiled PRIVATE grapnel_contributor)
if(TARGET grapnel_postgres_compiled)
  target_link_libraries(grapnel_postgres_compiled PRIVATE grapnel_contributor)
endif()

# Linking some 150 programs takes half as long with it.
find_program(GRAPNEL_GOLD ld.gold DOC "The gold linker, or empty to link without it")
mark_as_advanced(GRAPNEL_GOLD)
if(GRAPNEL_GOLD)
  target_link_options(grapnel_contributor INTERFACE -fuse-ld=gold)
endif()

set(CMAKE_CXX_EXTENSIONS OFF)

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(GRAPNEL_CCACHE ccache DOC "ccache, or empty to build without it")
  mark_as_advanced(GRAPNEL_CCACHE)
  if(GRAPNEL_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${GRAPNEL_CCACHE}")
  endif()
endif()

# Every .cpp below tests/ and examples/ is named in a CMakeLists.txt. The functions that take them
# note them here; the check files_listed compares the notes with what is on disk.
function(grapnel_note_sources)
  foreach(file IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    cmake_path(RELATIVE_PATH file BASE_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_property(GLOBAL APPEND PROPERTY GRAPNEL_SOURCES "${file}")
  endforeach()
endfunction()
