// B201: the forms of rules.
#include "contract/model.hpp"

using model::Pet;
using model::User;
namespace guard = grapnel::guard;

guard::Verdict Free(grapnel::Mutation<User>&) { return guard::Skip; }
guard::Verdict Any(grapnel::AnyMutation& m) {
  return m.Type() == "User" ? guard::Deny("no") : guard::Allow;
}

struct Note {
  std::int64_t id = 0;
};
template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static auto Guard() {
    return grapnel::Guard([](grapnel::Mutation<Note>&) { return guard::Skip; });
  }
};

void Register(const grapnel::Database<User, Pet>& client) {
  const auto users = client.Of<User>();
  users.Guard(Free, &Any, [](const grapnel::AnyReading&) { return guard::Allow; });
  users.Guard([](grapnel::Mutation<User>&) {}, [](grapnel::Reading<User>& r) { r.AtMost(3); });
  client.Guard([](auto&) { return guard::Skip; }, [](const auto&) { return guard::Deny("no"); });
  client.Guard([]<class E>(grapnel::Mutation<E>&) { return guard::Allow; });
  client.Guard([]<class E>(grapnel::Reading<E>&) { return guard::Allow; }).Remove();
}
auto OpenNotes() { return grapnel::Open<Note>(":memory:"); }
