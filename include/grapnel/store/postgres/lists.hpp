#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/postgres/native/dialect.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

namespace grapnel::postgres::detail {

/// The connection's own tables of lists of rows, one for each kind of id. Each is made where it is
/// first needed, and is gone when that is undone.
class Lists {
 public:
  static constexpr FieldKind kKinds[] = {FieldKind::Int, FieldKind::Text, FieldKind::Blob};

  explicit Lists(NativeConnection& native) noexcept : native_(native) {}

  /// Makes the table along with the next statement.
  void Expect(FieldKind kind) {
    bool& made = made_[At(kind)];
    if (made) return;
    std::string type(kDialect.TypeName(kind));
    // A name of a schema is none that CREATE TEMP TABLE takes.
    std::string_view name = kDialect.Lists(kind);
    if (const auto dot = name.find('.'); dot != name.npos) name.remove_prefix(dot + 1);
    native_.DeferQuietly(core::Concat(
        {"CREATE TEMP TABLE IF NOT EXISTS ", name, " (type bigint, list bigint, id ", type,
         ", PRIMARY KEY (type, id, list), UNIQUE (list, id, type)) ON COMMIT DELETE ROWS"}));
    made = true;
    open_ = true;
  }
  bool IsMade(FieldKind kind) const noexcept { return made_[At(kind)]; }

  /// Something was undone: what was made in the transaction may be gone.
  void NoteUndone() noexcept {
    if (!open_) return;
    for (std::size_t at = 0; at < std::size(kKinds); ++at) made_[at] = kept_[at];
  }
  /// Outside of a transaction: the connection's temporary tables go.
  void NoteGone() noexcept {
    for (std::size_t at = 0; at < std::size(kKinds); ++at) made_[at] = kept_[at] = false;
  }
  void NoteEnd(bool committed) noexcept {
    if (open_ && committed) {
      for (std::size_t at = 0; at < std::size(kKinds); ++at) kept_[at] = made_[at];
    }
    NoteUndone();
    open_ = false;
  }

 private:
  static std::size_t At(FieldKind kind) noexcept {
    return kind == FieldKind::Text ? 1 : kind == FieldKind::Blob ? 2 : 0;
  }

  NativeConnection& native_;
  bool made_[std::size(kKinds)] = {};
  bool kept_[std::size(kKinds)] = {};  // since before the transaction
  bool open_ = false;                  // one was made in the transaction
};

}  // namespace grapnel::postgres::detail
