#pragma once

#include "bucket.hpp"
#include "user.hpp"

#include <fmt/format.h>
#include <grapnel/grapnel.hpp>

#include <stdexcept>
#include <string>

struct MissingImageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// No user without an image: a Create fails unless the bucket holds what `avatar_url` names.
inline auto EnsureImageExists() {
  const auto check = [](const grapnel::Mutation<User>& m) {
    const std::string* key = m.Get(grapnel::F<&User::avatar_url>);
    if (key == nullptr) return;  // validation will say that the field is required
    if (!m.Dep<Bucket>().Exists(*key)) {
      throw MissingImageError(fmt::format("the image {:?} is not in the bucket", *key));
    }
  };
  return grapnel::hook::On(grapnel::hook::Before(check), grapnel::Op::Create);
}

/// No image without a user: a DeleteOne takes the image with it.
///
/// The image goes after COMMIT, because a deleted image does not come back, and unless a user has
/// it then: one who shares it, or who was made anew in the same transaction. Ent's original deletes
/// it first and the row after that: when the database then fails, a hook further in refuses, or the
/// caller rolls back, the user is still there and the image is not. Here a failure leaves the other
/// half behind: after a crash between COMMIT and the callback there is an image that no user needs,
/// which costs space and can be cleaned up. What is left to lose is a user that is created for the
/// same image just between the two. To lose nothing at all the deletion has to be written down in
/// the transaction itself and carried out from there: an outbox.
inline auto DeleteOrphans() {
  const auto remove = [](grapnel::Mutation<User>& m,
                         grapnel::Next<User> next) -> grapnel::Value<User> {
    const std::string key = m.Old(grapnel::F<&User::avatar_url>);  // as the database has it
    grapnel::Value<User> result = next(m);
    m.AfterCommit([&bucket = m.Dep<Bucket>(), key](const grapnel::Client& client) {
      const auto users = client.Of<User>();
      const bool in_use = users.Query().Where(grapnel::F<&User::avatar_url> == key).Exist();
      if (!in_use) bucket.Delete(key);
    });
    return result;
  };
  return grapnel::hook::On(remove, grapnel::Op::DeleteOne);
}

/// A delete-many would leave images behind, so there is none. The names are what
/// `client.Explain<User>()` shows.
inline auto grapnel::Schema<User>::Hooks() {
  return grapnel::Hooks(hook::Named("EnsureImageExists", EnsureImageExists()),
                        hook::Named("DeleteOrphans", DeleteOrphans()),
                        hook::Named("Reject", hook::Reject(Op::Delete)));
}
