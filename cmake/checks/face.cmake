# What <grapnel/grapnel.hpp> brings where the engine is compiled once is the face: no header of the
# machine, no engine, and none of the standard headers that are dear to include.
# Takes: ARGUMENTS (a file that sets `compiler` and `arguments`), WORK_DIR
cmake_policy(VERSION 3.24)
include("${ARGUMENTS}")
list(REMOVE_ITEM arguments -DGRAPNEL_SEPARATE_COMPILATION)
set(ENV{LC_ALL} C)

# Of those that a standard header includes by itself nothing is said.
set(dear
  algorithm any atomic bitset charconv chrono condition_variable deque execution filesystem format
  fstream functional future iomanip iostream istream list locale map memory memory_resource mutex
  numeric ostream random ranges regex semaphore set shared_mutex source_location sstream stop_token
  thread unordered_map unordered_set)
# The machine: what the typed face does not call.
set(machine
  /impl/ /model/graph /store/driver/driver /store/driver/loading /store/mutation/describe
  /store/mutation/touched /store/sql/ /store/tx/callbacks /store/tx/guard /store/tx/level
  /store/tx/session /store/write/cascade /store/write/edges /store/write/pending_rows
  /store/write/row_lists /store/write/stages /store/write/terminal)

file(WRITE "${WORK_DIR}/face.cpp" "#include <grapnel/grapnel.hpp>\n")
execute_process(COMMAND ${compiler} ${arguments} -DGRAPNEL_SEPARATE_COMPILATION -E -H
    "${WORK_DIR}/face.cpp"
  OUTPUT_QUIET ERROR_VARIABLE said RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "the umbrella is not preprocessed:\n${said}")
endif()
string(REGEX MATCHALL "(^|\n)\\.+ [^\n]+" lines "${said}")
if(NOT said MATCHES "/grapnel/store/client\\.hpp")
  message(FATAL_ERROR "the compiler does not list what the umbrella includes:\n${said}")
endif()

set(problems "")
set(by_0 "")
foreach(line IN LISTS lines)
  string(REGEX MATCH "(\\.+) (.+)$" line "${line}")
  set(file "${CMAKE_MATCH_2}")
  string(LENGTH "${CMAKE_MATCH_1}" depth)
  set(by_${depth} "${file}")
  math(EXPR outer "${depth} - 1")
  set(by "${by_${outer}}")
  cmake_path(GET file FILENAME name)
  set(wrong "")
  if(file MATCHES "/include/grapnel/")
    foreach(part IN LISTS machine)
      if(file MATCHES "/include/grapnel.*${part}")
        set(wrong "of the machine")
      endif()
    endforeach()
  elseif(name MATCHES "^sqlite3" OR file MATCHES "/SQLiteCpp/")
    set(wrong "of an engine")
  elseif(name IN_LIST dear AND by MATCHES "/include/grapnel/")
    set(wrong "dear to include")
  endif()
  if(wrong)
    string(REGEX REPLACE ".*/include/" "" file "${file}")
    string(REGEX REPLACE ".*/include/" "" by "${by}")
    string(REGEX REPLACE "^c\\+\\+/[^/]+/" "" file "${file}")
    string(APPEND problems "  <${file}>, ${wrong}, by <${by}>\n")
  endif()
endforeach()
if(problems)
  message(FATAL_ERROR "Where the engine is compiled once, <grapnel/grapnel.hpp> brings what is not "
                      "of the face:\n${problems}")
endif()
