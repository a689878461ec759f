// An audit trail: who changed what, from what to what, in a chain that shows tampering.
//
// Output:
//   1 ada Create User 1 created {"name":[null,"Ada"],"pin":[null,"***"]}
//   2 eve UpdateOne User 1 updated {"name":["Ada","Eve"]}
//   3 eve DeleteOne User 1 deleted {"name":["Eve",null],"pin":["***",null]}
//   the trail is whole: yes
//   one entry is gone: missing at 2

#include <grapnel/extras/audit.hpp>
#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

using grapnel::F;
namespace extras = grapnel::extras;

struct User {
  std::int64_t id = 0;
  std::string name;
  std::int64_t pin = 0;
};
template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::name>("name"), Field<&User::pin>("pin").Sensitive());
  }
};

int main() {
  auto client = grapnel::Open<User, extras::AuditEntry, extras::AuditHead>(":memory:");
  client.Migrate();
  client.Use(extras::Audit());  // first of all hooks: it sees what they make of the mutation

  const auto ada = client.With(extras::Actor{"ada"}), eve = client.With(extras::Actor{"eve"});
  ada.Of<User>().Create().Set(F<&User::name>, "Ada").Set(F<&User::pin>, 1234).Save();
  eve.Of<User>().UpdateOne(1).Set(F<&User::name>, "Eve").Save();
  eve.Of<User>().DeleteOne(1).Exec();

  // The trail is an entity as others are.
  const auto trail = client.Of<extras::AuditEntry>();
  for (const auto& entry : trail.Query().Order(grapnel::Asc(F<&extras::AuditEntry::id>)).All()) {
    fmt::print("{} {} {} {} {} {} {}\n", entry.id, entry.actor, entry.done, entry.entity, entry.row,
               entry.fate, entry.changes);
  }
  fmt::print("the trail is whole: {}\n", extras::Verify(client).empty() ? "yes" : "no");

  trail.DeleteOne(2).Exec();
  for (const extras::AuditFault& fault : extras::Verify(client)) {
    fmt::print("one entry is gone: {} at {}\n", Name(fault.flaw), fault.entry);
  }
}
