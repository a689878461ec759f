# Runs an example in an empty folder and compares what it prints, byte for byte, with its header
# comment:
#
#   // Output:
#   //   first line
#   //   second line
#
# Takes: PROGRAM, WORK_DIR, and SOURCE, or EXPECTED (a file that holds what it prints); CONNINFO (a
# file that says where a PostgreSQL server is: the program gets a schema of its own there, and is
# told of it by its argument)
cmake_policy(VERSION 3.24)
if(CONNINFO AND NOT EXISTS "${CONNINFO}")
  message("skipped: there is no PostgreSQL server")
  return()
endif()
if(EXPECTED)
  set(SOURCE "${EXPECTED}")
  file(READ "${EXPECTED}" expected)
else()
  file(READ "${SOURCE}" text)
  string(FIND "${text}" "// Output:\n" start)
  if(start EQUAL -1)
    message(FATAL_ERROR "${SOURCE} has no `// Output:` in its header comment")
  endif()
  math(EXPR start "${start} + 11")
  string(SUBSTRING "${text}" ${start} -1 text)
  set(expected "")
  while(text MATCHES "^//   ([^\n]*\n)")
    string(APPEND expected "${CMAKE_MATCH_1}")
    string(LENGTH "${CMAKE_MATCH_0}" length)
    string(SUBSTRING "${text}" ${length} -1 text)
  endwhile()
  if(expected STREQUAL "")
    message(FATAL_ERROR "${SOURCE} says no output below `// Output:`")
  endif()
endif()

set(arguments "")
if(CONNINFO)
  file(STRINGS "${CONNINFO}" server LIMIT_COUNT 1)
  get_filename_component(schema "${PROGRAM}" NAME)
  execute_process(COMMAND psql -q "${server}" -c "SET client_min_messages = warning"
      -c "DROP SCHEMA IF EXISTS \"${schema}\" CASCADE" -c "CREATE SCHEMA \"${schema}\""
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  set(arguments "${server} options='-c search_path=\"${schema}\"'")
endif()
file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}")
execute_process(COMMAND "${PROGRAM}" ${arguments} WORKING_DIRECTORY "${WORK_DIR}"
  OUTPUT_VARIABLE printed ERROR_VARIABLE errors RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message("${printed}\n${errors}")
  message(FATAL_ERROR "${PROGRAM} ended with ${status}")
elseif(NOT printed STREQUAL expected)
  message("--- ${SOURCE} says\n${expected}--- it printed\n${printed}---")
  message(FATAL_ERROR "The output differs")
endif()
