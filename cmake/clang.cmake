# Toolchain of the preset `clang`: clang++-19, else the newest clang++ there is. compiler.cmake
# refuses one older than 16.
find_program(GRAPNEL_CLANG
  NAMES clang++-19 clang++-24 clang++-23 clang++-22 clang++-21 clang++-20 clang++-18 clang++-17
        clang++-16 clang++
  DOC "The compiler of the preset clang")
if(NOT GRAPNEL_CLANG)
  message(FATAL_ERROR "The preset clang needs clang++ 16 or newer. Debian: apt-get install "
                      "clang-19 libclang-rt-19-dev")
endif()
set(CMAKE_CXX_COMPILER "${GRAPNEL_CLANG}")
