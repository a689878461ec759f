#pragma once

#include "bucket.hpp"
#include "hooks.hpp"
#include "upload.hpp"
#include "user.hpp"

#include <fmt/format.h>
#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/extras/uuid.hpp>
#include <grapnel/grapnel.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using grapnel::F;

struct UploadExpiredError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The images of users in a bucket, in step with their rows in the database:
///
///   1. The image of a committed user exists.
///   2. An image that no user has is removed in the end.
///   3. Nothing outside of the database that cannot be undone happens before the COMMIT.
///   4. What happens outside can be repeated, and is, until it has succeeded.
///
/// An upload is a row first, then the image, then a row that says that it is there; a user takes it
/// in the transaction of its Create (EnsureImageExists). A deletion writes an event in its
/// transaction (DeleteOrphans); a relay gives it to Remove, again and again until that succeeds.
/// The process may die between any two of these steps: an upload that nobody took is given up by
/// Reap, once its time is over, and all else is taken up where it stood. While the bucket is asked
/// no transaction is open.
///
/// What the program did not make, images and users, is never touched: whatever has no Upload. What
/// cannot be seen from here, images that others delete, Reconcile finds.
///
/// Threads, processes: any number of them. Lifetime: the bucket outlives this.
class Images {
  static grapnel::extras::Clock::Time Now() {
    return std::chrono::floor<std::chrono::microseconds>(grapnel::extras::Clock::Now());
  }
  static auto Is(const std::string& key) { return F<&Upload::key> == key; }
  static auto IsRemoving() { return F<&Upload::state> == UploadState::Removing; }
  static bool IsUsed(const grapnel::Client& client, const std::string& key) {
    return client.Of<User>().Query().Where(F<&User::avatar_url> == key).Exist();
  }

 public:
  Images(const grapnel::Client& client, Bucket& bucket) : client_(client), bucket_(bucket) {}

  /// So long an upload waits for its user. One that is being written has a day, which no call of a
  /// bucket lasts; what would land in it later yet, Reconcile shows.
  static constexpr std::chrono::hours kStaged{1}, kWriting{24};

  /// Uploads an image. Returns: its key, for the avatar_url of users who are created within the
  /// hour: the name, in a folder of its own, so that none is ever overwritten, by whomever, and
  /// writing it again, here and in the server, does no harm. Throws: as the bucket and the database
  /// do, TxError inside of a transaction; UploadExpiredError where it took a day.
  std::string Stage(std::string_view name, std::string_view bytes) const {
    std::string key = fmt::format("{}/{}", grapnel::extras::NewUuid(), name);
    Bucket::CheckKey(key);
    const auto uploads = client_.Of<Upload>();
    uploads.Create({.key = key, .expires_at = Now() + kWriting}).Save();
    bucket_.Write(key, bytes);
    const auto staged = uploads.Update()
                            .Where(Is(key) && F<&Upload::state> == UploadState::Writing)
                            .Set(F<&Upload::state>, UploadState::Staged)
                            .Set(F<&Upload::expires_at>, Now() + kStaged)
                            .Save();
    if (staged == 0) {
      bucket_.Delete(key);
      throw UploadExpiredError(fmt::format("the upload of {:?} took too long", key));
    }
    return key;
  }

  /// Removes an image that no user has. What a relay of kRemovals delivers. Does nothing where
  /// there is a user again, or another one; one who comes now finds it Removing and is refused.
  void Remove(const std::string& key) const {
    if (!Claim(key)) return;
    bucket_.Delete(key);
    client_.Of<Upload>().Delete().Where(Is(key) && IsRemoving()).Exec();
  }

  /// Gives up what was uploaded and not taken in time. Returns: how many; they go as the images of
  /// deleted users do. For a timer; each call looks at up to a thousand.
  std::int64_t Reap() const {
    const auto is_late = F<&Upload::expires_at> <= Now() &&
                         F<&Upload::state>.In(UploadState::Writing, UploadState::Staged);
    if (!client_.Of<Upload>().Query().Where(is_late).Exist()) return 0;  // locks nothing
    return client_.WithTx(
        [&](grapnel::Tx& tx) {
          const auto uploads = tx.Of<Upload>();
          std::int64_t count = 0;
          for (const Upload& upload : uploads.Query().Where(is_late).Limit(1000).All()) {
            uploads.UpdateOne(upload.id).Set(F<&Upload::state>, UploadState::Removing).Save();
            grapnel::extras::outbox::Append(tx, kRemovals, upload.key, "upload.expired", "");
            ++count;
          }
          return count;
        },
        grapnel::Retry{});
  }

  /// What is not as it should be, sorted.
  struct Report {
    std::vector<std::string> missing{};   // users have it, and it is not in the bucket
    std::vector<std::string> unused{};    // it was made here, no user has it, and no event waits:
                                          // others have deleted the row; Remove takes it away
    std::vector<std::string> stranger{};  // it is in the bucket, and no row knows it
  };

  /// Compares bucket and database while others work, and changes nothing. What seems wrong is
  /// looked at a second time, in the order in which others cannot make it seem so: an image goes
  /// behind its last user and before its row.
  Report Reconcile() const {
    const auto listed = bucket_.Keys();
    const std::set<std::string> keys(listed.begin(), listed.end());
    std::set<std::string> known, attached, used;
    for (const Upload& upload : client_.Of<Upload>().Query().All()) {
      known.insert(upload.key);
      if (upload.state == UploadState::Attached) attached.insert(upload.key);
    }
    for (const std::string& key : client_.Of<User>().Query().Select(F<&User::avatar_url>).All()) {
      used.insert(key);
    }
    Report report;
    for (const std::string& key : used) {
      if (keys.contains(key) || bucket_.Exists(key)) continue;
      if (IsUsed(client_, key)) report.missing.push_back(key);
    }
    for (const std::string& key : attached) {
      if (!used.contains(key) && IsForgotten(key)) report.unused.push_back(key);
    }
    for (const std::string& key : keys) {
      if (known.contains(key) || used.contains(key)) continue;
      const bool is_known = client_.Of<Upload>().Query().Where(Is(key)).Exist();
      if (!is_known && bucket_.Exists(key)) report.stranger.push_back(key);
    }
    return report;
  }

 private:
  bool IsForgotten(const std::string& key) const {
    using grapnel::extras::outbox::Event;
    const grapnel::ReadTx now = client_.ReadTx();
    const auto attached = Is(key) && F<&Upload::state> == UploadState::Attached;
    return now.Of<Upload>().Query().Where(attached).Exist() &&
           !now.Of<User>().Query().Where(F<&User::avatar_url> == key).Exist() &&
           !now.Of<Event>()
                .Query()
                .Where(F<&Event::sink> == kRemovals && F<&Event::key> == key)
                .Exist();
  }

  /// Makes it Removing, unless users have it. First the row is changed, then users are looked for:
  /// whoever attaches the image at the same time changes it too, and one of the two waits, or
  /// begins again, and sees what the other has done. Returns: whether the image is to go.
  bool Claim(const std::string& key) const {
    return client_.WithTx(
        [&](grapnel::Tx& tx) {
          const auto claimed =
              tx.Of<Upload>()
                  .Update()
                  .Where(Is(key))
                  .Where(F<&Upload::state>.In(UploadState::Attached, UploadState::Removing))
                  .Set(F<&Upload::state>, UploadState::Removing)
                  .Save();
          if (claimed == 0) return false;  // gone already, or none of ours
          if (!IsUsed(tx.Client(), key)) return true;
          tx.Of<Upload>()
              .Update()
              .Where(Is(key))
              .Set(F<&Upload::state>, UploadState::Attached)
              .Save();
          return false;
        },
        grapnel::Retry{});
  }

  grapnel::Client client_;
  Bucket& bucket_;
};
