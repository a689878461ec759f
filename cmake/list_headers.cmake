# cmake -P cmake/list_headers.cmake rewrites cmake/headers.cmake from the headers on disk.
# The check headers_listed uses the same rule and fails when the file differs from the disk.
cmake_policy(VERSION 3.24)

# Sets OUT to the text that cmake/headers.cmake should have for the tree at ROOT.
function(grapnel_headers_text root out)
  file(GLOB_RECURSE headers RELATIVE "${root}/include" "${root}/include/*")
  list(REMOVE_ITEM headers grapnel/separate.cpp grapnel/postgres_separate.cpp)
  list(SORT headers)
  set(core_rooms "^grapnel/((base|core|hook|model|schema)/.+|(core|hook|schema|version)\\.hpp)$")
  set(core "")
  set(store "")
  set(sqlite "")
  set(postgres "")
  set(webhook "")
  set(redis "")
  set(nats "")
  set(all "")
  foreach(header IN LISTS headers)
    if(header MATCHES "${core_rooms}")
      string(APPEND core "  ${header}\n")
    elseif(header MATCHES "^grapnel/(store/sqlite/.+|sqlite\\.hpp)$")
      string(APPEND sqlite "  ${header}\n")
    elseif(header MATCHES "^grapnel/(store/postgres/.+|postgres\\.hpp)$")
      string(APPEND postgres "  ${header}\n")
    elseif(header MATCHES "^grapnel/extras/sinks/(webhook|redis|nats)(/.+|\\.hpp)$")
      string(APPEND ${CMAKE_MATCH_1} "  ${header}\n")
    elseif(header MATCHES "^grapnel/(store/.+|store\\.hpp)$")
      string(APPEND store "  ${header}\n")
    else()  # the umbrella, and folders that need every layer
      string(APPEND all "  ${header}\n")
    endif()
  endforeach()
  string(CONCAT text
    "# Every header, by target. Rewritten by: cmake -P cmake/list_headers.cmake\n"
    "set(GRAPNEL_CORE_HEADERS\n${core})\n"
    "set(GRAPNEL_STORE_HEADERS\n${store})\n"
    "set(GRAPNEL_SQLITE_HEADERS\n${sqlite})\n"
    "set(GRAPNEL_POSTGRES_HEADERS\n${postgres})\n"
    "set(GRAPNEL_WEBHOOK_HEADERS\n${webhook})\n"
    "set(GRAPNEL_REDIS_HEADERS\n${redis})\n"
    "set(GRAPNEL_NATS_HEADERS\n${nats})\n"
    "set(GRAPNEL_ALL_HEADERS\n${all})\n")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH root)
  grapnel_headers_text("${root}" text)
  file(WRITE "${root}/cmake/headers.cmake" "${text}")
endif()
