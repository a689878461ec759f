/// What is ready-made, beside the same by hand.

#include <grapnel/extras/soft_delete.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "benchmark/account.hpp"
#include "benchmark/raw.hpp"

namespace benchmark {
namespace {

struct Kept : grapnel::extras::SoftDelete {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  std::optional<std::string> nickname{};
  double score = 0;
};

}  // namespace
}  // namespace benchmark

template <>
struct grapnel::Schema<benchmark::Kept> {
  using Kept = benchmark::Kept;
  using Mixins = grapnel::Mixins<extras::SoftDelete>;
  static constexpr std::string_view Type = "Kept";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Kept::name>("name"), Field<&Kept::age>("age"),
                           Field<&Kept::nickname>("nickname"), Field<&Kept::score>("score"));
  }
};

namespace benchmark {
namespace {

void MeasureSoftGet(Report& report) {
  const auto client = grapnel::Open<Kept>(kInMemory);
  client.Migrate();
  for (std::size_t i = 0; i < kRows; ++i) {
    const Account& input = Input(i);
    client.Of<Kept>()
        .Create()
        .Set(F<&Kept::name>, input.name)
        .Set(F<&Kept::age>, input.age)
        .Set(F<&Kept::nickname>, *input.nickname)
        .Set(F<&Kept::score>, input.score)
        .Save();
  }
  Raw raw(TableText());
  raw.Execute(R"(CREATE TABLE "Kept" ("id" INTEGER NOT NULL PRIMARY KEY, "deleted_at" INTEGER,
                 "deletion" TEXT, "name" TEXT NOT NULL, "age" INTEGER NOT NULL, "nickname" TEXT,
                 "score" REAL NOT NULL) STRICT)");
  raw.Execute(R"(INSERT INTO "Kept" SELECT "id", NULL, NULL, "name", "age", "nickname", "score"
                 FROM "Account")");
  Raw::Select select(raw, R"(SELECT "id", "name", "age", "nickname", "score", "deleted_at",
                             "deletion" FROM "Kept" WHERE "id" = ?1 AND "deleted_at" IS NULL)");
  const auto by_hand = [&](std::size_t i) {
    Account account;
    select.Bind(1, AnyId(i));
    if (!select.Next()) std::abort();
    select.Load(account);
    const bool there = sqlite3_column_type(select.Get(), 5) == SQLITE_NULL &&
                       sqlite3_column_type(select.Get(), 6) == SQLITE_NULL;
    Keep(there);
    select.Next();
    Keep(account);
  };
  constexpr std::size_t kCount = 20'000;
  const auto tx = client.Tx();
  const auto kept = tx.Of<Kept>();
  const Compared all = Interleave(
      [&] { return NanosecondsOf(kCount, [&](std::size_t i) { Keep(kept.Get(AnyId(i))); }); },
      [&] { return raw.TimeInTx(kCount, by_hand); });
  report.push_back({"soft_delete_get", all.ratio, AtMost(1.15), Duration(all.ours),
                    Duration(all.theirs), "Get of a type with SoftDelete, and the SELECT by hand"});
}

const Registration soft_get({"soft_delete_get", MeasureSoftGet, "extras"});

}  // namespace
}  // namespace benchmark
