# The tests mirror the headers: include/grapnel/X/y.hpp <-> tests/X/y_test.cpp, both ways.
# Without a test of their own: what is compiled once, in impl/ folders, and the umbrellas directly in
# include/grapnel/.
# Takes: ROOT
cmake_policy(VERSION 3.24)
# Those that were in no room until now.
set(untested
  store/builders/builder store/driver/process store/mutation/describe store/mutation/draft
  store/mutation/edge_changes store/query/eager store/query/rows store/tx/callbacks store/tx/guard
  store/tx/scopes store/tx/session store/write/cascade store/write/edges store/write/pending_rows
  store/write/row_lists store/write/run store/write/stages store/write/terminal)
set(problems "")
file(GLOB_RECURSE headers RELATIVE "${ROOT}/include/grapnel" "${ROOT}/include/grapnel/*.hpp")
foreach(header IN LISTS headers)
  if(header MATCHES "(^|/)impl/" OR NOT header MATCHES "/")
    continue()
  endif()
  string(REGEX REPLACE "\\.hpp$" "" name "${header}")
  if(name IN_LIST untested)
    continue()
  endif()
  set(test "tests/${name}_test.cpp")
  if(NOT EXISTS "${ROOT}/${test}")
    string(APPEND problems "  include/grapnel/${header} has no ${test}\n")
  endif()
endforeach()

file(GLOB_RECURSE tests RELATIVE "${ROOT}/tests" "${ROOT}/tests/*_test.cpp")
foreach(test IN LISTS tests)
  if(test MATCHES "^(contract|compile|consumer|odr|support|benchmark)/")
    continue()
  endif()
  string(REGEX REPLACE "_test\\.cpp$" ".hpp" header "include/grapnel/${test}")
  if(NOT EXISTS "${ROOT}/${header}")
    string(APPEND problems "  tests/${test} has no ${header}\n")
  endif()
endforeach()
if(problems)
  message(FATAL_ERROR "The tests do not mirror the headers:\n${problems}")
endif()
