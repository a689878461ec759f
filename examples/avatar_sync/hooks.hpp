#pragma once

#include "upload.hpp"
#include "user.hpp"

#include <fmt/format.h>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <stdexcept>
#include <string>

/// The user has an image that is not in the bucket: nobody has uploaded it, or not yet.
struct MissingImageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// The user was about to share an image that is being removed: upload it anew.
struct RemovedImageError : MissingImageError {
  using MissingImageError::MissingImageError;
};

/// The sink of the outbox that takes images out of the bucket: its keys are theirs.
inline constexpr const char* kRemovals = "image removals";

/// No user without an image: a Create takes what Images::Stage has uploaded, in its transaction, or
/// fails. The bucket is not asked: that the upload's row says so is as good, and cannot change
/// until the COMMIT. Behind the write, for then it is certain that there is such a user.
inline auto EnsureImageExists() {
  const auto attach = [](const grapnel::Mutation<User>& m, grapnel::Value<User>& created) {
    using grapnel::F;
    const std::string& key = created.Entity().avatar_url;
    const auto uploads = m.Client().Of<Upload>();
    const auto attached =
        uploads.Update()
            .Where(F<&Upload::key> == key)
            .Where(F<&Upload::state>.In(UploadState::Staged, UploadState::Attached))
            .Set(F<&Upload::state>, UploadState::Attached)
            .Save();
    if (attached != 0) return;
    if (uploads.Query()
            .Where(F<&Upload::key> == key && F<&Upload::state> == UploadState::Removing)
            .Exist()) {
      throw RemovedImageError(fmt::format("the image {:?} is being removed", key));
    }
    throw MissingImageError(fmt::format("the image {:?} was not uploaded", key));
  };
  return grapnel::hook::On(grapnel::hook::After(attach), grapnel::Op::Create);
}

/// No image without a user: what deletes users, one or many, writes down in the same transaction
/// that their images are to go. Whether they do is decided when it is committed: Images::Remove.
inline auto DeleteOrphans() {
  const auto image = [](const auto& change) { return change.Old()->avatar_url; };
  return grapnel::hook::On(grapnel::extras::outbox::Publish<User>("user.deleted")
                               .To(kRemovals)
                               .Key(image)
                               .Payload([](const auto& change) { return change.Old()->name; }),
                           grapnel::Op::DeleteOne | grapnel::Op::Delete);
}

/// The names are what `client.Explain<User>()` shows.
inline auto grapnel::Schema<User>::Hooks() {
  return grapnel::Hooks(hook::Named("EnsureImageExists", EnsureImageExists()),
                        hook::Named("DeleteOrphans", DeleteOrphans()));
}
