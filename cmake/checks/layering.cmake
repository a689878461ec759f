# Reads the #include lines of every header and refuses a wrong arrow between the rooms.
# Takes: ROOT
cmake_policy(VERSION 3.24)

# A room may include itself and what stands above it. What is compiled once, in a room's impl/, is
# seen by its own room and by what is compiled once elsewhere.
set(rooms
  base core hook model schema
  store/describe store/predicate store/driver store/tx store/query store/migrate store/mutation
  store/write store/builders store store/sql store/sql/migrate store/sqlite/native
  store/sqlite/migrate store/sqlite store/postgres/native store/postgres/migrate store/postgres
  extras testing)
# An engine knows the seam and what the engines share: nothing else of the store, and no other
# engine. Its open.hpp opens a Database.
set(engine "^store/(sqlite|postgres)(/|$)")
set(seam "^store/(driver|predicate|sql)(/|$)")
# These are the core: nothing but the standard library.
set(standard_only base core hook model schema)

# The umbrellas, directly in include/grapnel/, are for users, and reach down to their room; a room
# never includes one.
set(reach_core.hpp core)
set(reach_hook.hpp hook)
set(reach_schema.hpp schema)
set(reach_store.hpp store)
set(reach_sqlite.hpp store/sqlite)
set(reach_postgres.hpp store/postgres)
set(reach_extras.hpp extras)
set(reach_testing.hpp testing)
set(reach_grapnel.hpp extras)
set(reach_separate.cpp extras)
set(reach_postgres_separate.cpp store/postgres)

# The room of PATH (below include/grapnel/), or "umbrella".
function(room_of path out)
  cmake_path(GET path PARENT_PATH room)
  string(REGEX REPLACE "/impl$" "" room "${room}")
  string(REGEX REPLACE "^extras/.*" "extras" room "${room}")  # a battery of several headers
  if(room STREQUAL "")
    set(room umbrella)
  endif()
  set(${out} "${room}" PARENT_SCOPE)
endfunction()

set(problems "")
file(GLOB_RECURSE headers RELATIVE "${ROOT}/include/grapnel" "${ROOT}/include/grapnel/*")
if(NOT headers)
  message(FATAL_ERROR "no header below ${ROOT}/include/grapnel")
endif()
foreach(header IN LISTS headers)
  room_of("${header}" room)
  set(reach "${room}")
  if(room STREQUAL umbrella)
    set(reach "${reach_${header}}")
  endif()
  list(FIND rooms "${reach}" level)
  if(level EQUAL -1 AND NOT header STREQUAL "version.hpp")
    string(APPEND problems "  ${header}: there is no room ${room}\n")
    continue()
  endif()

  # What is ready-made has the public face alone, as everybody has (B213).
  if(room STREQUAL extras)
    file(STRINGS "${ROOT}/include/grapnel/${header}" inner REGEX "detail::|namespace detail|/impl/")
    foreach(line IN LISTS inner)
      string(APPEND problems "  ${header}: extras has the public face alone: ${line}\n")
    endforeach()
  endif()

  file(STRINGS "${ROOT}/include/grapnel/${header}" includes REGEX "^[ \t]*#[ \t]*include")
  foreach(line IN LISTS includes)
    if(NOT line MATCHES "include[ \t]*([<\"])([^>\"]+)[>\"]")
      string(APPEND problems "  ${header}: cannot read `${line}`\n")
      continue()
    endif()
    set(file "${CMAKE_MATCH_2}")
    if(CMAKE_MATCH_1 STREQUAL "\"")
      string(APPEND problems
        "  ${header}: write <grapnel/...> with the full path, not \"${file}\"\n")
    elseif(file MATCHES "^grapnel/(.+)$")
      set(target "${CMAKE_MATCH_1}")
      room_of("${target}" to)
      list(FIND rooms "${to}" at)
      if(target STREQUAL "version.hpp")
        continue()
      elseif(to STREQUAL umbrella)
        if(NOT room STREQUAL umbrella)
          string(APPEND problems "  ${header}: ${room} may not include the umbrella <${file}>\n")
        elseif(target STREQUAL "postgres.hpp" AND NOT header STREQUAL "postgres_separate.cpp")
          string(APPEND problems "  ${header}: only who asks for PostgreSQL has <${file}>\n")
        endif()
      elseif(at EQUAL -1 OR at GREATER level)
        string(APPEND problems "  ${header}: ${reach} may not include <${file}>\n")
      elseif(target MATCHES "/impl/" AND NOT to STREQUAL room
             AND NOT header MATCHES "/impl/|^(postgres_)?separate.cpp$")
        string(APPEND problems "  ${header}: <${file}> is for ${to}/ alone\n")
      endif()
      if(room MATCHES "${engine}" AND to MATCHES "^store(/|$)" AND NOT to MATCHES "${seam}"
         AND NOT header MATCHES "/open\\.hpp$")
        string(REGEX MATCH "^store/[a-z]+" own "${room}")
        if(NOT to MATCHES "^${own}(/|$)")
          string(APPEND problems "  ${header}: an engine may not include <${file}>\n")
        endif()
      elseif(target MATCHES "^store/postgres/"
             AND NOT header MATCHES "^(store/postgres/|postgres(\\.hpp|_separate\\.cpp)$)")
        string(APPEND problems "  ${header}: only who asks for PostgreSQL has <${file}>\n")
      elseif(target MATCHES "^extras/sinks/(webhook|redis|nats)[./]")
        if(NOT header MATCHES "^extras/sinks/${CMAKE_MATCH_1}[./]")
          string(APPEND problems "  ${header}: only who asks for the sink has <${file}>\n")
        endif()
      endif()
    elseif(file MATCHES "^(curl|openssl|hiredis|nats)/")
      set(sink_of_curl webhook)
      set(sink_of_openssl webhook)
      set(sink_of_hiredis redis)
      set(sink_of_nats nats)
      set(sink "${sink_of_${CMAKE_MATCH_1}}")
      if(NOT header MATCHES "^extras/sinks/${sink}[./]")
        string(APPEND problems "  ${header}: only extras/sinks/${sink} may include <${file}>\n")
      endif()
    elseif(file MATCHES "^(SQLiteCpp/|sqlite3)")
      if(NOT room MATCHES "^store/sqlite(/|$)")
        string(APPEND problems "  ${header}: only store/sqlite may include <${file}>\n")
      endif()
    elseif(file MATCHES "^(libpq|postgres_ext|pg_config)")
      if(NOT room MATCHES "^store/postgres(/|$)")
        string(APPEND problems "  ${header}: only store/postgres may include <${file}>\n")
      endif()
    elseif(header STREQUAL "core/impl/stack.hpp" AND file STREQUAL "pthread.h")
      continue()  # where a thread's stack ends only the system says; nothing is linked for it
    elseif(header STREQUAL "base/lock.hpp" AND file STREQUAL "pthread.h")
      continue()  # what std::mutex is made of, and all standard headers include
    elseif(header STREQUAL "base/shared.hpp" AND file STREQUAL "sys/single_threaded.h")
      continue()  # whether counting needs no lock: what the standard library's own pointers ask
    elseif(reach IN_LIST standard_only AND (file MATCHES "/" OR file MATCHES "\\.h(pp)?$"))
      string(APPEND problems
        "  ${header}: ${reach} may include the standard library alone, not <${file}>\n")
    endif()
  endforeach()
endforeach()
if(problems)
  message(FATAL_ERROR "Wrong arrows between the rooms of include/grapnel:\n${problems}")
endif()
