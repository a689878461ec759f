# grapnel::compiled: the same library with its engine compiled once, as a static library of the
# build that uses it, for programs of many sources: each of them then compiles in a fraction of the
# time. grapnel::postgres_compiled: the same with PostgreSQL, where that component is.
# Needs: the files to compile, GRAPNEL_SEPARATE_CPP and GRAPNEL_POSTGRES_SEPARATE_CPP, and
# grapnel::grapnel.
if(NOT TARGET grapnel::compiled)
  add_library(grapnel_compiled STATIC EXCLUDE_FROM_ALL "${GRAPNEL_SEPARATE_CPP}")
  add_library(grapnel::compiled ALIAS grapnel_compiled)
  target_link_libraries(grapnel_compiled PUBLIC grapnel::grapnel)
  target_compile_features(grapnel_compiled PUBLIC cxx_std_20)
  target_compile_definitions(grapnel_compiled PUBLIC GRAPNEL_SEPARATE_COMPILATION)
  set_target_properties(grapnel_compiled PROPERTIES POSITION_INDEPENDENT_CODE ON)
endif()
if(TARGET grapnel::postgres AND NOT TARGET grapnel::postgres_compiled)
  add_library(grapnel_postgres_compiled STATIC EXCLUDE_FROM_ALL "${GRAPNEL_POSTGRES_SEPARATE_CPP}")
  add_library(grapnel::postgres_compiled ALIAS grapnel_postgres_compiled)
  target_link_libraries(grapnel_postgres_compiled PUBLIC grapnel::postgres grapnel::compiled)
  set_target_properties(grapnel_postgres_compiled PROPERTIES POSITION_INDEPENDENT_CODE ON)
endif()

# grapnel_precompile(TARGET): every source of TARGET, which links grapnel::compiled, starts with
# <grapnel/grapnel.hpp>, precompiled. It is precompiled once for all targets that are compiled
# alike: the same options, definitions, linked libraries and CMAKE_CXX_FLAGS. Any that differs has
# its own.
#
# What it needs: to be called last, for what is said about TARGET later would not fit; room for a
# file of 50 to 150 MB for each; and with ccache, CCACHE_SLOPPINESS=pch_defines,time_macros in its
# environment (and -Xclang -fno-pch-timestamp with clang), or ccache stores nothing. It pays from
# about five sources on.
function(grapnel_precompile target)
  if(NOT TARGET ${target})
    message(FATAL_ERROR "grapnel_precompile(${target}): there is no target ${target}")
  endif()
  set(copied COMPILE_OPTIONS COMPILE_DEFINITIONS COMPILE_FEATURES INCLUDE_DIRECTORIES LINK_LIBRARIES
    CXX_STANDARD CXX_EXTENSIONS CXX_VISIBILITY_PRESET POSITION_INDEPENDENT_CODE)
  get_target_property(type ${target} TYPE)
  set(shared_code FALSE)
  if(type MATCHES "SHARED|MODULE")
    set(shared_code TRUE)  # compiled as position-independent code by itself
  endif()
  set(key "${CMAKE_CXX_FLAGS};${CMAKE_CXX_FLAGS_${CMAKE_BUILD_TYPE}};${shared_code}")
  foreach(property IN LISTS copied)
    get_target_property(value_${property} ${target} ${property})
    list(APPEND key "${property}=${value_${property}}")
  endforeach()
  string(MD5 hash "${key}")
  string(SUBSTRING "${hash}" 0 8 hash)
  set(shared grapnel_precompiled_${hash})

  if(NOT TARGET ${shared})
    set(source "${CMAKE_BINARY_DIR}/${shared}.cpp")
    file(CONFIGURE OUTPUT "${source}" CONTENT "// Only here for what is precompiled with it.\n")
    add_library(${shared} OBJECT EXCLUDE_FROM_ALL "${source}")
    foreach(property IN LISTS copied)
      if(NOT value_${property} STREQUAL "value_${property}-NOTFOUND")
        set_property(TARGET ${shared} PROPERTY ${property} "${value_${property}}")
      endif()
    endforeach()
    if(shared_code)
      set_property(TARGET ${shared} PROPERTY POSITION_INDEPENDENT_CODE ON)
    endif()
    target_precompile_headers(${shared} PRIVATE <grapnel/grapnel.hpp>)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${shared})
endfunction()
