#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <stdexcept>
#include <string>

namespace grapnel {
class Client;
}

/// A line that is no ticket.
struct ImportError : std::runtime_error {
  ImportError(std::int64_t line, const std::string& reason);
  std::int64_t line;
};

/// Creates a ticket of each line, "title,priority,agent's email"; the last may be empty. All or
/// none, and nobody gets a mail. Calls `progress(rows)` after every 10,000. Returns: how many.
/// Throws: ImportError.
std::int64_t ImportTickets(const grapnel::Client& client, std::istream& csv,
                           const std::function<void(std::int64_t rows)>& progress);
