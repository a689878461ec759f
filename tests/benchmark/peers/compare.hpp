#pragma once

/// What the comparisons with SOCI and POCO Data share. Knows neither Grapnel nor SQLite, whose
/// interface SOCI's headers put into a namespace of their own.

#include <cstddef>
#include <functional>
#include <string>

#include "benchmark/measure.hpp"
#include "benchmark/row.hpp"

namespace benchmark {

/// The statement that makes the table of accounts, as Grapnel says it.
std::string AccountTable();

/// Another library's side. It has a database in memory with the table and `MakeRows(kRows)` in it.
struct Peer {
  std::string name;
  std::string text;
  /// Creates that many rows in a transaction, which is rolled back. Returns: nanoseconds of each.
  std::function<double(std::size_t count)> time_create;
};

/// Adds the lines vs_NAME and vs_NAME_raw: the peer's time divided by Grapnel's, and by raw
/// SQLite's.
void CompareCreate(Report& report, const Peer& peer);

}  // namespace benchmark
