#pragma once

/// The row that nearly every figure writes and reads. Knows nothing of Grapnel.

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace benchmark {

struct Account {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  std::optional<std::string> nickname{};
  double score = 0;
};

/// How many rows a table has before something is measured.
inline constexpr std::size_t kRows = 10'000;

/// Rows without ids. Their texts fit the small-string storage of the standard libraries.
inline std::vector<Account> MakeRows(std::size_t count) {
  std::vector<Account> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows[i].name = "name " + std::to_string(i);
    rows[i].age = static_cast<std::int64_t>(i % 90);
    rows[i].nickname = "nick " + std::to_string(i % 1000);
    rows[i].score = static_cast<double>(i) / 8;
  }
  return rows;
}

/// The rows whose values the figures create, in turn.
inline const Account& Input(std::size_t i) {
  static const std::vector<Account> inputs = MakeRows(1024);
  return inputs[i % inputs.size()];
}

/// The ids 1 ... kRows in an order that jumps about; none twice within kRows calls.
inline std::int64_t AnyId(std::size_t i) {
  constexpr std::size_t kStride = 7919;
  static_assert(std::gcd(kRows, kStride) == 1);
  return 1 + static_cast<std::int64_t>(i * kStride % kRows);
}

}  // namespace benchmark
