# The top level holds these and nothing else but dot-files (and build/, which git ignores).
# Takes: ROOT
cmake_policy(VERSION 3.24)
set(allowed include tests examples cmake CMakeLists.txt CMakePresets.json CMakeUserPresets.json
    README.md LICENSE build)
file(GLOB entries RELATIVE "${ROOT}" "${ROOT}/*")
list(FILTER entries EXCLUDE REGEX "^\\.")
list(REMOVE_ITEM entries ${allowed})
if(entries)
  message(FATAL_ERROR "These do not belong at the top level: ${entries}")
endif()
