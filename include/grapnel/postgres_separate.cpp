/// The PostgreSQL engine, for programs that define GRAPNEL_SEPARATE_COMPILATION for all their
/// sources: compile this file once, and grapnel/separate.cpp, and link both. CMake's target
/// grapnel::postgres_compiled does.
#ifndef GRAPNEL_SEPARATE_COMPILATION
#error "define GRAPNEL_SEPARATE_COMPILATION for every source of the program, this one included"
#endif

#include <grapnel/grapnel.hpp>
#include <grapnel/store/postgres/impl/open.hpp>
