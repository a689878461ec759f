// How hooks are tested: one alone, without a database, with what it needs; what a client's chain
// is; and a fault at each statement, after which nothing may be left.
//
// Output:
//   no viewer: refused, next was not called
//   bob: created by bob, 1 callback waits
//   committed: mail to bob
//   update: he raised it from 1 to 2
//   Note Create
//     defaults
//     signed: runtime, around, on Create
//     validation
//     SQL
//   committed: mail to eve
//   4 statements, and a fault at each of them left 0 rows

#include <grapnel/grapnel.hpp>
#include <grapnel/testing.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

using grapnel::F;
using grapnel::Op;
namespace testing = grapnel::testing;

struct Note {
  std::int64_t id = 0;
  std::string author;
  std::int64_t revision = 0;
};

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Note::author>("author").Default(""),
                           Field<&Note::revision>("revision").Default(1));
  }
};

struct Viewer {
  std::string name;
};

// The hooks that are tested.
grapnel::Value<Note> Signed(grapnel::Mutation<Note>& m, grapnel::Next<Note> next) {
  const Viewer* viewer = m.Context().Get<Viewer>();
  if (viewer == nullptr) throw std::runtime_error("nobody is signed in");
  m.Set(F<&Note::author>, viewer->name);
  m.AfterCommit([name = viewer->name] { fmt::print("committed: mail to {}\n", name); });
  return next(m);
}
grapnel::Value<Note> Raised(grapnel::Mutation<Note>& m, grapnel::Next<Note> next) {
  m.Set(F<&Note::revision>, m.Old(F<&Note::revision>) + 1);
  return next(m);
}

int main() {
  const auto alone = testing::Run<Note>(Signed, Op::Create).Go();
  fmt::print("no viewer: {}, next was {}called\n", alone.Threw() ? "refused" : "taken",
             alone.CalledNext() ? "" : "not ");

  auto run = testing::Run<Note>(Signed, Op::Create).With(Viewer{"bob"}).Go();
  fmt::print("bob: created by {}, {} callback waits\n", *run.Get(F<&Note::author>),
             run.AfterCommits());
  run.Commit();

  // The stored row is given as well; without it the run would say what is missing.
  const Note stored{7, "bob", 1};
  const auto raised = testing::Run<Note>(Raised, Op::UpdateOne).Old(stored).Go();
  fmt::print("update: he raised it from {} to {}\n", stored.revision,
             raised.Value().Entity().revision);

  // A whole database, private to the test.
  const auto client = testing::Open<Note>();
  client.Of<Note>().Use(grapnel::hook::Named("signed", grapnel::hook::On(Signed, Op::Create)));
  fmt::print("{}", client.Explain<Note>(Op::Create));

  std::int64_t left = 0;
  for (std::size_t n = 1;; ++n) {
    const testing::FaultAt fault(n);
    try {
      fault.In(client.With(Viewer{"eve"})).Of<Note>().Create().Save();
      fmt::print("{} statements, and a fault at each of them left {} rows\n", n - 1, left);
      break;
    } catch (const testing::InjectedFault&) {
      left += client.Of<Note>().Query().Count();
    }
  }
}
