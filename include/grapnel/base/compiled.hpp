#pragma once

/// Where a program defines GRAPNEL_SEPARATE_COMPILATION for all its sources, the engine is compiled
/// once, by the source grapnel/separate.cpp, and the headers only declare it. Without it everything
/// is in the headers.
#ifdef GRAPNEL_SEPARATE_COMPILATION
#define GRAPNEL_DECLARE
#define GRAPNEL_DEFINE [[gnu::weak]]
#else
#define GRAPNEL_DECLARE inline
#define GRAPNEL_DEFINE inline
#endif
