# What the components in GRAPNEL_COMPONENTS need, and what the tests need. find_package goes first;
# what it does not find is downloaded only when GRAPNEL_FETCH_DEPENDENCIES is on, always at the tag
# named here. The core needs nothing.
include(FetchContent)

set(GRAPNEL_FETCHED "")  # dependencies built here and not found: these cannot be installed with us

# grapnel_dependency(NAME [VERSION v] TARGET t DEBIAN package GIT url TAG tag)
function(grapnel_dependency name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "VERSION;TARGET;DEBIAN;GIT;TAG" "")
  if(TARGET ${arg_TARGET})  # a project around us has it already
    return()
  endif()
  find_package(${name} ${arg_VERSION} QUIET GLOBAL)
  if(TARGET ${arg_TARGET})
    return()
  endif()
  if(NOT GRAPNEL_FETCH_DEPENDENCIES)
    message(FATAL_ERROR "Grapnel needs ${name} ${arg_VERSION} and did not find it. Install it "
                        "(Debian: apt-get install ${arg_DEBIAN}), name its place with "
                        "-DCMAKE_PREFIX_PATH=..., or let CMake download ${arg_TAG} with "
                        "-DGRAPNEL_FETCH_DEPENDENCIES=ON")
  endif()
  message(STATUS "Grapnel: ${name} not found, downloading ${arg_TAG}")
  FetchContent_Declare(${name}
    GIT_REPOSITORY "${arg_GIT}" GIT_TAG "${arg_TAG}" GIT_SHALLOW ON)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # these set() answer the option() of the fetched project
  set(SQLITECPP_INTERNAL_SQLITE ${GRAPNEL_INTERNAL_SQLITE})
  set(SQLITECPP_RUN_CPPLINT OFF)
  set(SQLITECPP_RUN_CPPCHECK OFF)
  set(SQLITECPP_INSTALL OFF)
  FetchContent_MakeAvailable(${name})
  foreach(fetched ${arg_TARGET} sqlite3)  # its headers are not ours to warn about
    if(TARGET ${fetched})
      get_target_property(aliased ${fetched} ALIASED_TARGET)
      if(aliased)
        set(fetched ${aliased})
      endif()
      get_target_property(includes ${fetched} INTERFACE_INCLUDE_DIRECTORIES)
      if(includes)
        set_target_properties(${fetched} PROPERTIES
          INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${includes}")
      endif()
    endif()
  endforeach()
  set(GRAPNEL_FETCHED ${GRAPNEL_FETCHED} ${name} PARENT_SCOPE)
endfunction()

if("store" IN_LIST GRAPNEL_COMPONENTS)
  set(THREADS_PREFER_PTHREAD_FLAG ON)
  find_package(Threads REQUIRED)
  grapnel_dependency(fmt TARGET fmt::fmt DEBIAN libfmt-dev
    GIT https://github.com/fmtlib/fmt.git TAG 9.1.0)
endif()

if("sqlite" IN_LIST GRAPNEL_COMPONENTS)
  # SQLite itself: found, or the copy inside the fetched SQLiteCpp.
  set(GRAPNEL_INTERNAL_SQLITE OFF)
  if(NOT TARGET SQLite::SQLite3)
    find_package(SQLite3 QUIET GLOBAL)
    if(NOT TARGET SQLite::SQLite3)
      if(NOT GRAPNEL_FETCH_DEPENDENCIES)
        message(FATAL_ERROR "Grapnel needs SQLite and did not find it. Install it (Debian: apt-get "
                            "install libsqlite3-dev), name its place with -DCMAKE_PREFIX_PATH=..., "
                            "or let CMake download it with -DGRAPNEL_FETCH_DEPENDENCIES=ON")
      endif()
      set(GRAPNEL_INTERNAL_SQLITE ON)
    endif()
  endif()
  grapnel_dependency(SQLiteCpp VERSION 3.2.1 TARGET SQLiteCpp DEBIAN libsqlitecpp-dev
    GIT https://github.com/SRombauts/SQLiteCpp.git TAG 3.2.1)
  if(GRAPNEL_INTERNAL_SQLITE AND NOT TARGET SQLite::SQLite3)
    add_library(SQLite::SQLite3 ALIAS sqlite3)
  endif()
endif()

# libpq: for who asks for it, and for our own tests where it is there.
if("postgres" IN_LIST GRAPNEL_COMPONENTS OR GRAPNEL_BUILD_POSTGRES_TESTS)
  if(NOT TARGET PostgreSQL::PostgreSQL)
    find_package(PostgreSQL QUIET GLOBAL)
  endif()
  if(TARGET PostgreSQL::PostgreSQL)
    list(APPEND GRAPNEL_COMPONENTS postgres)
    list(REMOVE_DUPLICATES GRAPNEL_COMPONENTS)
  elseif("postgres" IN_LIST GRAPNEL_COMPONENTS)
    message(FATAL_ERROR "Grapnel's component postgres needs libpq and did not find it. Install it "
                        "(Debian: apt-get install libpq-dev), or name its place with "
                        "-DCMAKE_PREFIX_PATH=...")
  endif()
endif()

# The libraries of the outbox's sinks, likewise.
foreach(sink IN LISTS GRAPNEL_SINKS)
  if(NOT sink MATCHES "^(webhook|redis|nats)$")
    message(FATAL_ERROR "GRAPNEL_SINKS is a list of webhook, redis and nats, as webhook;redis, "
                        "not ${sink}")
  elseif(NOT "sqlite" IN_LIST GRAPNEL_COMPONENTS)
    message(FATAL_ERROR "GRAPNEL_SINKS need GRAPNEL_COMPONENT=sqlite (or postgres)")
  endif()
endforeach()
include(cmake/sinks.cmake)
foreach(sink webhook redis nats)
  if("${sink}" IN_LIST GRAPNEL_SINKS OR
     (GRAPNEL_BUILD_SINK_TESTS AND "sqlite" IN_LIST GRAPNEL_COMPONENTS))
    grapnel_find_sink(${sink} missing GLOBAL)
    if(NOT missing)
      list(APPEND GRAPNEL_COMPONENTS ${sink})
    elseif("${sink}" IN_LIST GRAPNEL_SINKS)
      message(FATAL_ERROR "Grapnel's component ${sink} needs ${missing} and did not find it. "
                          "Install it, or name its place with -DCMAKE_PREFIX_PATH=...")
    endif()
  endif()
endforeach()

if(GRAPNEL_BUILD_TESTS)
  grapnel_dependency(Catch2 TARGET Catch2::Catch2 DEBIAN catch2
    GIT https://github.com/catchorg/Catch2.git TAG v2.13.10)
endif()

set(fetched_libraries ${GRAPNEL_FETCHED})
list(REMOVE_ITEM fetched_libraries Catch2)
if(fetched_libraries AND GRAPNEL_INSTALL)
  message(STATUS "Grapnel: no install rules, because ${fetched_libraries} was downloaded")
  set(GRAPNEL_INSTALL OFF)
endif()
