#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/describe/types.hpp>
#include <grapnel/store/driver/plan.hpp>
#include <grapnel/store/query/sql.hpp>
#include <grapnel/store/tx/handle.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel {

namespace detail {
class Graph;
class RunningMigration;
}  // namespace detail

namespace store {

/// A migration on its way to the database: what the schema says, and the steps that bring the
/// database there.
class Migration {
 public:
  GRAPNEL_DECLARE Migration(const detail::Graph& graph, Plan plan, bool is_dry_run);

  /// All types with their fields and edges, in the order of `Open<...>`.
  const std::vector<TypeInfo>& Types() const& noexcept { return types_; }
  std::vector<TypeInfo> Types() && { return std::move(types_); }
  /// What is going to be done, in this order; nothing when the database fits.
  const std::vector<Step>& Steps() const& noexcept { return plan_.steps; }
  std::vector<Step> Steps() && { return std::move(plan_.steps); }
  /// Whether such a step is among them, of that table, and of that column or index where one is
  /// named. A hook that mends rows asks for the step that it belongs to, for it runs at every
  /// migration, of a new file too: `m.HasStep(StepKind::RenameTable, "Book")`.
  GRAPNEL_DECLARE bool HasStep(StepKind kind, std::string_view table,
                               std::string_view name = {}) const noexcept;
  /// Columns and tables that the schema does not have, and that stay: all columns of its tables
  /// that it does not know, and the tables that Grapnel has made.
  const std::vector<Leftover>& Leftovers() const& noexcept { return plan_.leftovers; }
  std::vector<Leftover> Leftovers() && { return std::move(plan_.leftovers); }
  /// What in the rows that are there breaks what the schema asks for. A migration with one is
  /// refused at `next`, unless a hook mends the rows before that.
  const std::vector<std::string>& Hindrances() const& noexcept { return plan_.hindrances; }
  std::vector<std::string> Hindrances() && { return std::move(plan_.hindrances); }
  /// The statements of all steps. (In the text of the tables and columns that it makes the engine
  /// leaves a mark besides, a comment, by which Allow::Drop knows them again.)
  const std::vector<std::string>& Statements() const& noexcept { return statements_; }
  std::vector<std::string> Statements() && { return std::move(statements_); }
  /// Whether nothing is going to be run: see Database::PlanMigration.
  bool IsDryRun() const noexcept { return is_dry_run_; }

  /// For a migration hook: runs one statement of SQL in the migration's transaction, with every
  /// value bound, as Tx::Sql does: `m.Sql("UPDATE Note SET stars = ?1 WHERE stars IS NULL", 3)`.
  /// Foreign keys hold. No hook of a type sees it. It may change the schema too; of what it makes
  /// Allow::Drop says that it is somebody else's.
  /// Order: before `next` it meets the database as it was, and then the plan is made anew, so that
  /// Steps() behind `next` tells what was run; behind `next` it meets the schema of now. Where the
  /// database fits already, the first statement that writes waits for the lock to write.
  /// In a dry run only what reads the database as it is runs; all else gives no rows.
  /// Throws: as Tx::Sql; TxError when the migration is over. What leaves the hook undoes
  /// everything.
  template <class... Vs>
  SqlRows Sql(std::string_view text, const Vs&... values) {
    return RunSql(text, {detail::SqlValue::Of(values)...});
  }

 private:
  friend detail::RunningMigration;

  /// Copies are no migration that runs.
  struct Link {
    Link() = default;
    Link(const Link&) noexcept {}
    // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): it keeps what it has in any case
    Link& operator=(const Link&) noexcept { return *this; }
    detail::RunningMigration* to = nullptr;
  };

  GRAPNEL_DECLARE SqlRows RunSql(std::string_view text,
                                 std::initializer_list<detail::SqlValue> values);
  GRAPNEL_DECLARE void SetPlan(Plan plan);

  std::vector<TypeInfo> types_;
  Plan plan_;
  std::vector<std::string> statements_;
  bool is_dry_run_;
  Link running_;
};

/// A line for each statement, each with its semicolon; and, as comments, the reasons of steps that
/// have one, and what stays though the schema does not have it.
GRAPNEL_DECLARE std::string ToString(const Migration& migration);

}  // namespace store

namespace core::detail {

template <>
struct Teach<store::Migration> {
  template <class H, Fault fault>
  static consteval void Say() {
    static_assert(fault != Fault::TakesCopy,
                  "take the migration by reference: grapnel::store::Migration& m");
    static_assert(
        fault != Fault::NotConst,
        "a hook is called const, possibly by several threads at once: take `mutable` away, "
        "or make its call operator const, and keep what it changes outside of it, behind a "
        "reference");
    static_assert(fault != Fault::Result && fault != Fault::Other,
                  "this is no hook around migrations. Write [](grapnel::store::Migration& m, auto "
                  "next) { next(m); }. See examples/11_migrations.cpp");
  }
};

}  // namespace core::detail

/// A hook around migrations: `void(store::Migration&, auto next)`.
using MigrateHook = core::Hook<store::Migration, void>;

namespace detail {

/// Brings the database to the schema, through the migration hooks, in one transaction; a dry run
/// only says how.
GRAPNEL_DECLARE store::Migration RunMigration(const HandlePtr& handle, bool is_dry_run,
                                              Allow allowed = Allow{});

/// Puts hooks around every migration of the handle's store.
GRAPNEL_DECLARE core::HookHandle AddMigrateHooks(const HandlePtr& handle,
                                                 std::initializer_list<MigrateHook> hooks);

}  // namespace detail
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/migrate/impl/migration.hpp>  // IWYU pragma: keep
#endif
