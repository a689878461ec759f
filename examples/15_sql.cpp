// SQL of one's own, in the same transaction: for the one query that nothing else says. Values are
// bound, never pasted; what would end the transaction is refused; and the statements that run can
// be watched.
//
// Output:
//   2 columns: day, total
//   monday: 30
//   tuesday: 12
//   in the transaction: 42
//   refused: COMMIT
//   outside it only reads
//   watched 4 statements, the first begins with BEGIN; none took an hour: true

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using grapnel::F;

struct Entry {
  std::int64_t id = 0;
  std::string day{};
  std::int64_t minutes = 0;
};
template <>
struct grapnel::Schema<Entry> {
  static constexpr std::string_view Type = "Entry";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Entry::day>("day"), Field<&Entry::minutes>("minutes"));
  }
};

int main() {
  auto client = grapnel::Open<Entry>(":memory:");
  client.Migrate();
  client.Of<Entry>().CreateBulk({{0, "monday", 10}, {0, "monday", 20}, {0, "tuesday", 12}}).Save();

  const auto rows = client.Sql(
      "SELECT day, sum(minutes) AS total FROM Entry WHERE minutes >= ?1 GROUP BY day", 10);
  fmt::print("{} columns: {}, {}\n", rows.Columns().size(), rows.Columns()[0], rows.Columns()[1]);
  for (const auto& [day, total] : rows.As<std::string, std::int64_t>()) {
    fmt::print("{}: {}\n", day, total);
  }

  client.WithTx([](grapnel::Tx& tx) {
    tx.Sql("UPDATE Entry SET day = upper(day)");  // no hook sees it
    fmt::print("in the transaction: {}\n",
               tx.Sql("SELECT sum(minutes) FROM Entry WHERE day IN (?1, ?2)", "MONDAY", "TUESDAY")
                   .As<std::int64_t>()
                   .front());
    try {
      tx.Sql("COMMIT");
    } catch (const grapnel::SqlError&) {
      fmt::print("refused: COMMIT\n");
    }
  });
  try {
    client.Sql("DELETE FROM Entry");
  } catch (const grapnel::TxError&) {
    fmt::print("outside it only reads\n");
  }

  std::vector<std::string> texts;
  std::chrono::nanoseconds slowest{};
  const auto watch = client.OnStatement([&](const grapnel::store::StatementInfo& statement) {
    texts.emplace_back(statement.text);
    const std::chrono::nanoseconds took = statement.duration;
    slowest = std::max(slowest, took);
  });
  client.Of<Entry>().UpdateOne(1).Set(F<&Entry::minutes>, 11).Save();
  watch.Remove();
  fmt::print("watched {} statements, the first begins with {}; none took an hour: {}\n",
             texts.size(), texts.front().substr(0, 5), slowest < std::chrono::hours(1));
}
