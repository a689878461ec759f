// Who may do what: rules that are asked before all hooks and interceptors.
//
// Output:
//   Ada sees 1 ticket of 2
//   DeleteOne of ticket 2: Ticket not found: id 2
//   nobody: Ticket: a read is not allowed: who are you?
//   Ada deletes: Ticket: DeleteOne is not allowed: only admins delete
//   the admin sees 2 tickets
//   the nightly job deletes 2 tickets

#include <grapnel/extras/privacy.hpp>
#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

using grapnel::F;
using grapnel::Op;
namespace extras = grapnel::extras;
namespace guard = grapnel::guard;

/// Who calls: a per-call value, client.With(Viewer{...}).
struct Viewer {
  std::int64_t tenant = 0;
  bool admin = false;
};

/// Of an entity that has this mixin a tenant sees, changes and joins by edges its own rows alone.
struct Tenanted {
  std::int64_t tenant = 0;
};
template <>
struct grapnel::Schema<Tenanted> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Tenanted::tenant>("tenant").Immutable());
  }
  template <class E>
  static auto Guard() {
    return grapnel::Guard(extras::TenantBy<Viewer>(F<&Tenanted::tenant>, &Viewer::tenant));
  }
};

struct Ticket : Tenanted {
  std::int64_t id = 0;
  std::string title;
};
template <>
struct grapnel::Schema<Ticket> {
  static constexpr std::string_view Type = "Ticket";
  using Mixins = grapnel::Mixins<Tenanted>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Ticket::title>("title")); }
};

/// A rule of one's own: of mutations, for it takes one. The first that allows or denies is
/// followed.
auto OnlyAdminsDelete() {
  return []<class E>(grapnel::Mutation<E>& m) {
    const bool deletes = Is(m.Op(), Op::Delete | Op::DeleteOne);
    return deletes ? guard::Deny("only admins delete") : guard::Skip;
  };
}

int main() {
  auto client = grapnel::Open<Ticket>(":memory:");
  client.Migrate();
  client.Guard(extras::DenyWithout<Viewer>("who are you?"),
               extras::AllowIf<Viewer>(&Viewer::admin));

  const auto ada = client.With(Viewer{1}), eve = client.With(Viewer{2});
  const auto admin = client.With(Viewer{0, true});
  ada.Of<Ticket>().Create().Set(F<&Ticket::title>, "Printer on fire").Save();
  eve.Of<Ticket>().Create().Set(F<&Ticket::title>, "No coffee").Save();

  fmt::print("Ada sees {} ticket of 2\n", ada.Of<Ticket>().Query().Count());
  try {
    ada.Of<Ticket>().DeleteOne(2).Exec();  // Eve's
  } catch (const grapnel::NotFoundError& error) {
    fmt::print("DeleteOne of ticket 2: {}\n", error.what());
  }
  try {
    client.Of<Ticket>().Query().All();
  } catch (const grapnel::PolicyError& error) {
    fmt::print("nobody: {}\n", error.what());
  }
  client.Of<Ticket>().Guard(OnlyAdminsDelete());
  try {
    ada.Of<Ticket>().DeleteOne(1).Exec();
  } catch (const grapnel::PolicyError& error) {
    fmt::print("Ada deletes: {}\n", error.what());
  }
  fmt::print("the admin sees {} tickets\n", admin.Of<Ticket>().Query().Count());

  // Whoever has the client may decide for one call, and all that Grapnel begins for it.
  const auto job = client.With(guard::Decide(guard::Allow));
  fmt::print("the nightly job deletes {} tickets\n", job.Of<Ticket>().Delete().Exec());
}
