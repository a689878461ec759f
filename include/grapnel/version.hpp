#pragma once

/// The version of Grapnel. CMake reads it from here; it is written nowhere else.
#define GRAPNEL_VERSION_MAJOR 0
#define GRAPNEL_VERSION_MINOR 1
#define GRAPNEL_VERSION_PATCH 0
