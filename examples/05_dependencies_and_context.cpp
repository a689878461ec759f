// What hooks get from outside: objects of the application by Provide and Dep, and what belongs to
// one call (who asks, until when) by With and Context.
//
// Output:
//   audit: bob created "minutes"
//   refused: nobody is signed in
//   refused: no dependency of type Clock was provided
//   cancelled: the operation was cancelled: its deadline has passed
//   cancelled: the operation was cancelled: a stop was requested
//   1 document

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <stop_token>
#include <string>

using grapnel::F;

struct Document {
  std::int64_t id = 0;
  std::string title;
};

template <>
struct grapnel::Schema<Document> {
  static constexpr std::string_view Type = "Document";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Document::title>("title")); }
};

// An interface that hooks depend on; tests provide another one.
struct Audit {
  virtual ~Audit() = default;
  virtual void Note(const std::string& line) = 0;
};
struct PrintedAudit : Audit {
  void Note(const std::string& line) override { fmt::print("audit: {}\n", line); }
};

struct Clock {};  // nobody provides one
struct Viewer {   // a value of one call
  std::string name;
};

// Every creation is audited, with the name of who asked for it.
grapnel::Value<Document> Audited(grapnel::Mutation<Document>& m, grapnel::Next<Document> next) {
  const Viewer* viewer = m.Context().Get<Viewer>();
  if (viewer == nullptr) throw std::runtime_error("nobody is signed in");
  const std::string line =
      fmt::format("{} created \"{}\"", viewer->name, *m.Get(F<&Document::title>));
  grapnel::Value<Document> result = next(m);
  m.AfterCommit([&audit = m.Dep<Audit>(), line] { audit.Note(line); });
  return result;
}

template <class Client>
void Create(const Client& client, const char* title) {
  try {
    client.template Of<Document>().Create().Set(F<&Document::title>, title).Save();
  } catch (const grapnel::CancelledError& error) {
    fmt::print("cancelled: {}\n", error.what());
  } catch (const grapnel::DependencyError& error) {
    fmt::print("refused: no dependency of type {} was provided\n", error.Type());
  } catch (const std::exception& error) {
    fmt::print("refused: {}\n", error.what());
  }
}

int main() {
  PrintedAudit audit;  // kept by reference: declared before the client, it outlives it
  auto client = grapnel::Open<Document>(":memory:");
  client.Migrate();
  client.Provide<Audit>(audit);
  client.Of<Document>().Use(Audited);

  const auto as_bob = client.With(Viewer{"bob"});  // a view: the client itself stays as it is
  Create(as_bob, "minutes");
  Create(client, "secrets");

  auto needs_clock = client.Of<Document>().Use(
      grapnel::hook::Before([](grapnel::Mutation<Document>& m) { m.Dep<Clock>(); }));
  Create(as_bob, "calendar");
  needs_clock.Remove();

  // A deadline and a stop token travel the same way, and interrupt a running statement as well.
  Create(as_bob.With(std::chrono::seconds(0)), "too late");
  std::stop_source source;
  source.request_stop();
  Create(as_bob.With(source.get_token()), "stopped");

  fmt::print("{} document\n", client.Of<Document>().Query().Count());
}
