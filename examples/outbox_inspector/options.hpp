#pragma once

#include "report.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

/// What the command line asks for.
struct Options {
  enum class Action { Show, Replay, Discard, Prune };

  std::optional<std::string> file{}, conninfo{};  // none of both: the demonstration
  Action action = Action::Show;
  std::string sink{};  // of Replay and Discard, and which of its letters
  std::optional<std::string> error{}, key{};
  std::optional<std::int64_t> id{};
  bool all = false;
  std::chrono::days age{};  // of Prune
  std::optional<std::string> html{};
  std::optional<std::chrono::seconds> watch{};
  ReportOptions report{};
  bool help = false;
};

/// The command line makes no sense: what() says why.
struct UsageError : std::runtime_error {
  using runtime_error::runtime_error;
};

/// Throws: UsageError.
Options Parsed(const std::vector<std::string>& arguments);

/// What --help prints.
std::string Usage();
