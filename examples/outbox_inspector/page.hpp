#pragma once

#include "report.hpp"

#include <string>

/// A report as one page of HTML that needs nothing else: no script, no file, no server.
std::string ToPage(const Report& report);
