# Every .cpp below tests/ and examples/ is registered in a CMakeLists.txt, and every registered one
# exists.
# Takes: ROOT, LISTED (a file that holds the registered paths, one a line)
cmake_policy(VERSION 3.24)
file(STRINGS "${LISTED}" listed)
file(GLOB_RECURSE on_disk RELATIVE "${ROOT}" "${ROOT}/tests/*.cpp" "${ROOT}/examples/*.cpp")
set(orphans ${on_disk})
set(gone ${listed})
list(REMOVE_ITEM orphans ${listed})
list(REMOVE_ITEM gone ${on_disk})
if(orphans OR gone)
  list(JOIN orphans "\n  " orphans)
  list(JOIN gone "\n  " gone)
  message(FATAL_ERROR "The registered sources differ from those on disk.\n"
                      "On disk, not registered:\n  ${orphans}\nRegistered, not on disk:\n  ${gone}")
endif()
