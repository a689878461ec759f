#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::postgres::detail {

/// The savepoints of one connection, by their depth. One that nothing was sent behind is not sent
/// itself.
class Savepoints {
 public:
  explicit Savepoints(NativeConnection& native) noexcept : native_(native) {}

  void Set(int depth) { native_.Defer(Text("SAVEPOINT grapnel_", depth)); }
  void Release(int depth) {
    const auto& pending = native_.Pending();
    const std::string release = Text("RELEASE SAVEPOINT grapnel_", depth);
    if (!pending.empty() && pending.back().text == Text("SAVEPOINT grapnel_", depth)) {
      native_.Trace(release, Patience::Work);
      native_.DropPending(pending.size() - 1);
      return native_.Tell(release);
    }
    native_.Defer(release);
  }
  void RollBackTo(int depth) {
    const std::string text = Text("ROLLBACK TO SAVEPOINT grapnel_", depth);
    const std::size_t set = FindPending(depth);
    if (set == native_.Pending().size()) return Undo(text);
    native_.Trace(text, Patience::Undoing);
    native_.DropPending(set + 1);
    native_.Tell(text);
  }
  /// The same, and takes the savepoint away.
  void Discard(int depth) {
    const std::size_t set = FindPending(depth);
    const bool waits = set < native_.Pending().size();
    RollBackTo(depth);
    const std::string release = Text("RELEASE SAVEPOINT grapnel_", depth);
    if (!waits) return native_.Defer(release, Patience::Undoing);
    native_.Trace(release, Patience::Undoing);
    native_.DropPending(set);
    native_.Tell(release);
  }

 private:
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
};

}  // namespace grapnel::postgres::detail
