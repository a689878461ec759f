# Two sources that include a header of Grapnel's link when both are compiled in the same way,
# header-only or with the engine compiled once, and not when they are not: then the linker names the
# macro.
# Takes: ARGUMENTS (a file that sets `compiler` and `arguments`), WORK_DIR
cmake_policy(VERSION 3.24)
include("${ARGUMENTS}")
list(REMOVE_ITEM arguments -DGRAPNEL_SEPARATE_COMPILATION)
set(ENV{LC_ALL} C)
file(MAKE_DIRECTORY "${WORK_DIR}")
set(start "#include <grapnel/base/compiled.hpp>\nint Other();\n")
file(WRITE "${WORK_DIR}/one.cpp" "${start}int main() { return Other(); }\n")
file(WRITE "${WORK_DIR}/two.cpp" "${start}int Other() { return 0; }\n")
set(ways "" -DGRAPNEL_SEPARATE_COMPILATION)
foreach(source one two)
  foreach(way 0 1)
    list(GET ways ${way} define)
    execute_process(COMMAND ${compiler} ${arguments} ${define}
        -c "${WORK_DIR}/${source}.cpp" -o "${WORK_DIR}/${source}${way}.o"
      COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endforeach()
foreach(one 0 1)
  foreach(two 0 1)
    execute_process(COMMAND ${compiler} ${arguments}
        "${WORK_DIR}/one${one}.o" "${WORK_DIR}/two${two}.o" -o "${WORK_DIR}/linked"
      OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE status)
    if(one EQUAL two AND NOT status EQUAL 0)
      message(FATAL_ERROR "two sources that are compiled alike do not link:\n${said}")
    elseif(NOT one EQUAL two AND status EQUAL 0)
      message(FATAL_ERROR "a header-only source links with one whose engine is compiled once")
    elseif(NOT one EQUAL two
           AND NOT said MATCHES "all_sources_must_agree_on_GRAPNEL_SEPARATE_COMPILATION")
      message(FATAL_ERROR "the linker does not say what the sources disagree on:\n${said}")
    endif()
  endforeach()
endforeach()
