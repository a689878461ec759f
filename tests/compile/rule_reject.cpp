// B201: rules that are none say what to write.
// expect: this is no rule for this type
// expect: a rule returns a grapnel::guard::Verdict
// expect: RegisterHooksOnTheDatabaseInstead
// expect: Guard\(\) one of grapnel::Guard\(first, second\)
#include "contract/model.hpp"

using model::Pet;
using model::User;
namespace guard = grapnel::guard;

struct Note {
  std::int64_t id = 0;
};
template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static auto Guard() {
    return [](grapnel::Mutation<Note>&) { return guard::Skip; };
  }
};

void Register(const grapnel::Database<User, Pet>& client) {
  const auto users = client.Of<User>();
  users.Guard([](grapnel::Mutation<Pet>&) { return guard::Skip; });
  users.Guard([](grapnel::Mutation<User>&) { return true; });
  users.Guard([n = 0](grapnel::Mutation<User>&) mutable { return ++n, guard::Skip; });
  users.Guard([](grapnel::Mutation<User>& m, grapnel::Next<User> next) { return next(m); });
  client.Guard([](grapnel::Mutation<User>&) { return guard::Skip; });
  client.With(42).Of<User>().Guard([](auto&) { return guard::Skip; });
}
auto OpenNotes() { return grapnel::Open<Note>(":memory:"); }
