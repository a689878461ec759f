#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/sqlite/native/native_connection.hpp>
#include <grapnel/store/sqlite/native/prepared.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::sqlite::detail {

/// The statements of the savepoints of one connection, by their depth.
class Savepoints {
 public:
  /// The statements of one savepoint, prepared before it is set: what undoes needs no memory then.
  struct Statements {
    Prepared set, release, roll_back;
  };

  explicit Savepoints(NativeConnection& native) noexcept : native_(native) {}

  Statements& At(int depth) {
    const auto at = static_cast<std::size_t>(depth);
    if (statements_.size() <= at || !statements_[at].roll_back) [[unlikely]]
      Prepare(depth);
    return statements_[at];
  }

 private:
  [[gnu::cold]] void Prepare(int depth) {
    const auto at = static_cast<std::size_t>(depth);
    if (statements_.size() <= at) statements_.resize(at + 1);
    Statements& found = statements_[at];
    const auto prepare = [&](Prepared& statement, std::string_view sql) {
      if (statement) return;
      statement = native_.Prepare(core::Concat({sql, std::to_string(depth)}), native_.Say());
    };
    prepare(found.set, "SAVEPOINT grapnel_");
    prepare(found.release, "RELEASE grapnel_");
    prepare(found.roll_back, "ROLLBACK TO grapnel_");
  }

  NativeConnection& native_;
  std::vector<Statements> statements_{};
};

}  // namespace grapnel::sqlite::detail
