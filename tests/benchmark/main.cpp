/// Measures the figures, prints a table of them and, last of all, lines "figure NAME VALUE".

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <grapnel/version.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "benchmark/measure.hpp"

namespace {

using benchmark::Figure;
using benchmark::Line;
using benchmark::Report;

constexpr const char* kUsage =
    "usage: grapnel_benchmark [--list] [--rounds N] [--group NAME]... [--figure NAME]...\n"
    "  --list         the names of all figures, with their groups\n"
    "  --rounds N     alternations of each comparison, at least 15; by default 21\n"
    "  --group NAME   the figures of this group only\n"
    "  --figure NAME  this figure only\n";

struct Options {
  bool list = false;
  std::vector<std::string> figures{};
  std::vector<std::string> groups{};
};

bool Has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Throws: std::runtime_error for what is no argument, std::logic_error for what is no number.
Options Parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--list") {
      options.list = true;
      continue;
    }
    if (i + 1 == count) throw std::runtime_error("unknown or unfinished argument " + argument);
    const std::string value = arguments[++i];
    if (argument == "--rounds") {
      benchmark::SetRounds(std::stoul(value));
    } else if (argument == "--group") {
      options.groups.push_back(value);
    } else if (argument == "--figure") {
      options.figures.push_back(value);
    } else {
      throw std::runtime_error("unknown argument " + argument);
    }
  }
  return options;
}

/// Throws: std::runtime_error when a name is no figure's, or nothing is left.
std::vector<Figure> Choose(const Options& options) {
  const auto& all = benchmark::Figures();
  for (const std::string& name : options.figures) {
    if (std::none_of(all.begin(), all.end(), [&](const Figure& f) { return f.name == name; })) {
      throw std::runtime_error("there is no figure " + name + "; --list names them");
    }
  }
  const bool by_default = options.figures.empty() && options.groups.empty();
  std::vector<Figure> chosen;
  for (const Figure& figure : all) {
    if (by_default ? figure.group.empty()
                   : Has(options.figures, figure.name) || Has(options.groups, figure.group)) {
      chosen.push_back(figure);
    }
  }
  if (chosen.empty()) throw std::runtime_error("no figure is in these groups");
  return chosen;
}

std::string Processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "an unknown processor";
}

void PrintMachine() {
  fmt::print("{}, {} cores\n", Processor(), std::thread::hardware_concurrency());
#ifdef __clang__
  fmt::print("{}", __VERSION__);
#else
  fmt::print("g++ {}", __VERSION__);
#endif
  fmt::print(", SQLite {}, SQLiteCpp {}, fmt {}, Grapnel {}.{}.{}\n", sqlite3_libversion(),
             SQLITECPP_VERSION, FMT_VERSION, GRAPNEL_VERSION_MAJOR, GRAPNEL_VERSION_MINOR,
             GRAPNEL_VERSION_PATCH);
#if !defined(__OPTIMIZE__) || !defined(NDEBUG)
  fmt::print("NOT OPTIMISED, or with assertions: these values say nothing.\n");
#endif
  fmt::print(
      "Medians of {} alternations. Ratios are of what Grapnel takes over what the other side "
      "takes.\n\n",
      benchmark::Rounds());
}

void PrintHead() {
  fmt::print("{:<20} {:>9} {:>8} {:<12} {:>11} {:>11}  {}\n", "figure", "value", "to reach", "",
             "Grapnel", "other", "the other side");
}

void Print(const Line& line) {
  const bool has_target = line.target.kind != benchmark::Target::Kind::None;
  const char* verdict = line.target.IsReachedBy(line.value) ? "reached" : "NOT REACHED";
  fmt::print("{:<20} {:>9.3f} {:>8} {:<12} {:>11} {:>11}  {}\n", line.name, line.value,
             line.target.Text(), has_target ? verdict : "", line.ours, line.theirs, line.against);
  std::fflush(stdout);
}

/// Returns: whether it could be measured.
bool Measure(const Figure& figure, Report& report) {
  Report lines;
  try {
    figure.measure(lines);
  } catch (const std::exception& error) {
    fmt::print("{:<20} could not be measured: {}\n", figure.name, error.what());
    return false;
  }
  for (const Line& line : lines) Print(line);
  report.insert(report.end(), lines.begin(), lines.end());
  return true;
}

int Run(const Options& options) {
  if (options.list) {
    for (const Figure& figure : benchmark::Figures()) {
      fmt::print("{}{}{}\n", figure.name, figure.group.empty() ? "" : " ", figure.group);
    }
    return EXIT_SUCCESS;
  }
  const auto figures = Choose(options);
  PrintMachine();
  PrintHead();
  Report report;
  bool all = true;
  for (const Figure& figure : figures) all = Measure(figure, report) && all;
  fmt::print("\n");
  for (const Line& line : report) fmt::print("figure {} {:.4f}\n", line.name, line.value);
  return all ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  try {
    options = Parse(count, arguments);
    return Run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "grapnel_benchmark: {}\n{}", error.what(), kUsage);
    return EXIT_FAILURE;
  }
}
