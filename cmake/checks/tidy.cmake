# Reads every header of include/, header-only and in one source, with clang-tidy 14 and the checks
# of .clang-tidy, each of them an error.
# Takes: ROOT, ARGUMENTS (a file that sets `arguments`), WORK_DIR, LIBPQ (the folder of its headers;
# without it PostgreSQL's engine is not read), SINKS (those whose library is there, with commas).
# Says "skipped" where there is no clang-tidy 14.
cmake_policy(VERSION 3.24)
find_program(GRAPNEL_CLANG_TIDY NAMES clang-tidy-14 clang-tidy NO_CACHE)
set(version "")
if(GRAPNEL_CLANG_TIDY)
  execute_process(COMMAND "${GRAPNEL_CLANG_TIDY}" --version OUTPUT_VARIABLE version)
endif()
if(NOT version MATCHES "version 14\\.")
  message("skipped: no clang-tidy 14 (Debian: apt-get install clang-tidy-14)")
  return()
endif()

include("${ARGUMENTS}")
list(FILTER arguments INCLUDE REGEX "^(-std=|-I)")
file(GLOB_RECURSE headers RELATIVE "${ROOT}/include" "${ROOT}/include/*.hpp")
list(REMOVE_ITEM headers grapnel/grapnel.hpp)
if(LIBPQ)
  list(TRANSFORM LIBPQ PREPEND "-isystem")
  list(APPEND arguments ${LIBPQ})
else()
  list(FILTER headers EXCLUDE REGEX "postgres")
endif()
string(REPLACE "," ";" SINKS "${SINKS}")
foreach(sink webhook redis nats)
  if(NOT sink IN_LIST SINKS)
    list(FILTER headers EXCLUDE REGEX "extras/sinks/${sink}[./]")
  endif()
endforeach()
list(TRANSFORM headers REPLACE "(.+)" "#include <\\1>")
list(JOIN headers "\n" includes)
file(MAKE_DIRECTORY "${WORK_DIR}")
file(WRITE "${WORK_DIR}/headers.cpp" "#include <grapnel/grapnel.hpp>\n\n${includes}\n")
execute_process(COMMAND "${GRAPNEL_CLANG_TIDY}" --quiet "--config-file=${ROOT}/.clang-tidy"
    "${WORK_DIR}/headers.cpp" -- ${arguments} "-I${ROOT}/include"
  OUTPUT_VARIABLE said ERROR_VARIABLE noise RESULT_VARIABLE status)
message("${said}")  # verbatim; CTest shows it when the test fails
if(NOT status EQUAL 0)
  if(NOT said)
    message("${noise}")
  endif()
  message(FATAL_ERROR "clang-tidy-14 finds the above. A check that does not pay is switched off in "
                      ".clang-tidy, with the reason")
endif()
