# grapnel::compiled: the same library with its engine compiled once, as a static library of the build that
# uses it, for programs of many sources: each of them then compiles in a fraction of the time.
# Needs: GRAPNEL_SEPARATE_CPP, the file to compile, and the target grapnel::grapnel.
add_library(grapnel_compiled STATIC EXCLUDE_FROM_ALL "${GRAPNEL_SEPARATE_CPP}")
add_library(grapnel::compiled ALIAS grapnel_compiled)
target_link_libraries(grapnel_compiled PUBLIC grapnel::grapnel)
target_compile_features(grapnel_compiled PUBLIC cxx_std_20)
target_compile_definitions(grapnel_compiled PUBLIC GRAPNEL_SEPARATE_COMPILATION)
set_target_properties(grapnel_compiled PROPERTIES POSITION_INDEPENDENT_CODE ON)
