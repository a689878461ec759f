// JSON: events that speak it, written and read by nlohmann-json, which Grapnel itself does without
// (Debian: apt-get install nlohmann-json3-dev; CMake: nlohmann_json::nlohmann_json).
//
// Output:
//   1#1: {"new":{"age":36,"id":1,"name":"Ada"},"old":null}
//   1#2: {"new":{"age":37,"id":1,"name":"Ada"},"old":{"age":36,"id":1,"name":"Ada"}}
//   1#3: {"new":null,"old":{"age":37,"id":1,"name":"Ada"}}
//   Ada's ages: [36,37,null]

#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

using grapnel::F;
using nlohmann::json;
namespace outbox = grapnel::extras::outbox;

struct User {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(User, id, name, age)

template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::name>("name"), Field<&User::age>("age"));
  }
};

/// Of any entity that nlohmann-json knows. What is no UTF-8 is replaced: it would undo the write.
template <class E>
std::string Json(const E* before, const E* after) {
  const auto row = [](const E* one) { return one == nullptr ? json() : json(*one); };
  return json{{"old", row(before)}, {"new", row(after)}}.dump(-1, ' ', false,
                                                              json::error_handler_t::replace);
}

int main() {
  auto client = grapnel::Open<User, outbox::Event, outbox::Lane>(":memory:");
  client.Migrate();
  const auto users = client.Of<User>();
  users.Use(outbox::Publish<User>("user.changed").To("index").Payload([](const auto& change) {
    return Json(change.Old(), change.New());
  }));

  const User ada = users.Create({.name = "Ada", .age = 36}).Save();
  users.UpdateOne(ada).Set(F<&User::age>, 37).Save();
  users.DeleteOne(ada).Exec();

  json ages;
  const auto index = [&](const outbox::Event& event, const std::stop_token&) {
    fmt::print("{}#{}: {}\n", event.key, event.seq, event.payload);
    const json change = json::parse(event.payload);
    ages.push_back(change["new"].is_null() ? json() : change["new"]["age"]);
  };
  outbox::Relay(client, "index", index).RunOnce();
  fmt::print("Ada's ages: {}\n", ages.dump());
}
