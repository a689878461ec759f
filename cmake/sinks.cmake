# The libraries of the outbox's sinks, each a component of its own beside the engines: webhook
# (libcurl and OpenSSL), redis (hiredis) and nats (cnats). Used in the source tree, and installed
# with the package.

# grapnel_find_sink(COMPONENT OUT [GLOBAL]): looks for the library of COMPONENT, whose targets are
# then seen by this directory and those below it, or by all. Sets OUT to what is missing, with its
# Debian package; empty where all is there.
function(grapnel_find_sink component out)
  set(missing "")
  if(component STREQUAL "webhook")
    find_package(CURL QUIET ${ARGN})
    find_package(OpenSSL QUIET ${ARGN})
    if(NOT TARGET CURL::libcurl)
      set(missing "libcurl (Debian: apt-get install libcurl4-openssl-dev)")
    elseif(NOT TARGET OpenSSL::Crypto)
      set(missing "OpenSSL (Debian: apt-get install libssl-dev)")
    endif()
  elseif(component STREQUAL "redis")
    grapnel_find_c_library(hiredis hiredis::hiredis hiredis/hiredis.h libhiredis-dev missing
      ${ARGN})
  else()
    grapnel_find_c_library(nats cnats::nats nats/nats.h libnats-dev missing ${ARGN})
  endif()
  set(${out} "${missing}" PARENT_SCOPE)
endfunction()

# Makes grapnel::lib_NAME of TARGET, where the project around us has it, or of HEADER and the
# library NAME. The packages that they come with differ from one system to the next: some have no
# CMake package, some one without targets.
function(grapnel_find_c_library name target header debian out)
  if(TARGET grapnel::lib_${name})
    return()
  endif()
  string(TOUPPER "GRAPNEL_${name}" prefix)
  if(NOT TARGET ${target})
    find_path(${prefix}_INCLUDE_DIR "${header}")
    find_library(${prefix}_LIBRARY NAMES ${name})
    mark_as_advanced(${prefix}_INCLUDE_DIR ${prefix}_LIBRARY)
    if(NOT ${prefix}_INCLUDE_DIR OR NOT ${prefix}_LIBRARY)
      set(${out} "lib${name} (Debian: apt-get install ${debian})" PARENT_SCOPE)
      return()
    endif()
    set(target "${${prefix}_LIBRARY}")
  endif()
  add_library(grapnel::lib_${name} INTERFACE IMPORTED ${ARGN})
  target_link_libraries(grapnel::lib_${name} INTERFACE "${target}")
  if(${prefix}_INCLUDE_DIR)
    target_include_directories(grapnel::lib_${name} SYSTEM INTERFACE "${${prefix}_INCLUDE_DIR}")
  endif()
endfunction()
