# Configures, builds and runs a project of tests/consumer/ the way a user would, in an empty build
# folder.
# Takes: PROJECT, WORK_DIR, GENERATOR, COMPILER, ROOT, and PREFIX where the project uses an
# installed copy: then BUILD_DIR is installed there first.
cmake_policy(VERSION 3.24)
function(step)
  execute_process(COMMAND ${ARGV} OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGV " " command)
    message("${command}\n${said}")
    message(FATAL_ERROR "The command above ended with ${status}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
set(where "")
if(PREFIX)
  step("${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${WORK_DIR}/prefix")
  set(where "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix;${PREFIX_PATH}")
endif()
step("${CMAKE_COMMAND}" -S "${PROJECT}" -B "${WORK_DIR}/build" -G "${GENERATOR}"
     "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}"
     "-DGRAPNEL_ROOT=${ROOT}" ${where})
step("${CMAKE_COMMAND}" --build "${WORK_DIR}/build")
step("${WORK_DIR}/build/consumer")
