#pragma once

#include <grapnel/base/shared.hpp>
#include <grapnel/model/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace grapnel {

class AnyMutation;

namespace store {

struct PredicateNode;

/// What a Create with OnConflict does when a row is there already.
enum class OnConflict : std::uint8_t { Undecided, UpdateNewValues, Ignore, Update };

/// What a Create with OnConflict came to.
enum class ConflictOutcome : std::uint8_t {
  Pending,    // not written yet
  Inserted,   // there was no such row
  Updated,    // the row that was there
  Unchanged,  // the row that was there stayed as it was
};

/// "pending", "inserted", "updated" or "unchanged".
constexpr std::string_view Name(ConflictOutcome outcome) noexcept {
  constexpr std::string_view names[] = {"pending", "inserted", "updated", "unchanged"};
  return names[static_cast<std::size_t>(outcome)];
}

/// The OnConflict part of a Create, as hooks see it: see Mutation::Conflict.
struct Conflict {
  std::vector<std::string_view> fields{};  // a row that agrees in all of them is in conflict
  OnConflict action = OnConflict::Undecided;
  ConflictOutcome outcome = ConflictOutcome::Pending;

  // What follows is for the other parts of the store.
  std::vector<std::size_t> columns{};
  /// Of partial indexes: which rows they hold, and so are in conflict; none: all rows.
  std::vector<const PredicateNode*> where{};
  core::Shared<AnyMutation> update{};  // of Update: what it says
  FieldValue given_id{};               // where the row that is there has another one
};

}  // namespace store

using store::ConflictOutcome;

}  // namespace grapnel
