#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::postgres::detail {

/// The savepoints of one connection, by their depth. One that nothing was sent behind is not sent
/// itself. What goes back to one finds foreign keys checked as they were there: PostgreSQL forgets
/// how that was when a savepoint within is released.
class Savepoints {
 public:
  explicit Savepoints(NativeConnection& native) noexcept : native_(native) {}

  /// With the transaction.
  void Begin() noexcept {
    keys_ = {};
    names_.reset();
  }

  void Set(int depth) {
    keys_at_.resize(static_cast<std::size_t>(depth) - 1);
    keys_at_.push_back(keys_);
    native_.Defer(Text("SAVEPOINT grapnel_", depth));
  }
  void Release(int depth) {
    const auto& pending = native_.Pending();
    const std::string release = Text("RELEASE grapnel_", depth);
    if (!pending.empty() && pending.back().text == Text("SAVEPOINT grapnel_", depth)) {
      native_.Trace(release, Patience::Work);
      native_.DropPending(pending.size() - 1);
      return native_.Tell(release);
    }
    native_.Defer(release);
  }
  void RollBackTo(int depth) {
    const std::string text = Text("ROLLBACK TO grapnel_", depth);
    const std::size_t set = FindPending(depth);
    if (set == native_.Pending().size()) return Undo(text), PutBackKeys(depth);
    native_.Trace(text, Patience::Undoing);
    native_.DropPending(set + 1);
    native_.Tell(text);
  }
  /// The same, and takes the savepoint away.
  void Discard(int depth) {
    const std::size_t set = FindPending(depth);
    const bool waits = set < native_.Pending().size();
    RollBackTo(depth);
    const std::string release = Text("RELEASE grapnel_", depth);
    if (!waits) return native_.Defer(release, Patience::Undoing);
    native_.Trace(release, Patience::Undoing);
    native_.DropPending(set);
    native_.Tell(release);
  }

  /// Whether foreign keys are checked when that ends, or at once.
  void DeferKeys(bool on) {
    if (keys_.deferred == on) return;
    if (!names_) names_ = Names();
    if (names_->empty()) return;
    ++keys_.changes;  // whether or not it comes to pass
    native_.Execute(KeysText(on), on ? Patience::Work : Patience::Undoing);
    keys_.deferred = on;
  }

 private:
  struct Keys {
    bool deferred = false;
    std::size_t changes = 0;  // of that
  };

  std::string KeysText(bool deferred) const {
    return core::Concat({"SET CONSTRAINTS ", *names_, deferred ? " DEFERRED" : " IMMEDIATE"});
  }
  /// Of the keys that are checked at once unless somebody says otherwise, as Grapnel's are. ALL
  /// would be others' constraints too, which they want to be checked at the end.
  std::string Names() const {
    const Result found = native_.Ask(
        "SELECT string_agg(DISTINCT quote_ident(n.nspname) || '.' || quote_ident(k.conname), ', ') "
        "FROM pg_constraint AS k JOIN pg_namespace AS n ON n.oid = k.connamespace WHERE k.contype "
        "= 'f' AND k.condeferrable AND NOT k.condeferred AND n.nspname = ANY "
        "(current_schemas(false))");
    ResultRow row(found.get());
    return row.IsNull(0) ? std::string() : std::string(row.Text(0));
  }
  /// Along with the next statement.
  void PutBackKeys(int depth) {
    const Keys& there = keys_at_[static_cast<std::size_t>(depth) - 1];
    if (there.changes == keys_.changes) return;
    native_.DeferQuietly(KeysText(there.deferred));
    keys_.deferred = there.deferred;
  }
  static std::string Text(std::string_view what, int depth) {
    return core::Concat({what, std::to_string(depth)});
  }
  /// Where the savepoint waits to be set; else behind all that waits.
  std::size_t FindPending(int depth) const {
    const auto& pending = native_.Pending();
    const std::string text = Text("SAVEPOINT grapnel_", depth);
    for (std::size_t at = pending.size(); at > 0; --at) {
      if (pending[at - 1].text == text) return at - 1;
    }
    return pending.size();
  }
  /// What waits is undone too: it need not be done before.
  void Undo(const std::string& text) {
    native_.DropPending(0);
    native_.Execute(text, Patience::Undoing);
  }

  NativeConnection& native_;
  Keys keys_{};  // as they are
  std::optional<std::string> names_{};
  std::vector<Keys> keys_at_{};  // each savepoint
};

}  // namespace grapnel::postgres::detail
