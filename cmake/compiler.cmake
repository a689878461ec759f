# The oldest compilers that can read Grapnel's headers. Others are let through: they may well work.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  set(needed "g++ 12")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  set(needed "clang 16")
endif()
if(needed)
  message(FATAL_ERROR "Grapnel needs ${needed} or newer; ${CMAKE_CXX_COMPILER} is "
                      "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}. "
                      "Choose another with -DCMAKE_CXX_COMPILER=...")
endif()
