#pragma once

#include <grapnel/grapnel.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/stages.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// An open and migrated database in memory, with its handle.
template <class... Es>
struct Opened : grapnel::Database<Es...> {
  Opened() : grapnel::Database<Es...>(grapnel::Open<Es...>(":memory:")) { this->Migrate(); }

  const grapnel::detail::HandlePtr& Handle() const { return this->Held(); }
  /// The same, whose statements are added to `log`.
  grapnel::detail::HandlePtr Traced(std::vector<std::string>& log) const {
    return grapnel::detail::MakeHandle(
        {Handle()->store, nullptr, nullptr,
         Handle()->context.WithTrace([&log](std::string_view sql) { log.emplace_back(sql); })});
  }
};

/// A mutation of E in the middle of its run, in a transaction that is rolled back at the end: what
/// the rooms behind the hooks are given.
template <class E>
class Running {
  using Access = typename grapnel::Mutation<E>::Access;

 public:
  Running(const grapnel::detail::HandlePtr& base, grapnel::Op op)
      : handle(grapnel::detail::BeginTransaction(base, grapnel::detail::Session::Kind::Explicit)),
        mutation(Access::Make(op)) {
    core.bound = &bound;
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { handle->transaction->Rollback(); }

  grapnel::Client Client() const { return grapnel::Client(handle); }
  /// Runs SQL inside the transaction.
  void Apply(const std::string& sql) {
    bound.transaction.Write(
        level, type, handle->context, [&](grapnel::store::Connection& connection) {
          connection.Apply({grapnel::store::StepKind::ChangeTable, "", "", "", "", {sql}});
          return 0;
        });
  }

  grapnel::detail::HandlePtr handle;
  grapnel::detail::Level& level = *handle->GetLevel();
  grapnel::detail::TypeEntry& type = handle->transaction->TypeOf(grapnel::detail::kTable<E>);
  grapnel::detail::HookChain hooks{type, &level};
  grapnel::detail::HookPlan plan{type, hooks, level, nullptr};
  grapnel::detail::Bound bound{handle, type, *handle->transaction, level, &plan};
  grapnel::Mutation<E> mutation;
  grapnel::detail::Draft& core = mutation.Core();
  E& entity = Access::Entity(mutation);
};

/// How many of the lines begin with this.
inline std::int64_t CountOf(const std::vector<std::string>& lines, std::string_view start) {
  std::int64_t count = 0;
  for (const std::string& line : lines) count += line.starts_with(start) ? 1 : 0;
  return count;
}
