# Precompiles what the files of tests/compile/ include, for cmake/checks/compile.cmake.
# Takes: ARGUMENTS (a file that sets `compiler` and `arguments`), HEADER, OUT
cmake_policy(VERSION 3.24)
include("${ARGUMENTS}")
execute_process(COMMAND ${compiler} ${arguments} -x c++-header "${HEADER}" -o "${OUT}"
  COMMAND_ERROR_IS_FATAL ANY)
