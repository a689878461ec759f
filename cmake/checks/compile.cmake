# Compiles one file of tests/compile/ with -fsyntax-only. NAME_accept.cpp must compile without a
# warning. NAME_reject.cpp must not, and what the compiler says must match every `// expect: REGEX`
# line in it.
# Takes: SOURCE, ARGUMENTS (a file that sets `compiler` and `arguments`), INCLUDE (arguments as
# well)
cmake_policy(VERSION 3.24)
include("${ARGUMENTS}")
set(ENV{LC_ALL} C)  # the same quotation marks everywhere
execute_process(COMMAND ${compiler} ${arguments} ${INCLUDE} -fsyntax-only "${SOURCE}"
  OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE status)

message("${said}")  # verbatim; CTest shows it when the test fails
if(SOURCE MATCHES "_accept\\.cpp$")
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${SOURCE} must compile, and does not")
  endif()
  return()
endif()

if(status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} must not compile, and does")
elseif(said MATCHES "fatal error: ")
  message(FATAL_ERROR "${SOURCE} fails for want of a file")
endif()
file(READ "${SOURCE}" text)
string(PREPEND text "\n")
set(expectations 0)
while(text MATCHES "\n// expect: ([^\n]+)")
  set(expectation "${CMAKE_MATCH_1}")
  string(FIND "${text}" "${CMAKE_MATCH_0}" start)
  string(LENGTH "${CMAKE_MATCH_0}" length)
  math(EXPR start "${start} + ${length}")
  string(SUBSTRING "${text}" ${start} -1 text)
  math(EXPR expectations "${expectations} + 1")
  if(NOT said MATCHES "${expectation}")
    message(FATAL_ERROR "${SOURCE}: the compiler does not say `${expectation}`")
  endif()
endwhile()
if(expectations EQUAL 0)
  message(FATAL_ERROR "${SOURCE} has no `// expect: REGEX` line")
endif()
