#pragma once

/// Where a program defines GRAPNEL_SEPARATE_COMPILATION for all its sources, the engine is compiled
/// once, by the source grapnel/separate.cpp, and the headers only declare it. Without it everything
/// is in the headers. A program whose sources disagree does not link: the linker names what stands
/// in here and says that its TLS definition mismatches its non-TLS definition.
#ifdef GRAPNEL_SEPARATE_COMPILATION
#define GRAPNEL_DECLARE
#define GRAPNEL_DEFINE [[gnu::weak]]
#else
#define GRAPNEL_DECLARE inline
#define GRAPNEL_DEFINE inline
#endif

namespace grapnel::detail {

// One name for two kinds of variable: linkers refuse that, and nothing else about two definitions.
#ifdef GRAPNEL_SEPARATE_COMPILATION
[[gnu::used]] inline constinit char all_sources_must_agree_on_GRAPNEL_SEPARATE_COMPILATION = 0;
#else
[[gnu::used]] inline thread_local constinit char
    all_sources_must_agree_on_GRAPNEL_SEPARATE_COMPILATION = 0;
#endif

}  // namespace grapnel::detail
