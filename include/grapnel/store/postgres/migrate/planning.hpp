#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/postgres/migrate/catalog.hpp>
#include <grapnel/store/postgres/migrate/dialect.hpp>
#include <grapnel/store/postgres/migrate/rows.hpp>
#include <grapnel/store/postgres/migrate/users.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/sql/migrate/catalog.hpp>
#include <grapnel/store/sql/migrate/planner.hpp>
#include <grapnel/store/sql/names.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::postgres::detail {

using store::StepKind;

/// What PostgreSQL tells a planner of its database.
class PostgresPlanning : protected Planner {
 protected:
  PostgresPlanning(NativeConnection& native, bool rehearse)
      : Planner(kMigrationDialect, rehearse), native_(native), catalog_(native) {}

  std::vector<Object> Objects() override {
    std::vector<Object> objects;
    for (const auto& relation : catalog_.Relations()) objects.push_back(relation.object);
    return objects;
  }
  std::string Describe(const Object& object) override {
    for (const auto& relation : catalog_.Relations()) {
      if (relation.object.name == object.name) return relation.what;
    }
    return "a table";
  }
  std::vector<StoredColumn> Columns(std::string_view table) override {
    std::vector<StoredColumn> columns;
    if (const auto* relation = catalog_.Find(table)) {
      for (const auto& column : relation->columns) columns.push_back(column.stored);
    }
    return columns;
  }
  StoredIndex Stored(const Object& index) override {
    const auto* found = catalog_.FindIndex(index.name);
    return found != nullptr ? found->stored : StoredIndex{false};
  }
  std::vector<StoredKey> KeysOf(std::string_view table) override {
    std::vector<StoredKey> keys;
    for (const auto& key : catalog_.Keys()) {
      if (key.stored.holder == table) keys.push_back(key.stored);
    }
    return keys;
  }
  std::vector<StoredKey> AllKeys() override {
    std::vector<StoredKey> keys;
    for (const auto& key : catalog_.Keys()) keys.push_back(key.stored);
    return keys;
  }
  bool IsMade(const Object& table) override {
    const auto* found = catalog_.Find(table.name);
    return found != nullptr && !found->columns.empty() && found->columns.front().made;
  }
  bool IsMade(const Object& table, std::string_view column) override {
    const auto* found = catalog_.Find(table.name);
    const auto* stored = found != nullptr ? found->Find(column) : nullptr;
    return stored != nullptr && stored->made;
  }
  std::string TriggerOf(std::string_view table) override {
    const auto* found = catalog_.Find(table);
    if (found == nullptr) return "";
    const auto rows = RowsOf(
        native_,
        "SELECT 'trigger', tgname::text FROM pg_trigger WHERE tgrelid = $1::oid AND NOT "
        "tgisinternal UNION ALL SELECT 'rule', rulename::text FROM pg_rewrite WHERE ev_class = "
        "$1::oid UNION ALL SELECT 'policy', polname::text FROM pg_policy WHERE polrelid = $1::oid "
        "ORDER BY 1 DESC, 2 LIMIT 1",
        {found->oid});
    return rows.empty() ? "" : core::Concat({rows.front()[0], " ", Quote(rows.front()[1])});
  }
  std::optional<std::string> UserOf(std::string_view table, std::string_view column) override {
    for (const User& user : Users(table, column)) return user.Text();
    return std::nullopt;
  }
  using Planner::AnyRow;
  bool AnyRow(const std::string& query) override { return !RowsOf(native_, query).empty(); }
  void Try(const store::Step& step) override { catalog_.Take(step); }
  /// What uses a column, and is not gone by now.
  std::vector<User> Users(std::string_view table, std::string_view column) {
    const auto* relation = catalog_.Find(table);
    const auto* stored = relation != nullptr ? relation->Find(column) : nullptr;
    if (stored == nullptr) return {};
    auto users = UsersOf(native_, relation->oid, stored->number);
    std::erase_if(users, [&](const User& user) {
      return user.kind == "index" && catalog_.FindIndex(user.name) == nullptr;
    });
    return users;
  }

  NativeConnection& native_;
  Catalog catalog_;
};

}  // namespace grapnel::postgres::detail
