#pragma once

#include "report.hpp"

#include <string>

/// A report as text, in tables whose columns stand below each other.
std::string ToText(const Report& report);
