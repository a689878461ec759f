#pragma once

// The one place that knows which Catch2 it is: 2.13 (one header) or 3.x.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
