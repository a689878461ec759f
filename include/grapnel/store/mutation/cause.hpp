#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel {

/// Why a mutation runs.
///
/// Set when it starts, and the same for all its hooks; one that a hook runs again, by
/// `m.Client().Mutate(m)`, is the same mutation and keeps its cause.
enum class Cause : std::uint8_t {
  /// The program asked for it. So it does where an AfterCommit or AfterRollback callback begins
  /// one:
  /// what the callback was made in has ended.
  Caller,
  /// A hook began it, while its own mutation runs: by `m.Client()`, `m.Tx()` or a transaction
  /// nested
  /// in these; or a commit or rollback hook did, by its Tx.
  Hook,
  /// Grapnel began it, for a row that another mutation deletes or joins by an edge: the deletion of
  /// what hangs on a row, and the update of a row whose foreign key is set or cleared from the
  /// other end.
  Cascade,
  /// Grapnel began it, for a Create with OnConflict met a row: the update of that row.
  Upsert,
};

/// "Caller", "Hook", "Cascade" or "Upsert".
constexpr std::string_view Name(Cause cause) noexcept {
  constexpr std::string_view names[] = {"Caller", "Hook", "Cascade", "Upsert"};
  return names[static_cast<std::size_t>(cause)];
}
inline std::string ToString(Cause cause) { return std::string(Name(cause)); }

}  // namespace grapnel
