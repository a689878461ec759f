#pragma once

/// What this program is not: the hooks as the blog has them, which call the bucket from inside of
/// the write: client.Of<lossy::User>().Use(lossy::EnsureImageExists(), lossy::DeleteOrphans()).
/// Read them beside hooks.hpp; tests/contract/avatar_sync_test.cpp shows each loss.
///
///   - The image is deleted before the row: where the database fails then, a hook further in
///     refuses, the caller rolls back, or a condition of the deletion matches nothing, the user
///     stays and the image is gone.
///   - A deletion of many users leaves their images.
///   - Two users with one image: the deletion of one takes it from the other.
///   - A process that dies behind the image's deletion leaves a user who can never be deleted, for
///     there is no image to delete.
///   - The image may go between the look for it and the COMMIT.
///   - The bucket is called while the transaction is open: who else writes waits for it.

#include "bucket.hpp"

#include <fmt/format.h>
#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lossy {

struct User {
  std::int64_t id = 0;
  std::string name{};
  std::string avatar_url{};
};

inline auto EnsureImageExists() {
  const auto check = [](grapnel::Mutation<User>& m,
                        grapnel::Next<User> next) -> grapnel::Value<User> {
    const std::string* key = m.Get(grapnel::F<&User::avatar_url>);
    if (key == nullptr) throw std::runtime_error("avatar field is missing");
    if (!m.Dep<Bucket>().Exists(*key)) {
      throw std::runtime_error(fmt::format("key {:?} does not exist in the bucket", *key));
    }
    return next(m);
  };
  return grapnel::hook::On(check, grapnel::Op::Create);
}

inline auto DeleteOrphans() {
  const auto remove = [](grapnel::Mutation<User>& m,
                         grapnel::Next<User> next) -> grapnel::Value<User> {
    const User user = m.Client().Of<User>().Get(m.ID().value());
    auto& bucket = m.Dep<Bucket>();
    static_cast<void>(
        bucket.Read(user.avatar_url));  // the blog's library deletes only what is there
    bucket.Delete(user.avatar_url);
    return next(m);
  };
  return grapnel::hook::On(remove, grapnel::Op::DeleteOne);
}

}  // namespace lossy

template <>
struct grapnel::Schema<lossy::User> {
  using User = lossy::User;
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::name>("name").Immutable(),
                           Field<&User::avatar_url>("avatar_url").Immutable());
  }
};
