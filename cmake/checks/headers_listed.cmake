# cmake/headers.cmake names exactly the headers on disk, each under its target.
# Takes: ROOT
cmake_policy(VERSION 3.24)
include("${CMAKE_CURRENT_LIST_DIR}/../list_headers.cmake")
grapnel_headers_text("${ROOT}" expected)
file(READ "${ROOT}/cmake/headers.cmake" actual)
if(NOT actual STREQUAL expected)
  string(REGEX MATCHALL "grapnel/[^\n]+" on_disk "${expected}")
  string(REGEX MATCHALL "grapnel/[^\n]+" listed "${actual}")
  set(missing ${on_disk})
  set(gone ${listed})
  list(REMOVE_ITEM missing ${listed})
  list(REMOVE_ITEM gone ${on_disk})
  message(FATAL_ERROR "cmake/headers.cmake differs from include/\n"
                      "not listed: ${missing}\nlisted, not there: ${gone}\n"
                      "Run: cmake -P cmake/list_headers.cmake")
endif()
