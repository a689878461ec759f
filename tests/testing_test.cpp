#include <grapnel/testing.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

using grapnel::F;
using grapnel::Op;

namespace {

struct User {
  std::int64_t id = 0;
  std::string name;
  std::string avatar_url;
};
struct Bucket {
  std::set<std::string> images;
};
struct Viewer {
  std::string name;
};
struct MissingImageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

auto EnsureImageExists() {
  return [](grapnel::Mutation<User>& m, grapnel::Next<User> next) -> grapnel::Value<User> {
    const std::string* url = m.Get(F<&User::avatar_url>);
    if (url != nullptr && !m.Dep<Bucket>().images.contains(*url)) throw MissingImageError(*url);
    return next(m);
  };
}

}  // namespace

template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::name>("name").Default(""),
                           Field<&User::avatar_url>("avatar_url"));
  }
};

TEST_CASE("B211 a user tests a hook without a database") {
  Bucket bucket;
  const auto run = grapnel::testing::Run<User>(EnsureImageExists(), Op::Create)
                       .Set(F<&User::avatar_url>, "a.png")
                       .Provide(bucket)
                       .With(Viewer{"bob"})
                       .Go();
  CHECK(run.Threw<MissingImageError>());
  CHECK_FALSE(run.CalledNext());
  bucket.images = {"a.png"};
  const auto there = grapnel::testing::Run<User>(EnsureImageExists(), Op::Create)
                         .Set(F<&User::avatar_url>, "a.png")
                         .Provide(bucket)
                         .Go();
  CHECK(there.CalledNext());
  CHECK(there.Value().Entity().avatar_url == "a.png");
}
