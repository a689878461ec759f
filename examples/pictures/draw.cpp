// The pictures of examples/README.md, as texts for Graphviz: NAME.dot for each, in a folder that is
// there. The target `pictures` renders them.
//
//   draw_pictures FOLDER

#include "../avatar_sync/hooks.hpp"
#include "../tickets/entities.hpp"

#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>
#include <string_view>
#include <utility>

namespace guard = grapnel::guard;
namespace hook = grapnel::hook;

// ---- An entity that has one of each stage -------------------------------------------------------

/// Each is named as it is registered, and does nothing.
auto Rule(std::string name) {
  return hook::Named(std::move(name), [](auto&) { return guard::Skip; });
}
template <class E>
auto Around(std::string name) {
  return hook::Named(std::move(name),
                     [](grapnel::Mutation<E>& m, grapnel::Next<E> next) { return next(m); });
}
template <class E>
auto Narrow(std::string name) {
  return hook::Named(std::move(name), hook::Before([](grapnel::Reading<E>&) {}));
}

struct Shared {
  std::int64_t tenant = 0;
};
struct Note : Shared {
  std::int64_t id = 0;
  std::string text;
};

template <>
struct grapnel::Schema<Shared> {
  static constexpr auto Fields() { return grapnel::Fields(Field<&Shared::tenant>("tenant")); }
  template <class E>
  static auto Guard() {
    return grapnel::Guard(Rule("Schema<Shared>::Guard()"));
  }
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(Around<E>("Schema<Shared>::Hooks()"));
  }
  template <class E>
  static auto Interceptors() {
    return grapnel::Interceptors(Narrow<E>("Schema<Shared>::Interceptors()"));
  }
};
template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  using Mixins = grapnel::Mixins<Shared>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Note::text>("text")); }
  static auto Guard() { return grapnel::Guard(Rule("Schema<Note>::Guard()")); }
  static auto Hooks() { return grapnel::Hooks(Around<Note>("Schema<Note>::Hooks()")); }
  static auto Interceptors() {
    return grapnel::Interceptors(Narrow<Note>("Schema<Note>::Interceptors()"));
  }
};

std::string Stages() {
  auto client = grapnel::Open<Note>(":memory:");
  client.Migrate();
  client.Guard(Rule("client.Guard(rule)"));
  client.Of<Note>().Use(Around<Note>("client.Of<Note>().Use(hook)"));
  client.Of<Note>().Intercept(Narrow<Note>("client.Of<Note>().Intercept(hook)"));
  const auto tx = client.Tx();
  tx.Of<Note>().Use(Around<Note>("tx.Of<Note>().Use(hook)"));
  return ToDot(tx.Client().Explain<Note>());
}

// ---- The examples -------------------------------------------------------------------------------

std::string AvatarSync() { return ToDot(grapnel::Open<User>(":memory:").Explain<User>()); }

std::string Tickets() {
  return ToDot(grapnel::Open<Organisation, Agent, Ticket, Comment, Tag>(":memory:").Types());
}

int main(int argc, char** argv) {
  const std::filesystem::path folder(argc == 2 ? argv[1] : ".");
  const auto write = [&](std::string_view name, const std::string& dot) {
    std::ofstream file;
    file.exceptions(std::ios::failbit | std::ios::badbit);
    file.open(folder / name, std::ios::binary);
    file << dot << std::flush;
  };
  write("stages.dot", Stages());
  write("avatar_sync.dot", AvatarSync());
  write("tickets.dot", Tickets());
}
