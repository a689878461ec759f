/// What is ready-made, beside the same by hand.

#include <grapnel/extras/audit.hpp>
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

void MeasureAudit(Report& report) {
  using grapnel::extras::AuditEntry;
  using grapnel::extras::AuditHead;
  const auto client = grapnel::Open<Account, AuditEntry, AuditHead>(kInMemory);
  client.Migrate();
  client.Of<Account>().CreateBulk(MakeRows(kRows)).Save();
  client.Use(grapnel::extras::Audit());
  const auto ada = client.With(grapnel::extras::Actor{"ada"});
  Raw raw(TableText());
  raw.Execute(R"(CREATE TABLE "Head" ("id" INTEGER NOT NULL PRIMARY KEY, "last" INTEGER NOT NULL,
                 "hash" TEXT NOT NULL) STRICT)");
  raw.Execute(R"(INSERT INTO "Head" VALUES (1, 0, ''))");
  raw.Execute(R"(CREATE TABLE "Entry" ("id" INTEGER NOT NULL PRIMARY KEY, "at" INTEGER NOT NULL,
                 "actor" TEXT NOT NULL, "entity" TEXT NOT NULL, "row" TEXT NOT NULL,
                 "asked" TEXT NOT NULL, "done" TEXT NOT NULL, "cause" TEXT NOT NULL,
                 "fate" TEXT NOT NULL, "changes" TEXT NOT NULL, "mutation" INTEGER NOT NULL,
                 "hash" TEXT NOT NULL) STRICT)");
  raw.Execute(R"(CREATE INDEX "Entry_row" ON "Entry" ("entity", "row"))");
  Raw::Select insert(raw, R"(INSERT INTO "Entry" VALUES (?1, ?2, 'ada', 'Account', ?3, 'UpdateOne',
                             'UpdateOne', 'Caller', 'updated', ?4, ?1, ?5))");
  Raw::Select advance(raw, R"(UPDATE "Head" SET "last" = ?1, "hash" = ?2
                              WHERE "id" = 1 AND "last" = ?3 AND "hash" = ?4)");
  std::int64_t last = 0;
  std::string hash;
  const auto bind = [](const Raw::Select& to, int at, const std::string& text) {
    sqlite3_bind_text(to.Get(), at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  };
  // One read, and two writes besides the update itself, of one row each.
  const auto by_hand = [&](std::size_t i) {
    const Account before = raw.Get(AnyId(i));
    const Account after = raw.UpdateAge(before.id, static_cast<std::int64_t>(i));
    AuditEntry entry;
    entry.id = entry.mutation = last + 1;
    entry.at = grapnel::extras::Clock::Now();
    entry.actor = "ada", entry.entity = "Account", entry.row = std::to_string(before.id);
    entry.asked = entry.done = "UpdateOne", entry.cause = "Caller", entry.fate = "updated";
    entry.changes =
        R"({"age":[)" + std::to_string(before.age) + "," + std::to_string(after.age) + "]}";
    entry.hash = grapnel::extras::HashOf(entry, hash);
    advance.Bind(1, entry.id);
    bind(advance, 2, entry.hash);
    advance.Bind(3, last);
    bind(advance, 4, hash);
    while (advance.Next()) {
    }
    insert.Bind(1, entry.id);
    insert.Bind(2, entry.at.time_since_epoch().count());
    bind(insert, 3, entry.row);
    bind(insert, 4, entry.changes);
    bind(insert, 5, entry.hash);
    while (insert.Next()) {
    }
    last = entry.id;
    hash = entry.hash;
    Keep(after);
  };
  constexpr std::size_t kCount = 3'000;
  const auto ours = [&] {
    auto tx = ada.Tx();
    const auto accounts = tx.Of<Account>();
    return NanosecondsOf(kCount, [&](std::size_t i) {
      Keep(accounts.UpdateOne(AnyId(i)).Set(F<&Account::age>, static_cast<std::int64_t>(i)).Save());
    });
  };
  const auto theirs = [&] {
    last = 0;
    hash.clear();
    return raw.TimeInTx(kCount, by_hand);
  };
  const Compared all = Interleave(ours, theirs);
  report.push_back({"audit_update_one", all.ratio, AtMost(1.2), Duration(all.ours),
                    Duration(all.theirs),
                    "UpdateOne with Audit, and by hand with the same entries and hashes"});
}

const Registration audit({"audit_update_one", MeasureAudit, "extras"});
const Registration soft_get({"soft_delete_get", MeasureSoftGet, "extras"});

}  // namespace
}  // namespace benchmark
