// Transactions: hooks around COMMIT and ROLLBACK, callbacks for after the fact, transactions inside
// transactions, and what an exception says about the outcome.
//
// OnCommit and OnRollback hooks stand around the event and may prevent a commit. AfterCommit
// callbacks run when the data is durable and can prevent nothing: the place for mails and for
// files.
//
// Output:
//   -- a transaction that commits
//   before COMMIT, after COMMIT, mail to Ada
//   the table holds 1
//   -- a nested one that is rolled back, in one that commits
//   before COMMIT, after COMMIT, mail to Grace, no mail to Edsger
//   the table holds 2
//   -- a scope that is left without Commit
//   before ROLLBACK, after ROLLBACK, no mail to Alan
//   the table holds 2
//   -- a commit hook that objects
//   before COMMIT, before ROLLBACK, after ROLLBACK, no mail to Tony
//   rolled back: not today
//   the table holds 2
//   -- a callback that fails
//   before COMMIT, after COMMIT, mail to Barbara
//   committed, but what ran after the commit failed: [the printer is on fire]
//   the table holds 3

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

using grapnel::F;

struct Person {
  std::int64_t id = 0;
  std::string name;
};

template <>
struct grapnel::Schema<Person> {
  static constexpr std::string_view Type = "Person";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Person::name>("name")); }
};

std::vector<std::string> events;

// A mutation hook: the mail goes out once the row is there to stay, and never otherwise.
void Mail(const grapnel::Mutation<Person>& m, grapnel::Value<Person>& value) {
  const std::string name = value.Entity().name;
  m.AfterCommit([name] { events.push_back("mail to " + name); });
  m.AfterRollback([name] { events.push_back("no mail to " + name); });
}

auto Around(const std::string& what) {
  return [what](grapnel::Tx& tx, auto next) {
    events.push_back("before " + what);
    next(tx);
    events.push_back("after " + what);
  };
}

int main() {
  auto client = grapnel::Open<Person>(":memory:");
  client.Migrate();
  client.Of<Person>().Use(grapnel::hook::On(grapnel::hook::After(Mail), grapnel::Op::Create));
  client.OnCommit(Around("COMMIT"));
  client.OnRollback(Around("ROLLBACK"));

  const auto add = [](grapnel::Tx& tx, const char* name) {
    tx.Of<Person>().Create().Set(F<&Person::name>, name).Save();
  };
  const auto part = [&](const char* title, auto body) {
    std::string outcome;
    events.clear();
    try {
      body();
    } catch (const grapnel::CommittedError& error) {  // done all the same: do not retry
      outcome = fmt::format("{}\n", error);
    } catch (const std::exception& error) {
      outcome = fmt::format("rolled back: {}\n", error.what());
    }
    fmt::print("-- {}\n{}\n{}the table holds {}\n", title, fmt::join(events, ", "), outcome,
               client.Of<Person>().Query().Count());
  };

  part("a transaction that commits",
       [&] { client.WithTx([&](grapnel::Tx& tx) { add(tx, "Ada"); }); });
  part("a nested one that is rolled back, in one that commits", [&] {
    auto tx = client.Tx();
    add(tx, "Grace");
    auto inner = tx.Tx();
    add(inner, "Edsger");
    inner.Rollback();
    tx.Commit();
  });
  part("a scope that is left without Commit", [&] {
    auto tx = client.Tx();
    add(tx, "Alan");
  });
  part("a commit hook that objects", [&] {
    auto tx = client.Tx();
    tx.OnCommit([](grapnel::Tx&, auto) { throw std::runtime_error("not today"); });
    add(tx, "Tony");
    tx.Commit();
  });
  part("a callback that fails", [&] {
    auto tx = client.Tx();
    add(tx, "Barbara");
    tx.AfterCommit([] { throw std::runtime_error("the printer is on fire"); });
    tx.Commit();
  });
}
