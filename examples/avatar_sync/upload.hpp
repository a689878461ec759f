#pragma once

#include <grapnel/extras/clock.hpp>
#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

/// How far an image is. The bucket is only ever written while it is Writing, and only ever deleted
/// from while it is Removing.
enum class UploadState : std::uint8_t {
  Writing,   // on its way into the bucket: there, or not
  Staged,    // there, and no user has it yet
  Attached,  // there, and users have it
  Removing,  // on its way out: no user can have it any more
};

template <>
struct grapnel::EnumNames<UploadState> {
  static constexpr std::pair<UploadState, std::string_view> Values[] = {
      {UploadState::Writing, "writing"},
      {UploadState::Staged, "staged"},
      {UploadState::Attached, "attached"},
      {UploadState::Removing, "removing"}};
};

/// An image that this program has put into the bucket, or is about to. The row is there before the
/// image and until behind it, so that there is none without a row, whenever the program dies; and
/// whoever uses or removes the image changes the row first, so that they exclude each other
/// without a lock while the bucket is asked. A key is never used twice.
struct Upload {
  std::int64_t id = 0;
  std::string key{};
  UploadState state = UploadState::Writing;
  grapnel::extras::Clock::Time expires_at{};  // while Writing or Staged: then it is given up
};

template <>
struct grapnel::Schema<Upload> {
  static constexpr std::string_view Type = "Upload";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Upload::key>("key").Unique().Immutable(),
                           Field<&Upload::state>("state"),
                           Field<&Upload::expires_at>("expires_at"));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&Upload::state, &Upload::expires_at>());
  }
};
