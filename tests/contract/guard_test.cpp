/// B73, B74, B201, B202: guards, asked before all hooks and interceptors.

#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::PolicyError;
using grapnel::Reading;
using grapnel::Value;
namespace guard = grapnel::guard;
namespace hook = grapnel::hook;

namespace guarded {

struct Viewer {
  std::string name;
  bool admin = false;
};

struct Note;
struct Owner {
  std::int64_t id = 0;
  std::string name;
  std::int64_t visits = 0;
  grapnel::Many<Note> notes{};
};
struct Note {
  std::int64_t id = 0;
  std::string text;
  std::int64_t length = 0;
  grapnel::One<Owner> owner{};
  grapnel::Many<Note> similar{};
};
struct Book {  // the schema guards it
  std::int64_t id = 0;
  std::string title;
};
struct Marked {
  bool secret = false;
};
struct Letter : Marked {
  std::int64_t id = 0;
  std::string text;
};
struct Ledger {
  std::int64_t id = 0;
  std::string line;
};

auto Admins() {
  return [](auto& asked) {
    const Viewer* viewer = asked.Context().template Get<Viewer>();
    return viewer != nullptr && viewer->admin ? guard::Allow : guard::Deny("only admins");
  };
}

}  // namespace guarded
using namespace guarded;

template <>
struct grapnel::Schema<Owner> {
  static constexpr std::string_view Type = "Owner";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Owner::name>("name").Unique(),
                           Field<&Owner::visits>("visits").Default(0));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Owner::notes>("notes").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Note::text>("text"), Field<&Note::length>("length").Default(0));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Note::owner>("owner").Ref<&Owner::notes>(),
                          To<&Note::similar>("similar"));
  }
};
template <>
struct grapnel::Schema<Book> {
  static constexpr std::string_view Type = "Book";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Book::title>("title")); }
  static auto Guard() { return grapnel::Guard(hook::Named("admins", Admins())); }
};
template <>
struct grapnel::Schema<Marked> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Marked::secret>("secret").Default(false));
  }
  template <class E>
  static auto Guard() {
    return grapnel::Guard([](Reading<E>& r) { r.Where(F<&Marked::secret> == false); });
  }
};
template <>
struct grapnel::Schema<Letter> {
  static constexpr std::string_view Type = "Letter";
  using Mixins = grapnel::Mixins<Marked>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Letter::text>("text")); }
};
template <>
struct grapnel::Schema<Ledger> {
  static constexpr std::string_view Type = "Ledger";
  static constexpr bool Internal = true;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Ledger::line>("line")); }
};

namespace {

using Db = Fixture<Owner, Note, Book, Letter, Ledger>;
const Viewer kBob{"bob"};
const Viewer kRoot{"root", true};

Owner AddOwner(const grapnel::Client& client, std::string name) {
  return client.Of<Owner>().Create().Set(F<&Owner::name>, std::move(name)).Save();
}
Note AddNote(const grapnel::Client& client, std::string text, std::int64_t owner) {
  return client.Of<Note>()
      .Create()
      .Set(F<&Note::text>, std::move(text))
      .Set(F<&Note::owner>, owner)
      .Save();
}
auto Decided(const grapnel::Client& client, guard::Verdict verdict) {
  return client.With(guard::Decide(std::move(verdict)));
}

/// Notes whose text is "hidden" are as not there.
void HideNotes(const Db& db) {
  db.client.Of<Note>().Guard(
      [](Mutation<Note>& m) {
        if (m.Op() != Op::Create) m.Where(!(F<&Note::text> == "hidden"));
      },
      [](Reading<Note>& r) { r.Where(!(F<&Note::text> == "hidden")); });
}

}  // namespace

TEST_CASE("B73 B201 what a guard denies runs no hook and no statement") {
  Db db;
  Lines log;
  std::vector<std::string> sent;
  db.client.Use(Noted(log, "hook"));
  db.client.Intercept(hook::Before([&](auto&) { log.push_back("interceptor"); }));
  const Owner ada = AddOwner(db.client, "Ada");
  db.client.Guard(hook::Named("no", [](auto&) { return guard::Deny("closed"); }));
  Take(log);
  const auto traced = db.client.Debug([&](std::string_view sql) { sent.emplace_back(sql); });
  const auto refused = [&](std::optional<Op> op, auto action) {
    const auto error = Thrown<PolicyError>(action);
    CHECK((error.Op() == op && error.Entity() == "Owner" && error.Rule() == "no"));
    CHECK(error.Reason() == "closed");
    CHECK(error.what() == "Owner: " + (op ? ToString(*op) : "a read") + " is not allowed: closed");
  };
  const auto of = traced.Of<Owner>();
  refused(Op::Create, [&] { AddOwner(traced, "Bob"); });
  refused(Op::Create, [&] { of.CreateBulk({Owner{.name = "Bob"}}).Save(); });
  refused(Op::Create, [&] {
    of.Create().Set(F<&Owner::name>, "Ada").OnConflict(F<&Owner::name>).UpdateNewValues().Save();
  });
  refused(Op::UpdateOne, [&] { of.UpdateOne(ada.id).Set(F<&Owner::name>, "Eve").Save(); });
  refused(Op::UpdateOne, [&] { of.UpdateOne(99).Set(F<&Owner::name>, "Eve").Save(); });
  refused(Op::Update, [&] { of.Update().Set(F<&Owner::name>, "Eve").Save(); });
  refused(Op::DeleteOne, [&] { of.DeleteOne(ada.id).Exec(); });
  refused(Op::Delete, [&] { of.Delete().Exec(); });
  refused({}, [&] { of.Query().All(); });
  refused({}, [&] { of.Query().Count(); });
  refused({}, [&] { of.Query().Sum(F<&Owner::visits>); });
  refused({}, [&] { of.Get(ada.id); });
  refused({}, [&] { of.Find(99); });
  refused({}, [&] { of.Query().ForEach([](const Owner&) {}); });
  CHECK(log == Lines{});
  for (const std::string& sql : sent) {
    CHECK((sql.find("INSERT") == std::string::npos && sql.find("UPDATE") == std::string::npos &&
           sql.find("DELETE") == std::string::npos && sql.find("SELECT") == std::string::npos));
  }
}

TEST_CASE("B73 B201 the first answer is followed, and where all skip it is allowed") {
  Db db;
  std::vector<int> asked;
  const auto says = [&](int number, const guard::Verdict& verdict) {
    return [&asked, number, verdict](Mutation<Owner>&) {
      asked.push_back(number);
      return verdict;
    };
  };
  const auto add = [&] {
    asked.clear();
    AddOwner(db.client, "Owner " + std::to_string(db.client.Of<Owner>().Query().Count()));
  };
  db.client.Of<Owner>().Guard(says(1, guard::Skip), says(2, guard::Skip));
  add();
  CHECK(asked == std::vector{1, 2});
  const auto allow = db.client.Of<Owner>().Guard(says(3, guard::Allow));
  const auto deny = db.client.Of<Owner>().Guard(says(4, guard::Deny("never")));
  add();
  CHECK(asked == std::vector{1, 2, 3});
  allow.Remove();
  CHECK_THROWS_AS(add(), PolicyError);
  CHECK(asked == std::vector{1, 2, 4});
  deny.Remove();
  add();
  CHECK(asked == std::vector{1, 2});
}

TEST_CASE("B201 a schema's and a mixin's rules are asked behind the client's") {
  Db db;
  const auto write = [](const grapnel::Client& client) {
    client.Of<Book>().Create().Set(F<&Book::title>, "Notes").Save();
  };
  const auto error = Thrown<PolicyError>([&] { write(db.client.With(kBob)); });
  CHECK((error.Rule() == "admins" && error.Op() == Op::Create));
  write(db.client.With(kRoot));
  CHECK_THROWS_AS(db.client.Of<Book>().Query().Count(), PolicyError);
  const auto open = db.client.Of<Book>().Guard([](auto&) { return guard::Allow; });
  write(db.client);
  CHECK(db.client.Of<Book>().Query().Count() == 2);
  open.Remove();

  const auto letters = db.client.Of<Letter>();
  letters.Create().Set(F<&Letter::text>, "open").Save();
  letters.Create().Set(F<&Letter::text>, "closed").Set(F<&Letter::secret>, true).Save();
  CHECK(letters.Query().Count() == 1);
  CHECK(letters.Update().Set(F<&Letter::text>, "read").Save() == 1);
}

TEST_CASE("B201 rules of every type pass by the types that are Internal") {
  Db db;
  db.client.Guard([](auto&) { return guard::Deny("closed"); });
  db.client.Of<Ledger>().Create().Set(F<&Ledger::line>, "a").Save();
  CHECK(db.client.Of<Ledger>().Query().Count() == 1);
  CHECK_THROWS_AS(db.client.Of<Letter>().Query().Count(), PolicyError);
}

TEST_CASE("B201 rules stand behind the defaults and before the hooks, in a transaction too") {
  Db db;
  db.client.Use(hook::Before([](auto&) { throw std::logic_error("a hook ran"); }));
  std::optional<std::int64_t> seen;
  db.client.Of<Owner>().Guard([&](Mutation<Owner>& m) {
    const std::int64_t* visits = m.Get(F<&Owner::visits>);
    if (visits != nullptr) seen = *visits;
    return guard::Deny("no");
  });
  CHECK_THROWS_AS(AddOwner(db.client, "Ada"), PolicyError);
  CHECK(seen == 0);
  auto tx = db.client.Tx();
  tx.Of<Owner>().Use(hook::Before([](auto&) { throw std::logic_error("a hook ran"); }));
  CHECK_THROWS_AS(AddOwner(tx.Client(), "Ada"), PolicyError);
  tx.Commit();
}

TEST_CASE("B201 what a rule throws reaches the caller, and nothing is written") {
  Db db;
  struct Broken {};
  const auto broken = db.client.Guard([](auto&) -> guard::Verdict { throw Broken(); });
  CHECK_THROWS_AS(AddOwner(db.client, "Ada"), Broken);
  CHECK_THROWS_AS(db.client.Of<Owner>().Query().Count(), Broken);
  broken.Remove();
  CHECK(db.client.Of<Owner>().Query().Count() == 0);
}

TEST_CASE("B74 B201 a rule that narrows leaves rows out of every write") {
  Db db;
  const Owner ada = AddOwner(db.client, "Ada");
  const Note seen = AddNote(db.client, "seen", ada.id);
  const Note hidden = AddNote(db.client, "hidden", ada.id);
  HideNotes(db);
  const auto notes = db.client.Of<Note>();
  CHECK(notes.Query().IDs() == std::vector{seen.id});
  CHECK(notes.Update().Set(F<&Note::length>, 5).Save() == 1);
  const auto missing = [&](auto action) {
    const auto error = Thrown<grapnel::NotFoundError>(action);
    CHECK(std::string(error.what()).find("id " + std::to_string(hidden.id)) != std::string::npos);
  };
  missing([&] { notes.UpdateOne(hidden.id).Set(F<&Note::length>, 5).Save(); });
  missing([&] { notes.DeleteOne(hidden.id).Exec(); });
  missing([&] { notes.Get(hidden.id); });
  CHECK_FALSE(notes.Find(hidden.id));
  CHECK(notes.Delete().Exec() == 1);
  CHECK(db.Raw(R"(SELECT text, length FROM "Note")") == Lines{"hidden|0"});
}

TEST_CASE("B74 a mutation's rule alone makes a foreign row one that is not found") {
  Db db;
  const Owner ada = AddOwner(db.client, "Ada");
  const Note hidden = AddNote(db.client, "hidden", ada.id);
  db.client.Of<Note>().Guard([](Mutation<Note>& m) {
    if (m.Op() != Op::Create) m.Where(!(F<&Note::text> == "hidden"));
  });
  CHECK_THROWS_AS(db.client.Of<Note>().DeleteOne(hidden.id).Exec(), grapnel::NotFoundError);
  const auto update = [&] {
    db.client.Of<Note>().UpdateOne(hidden.id).Set(F<&Note::length>, 1).Save();
  };
  try {
    update();
    FAIL("it was found");
  } catch (const grapnel::StaleError&) {
    FAIL("it was told to be there");
  } catch (const grapnel::NotFoundError&) {
  }
}

TEST_CASE("B201 rows that rules leave out are as not there for edges too, in the same words") {
  Db db;
  const Owner ada = AddOwner(db.client, "Ada");
  const Note seen = AddNote(db.client, "seen", ada.id);
  const Note hidden = AddNote(db.client, "hidden", ada.id);
  const Owner eve = AddOwner(db.client, "Eve");
  HideNotes(db);
  db.client.Of<Owner>().Guard([](Reading<Owner>& r) { r.Where(!(F<&Owner::name> == "Eve")); });
  const auto notes = db.client.Of<Note>();
  const auto owners = db.client.Of<Owner>();
  // As the error of a row that is not there, but for the id.
  const auto same = [](std::int64_t id, std::int64_t missing, auto action) {
    std::string texts[2];
    for (int i = 0; i < 2; ++i) {
      const std::int64_t of = i == 0 ? id : missing;
      const auto error = Thrown<grapnel::ConstraintError>([&] { action(of); });
      texts[i] = error.what();
      const auto at = texts[i].find(std::to_string(of));
      REQUIRE(at != std::string::npos);
      texts[i].replace(at, std::to_string(of).size(), "N");
    }
    CHECK(texts[0] == texts[1]);
  };
  same(eve.id, 99,
       [&](std::int64_t id) { notes.UpdateOne(seen.id).Set(F<&Note::owner>, id).Save(); });
  same(eve.id, 99, [&](std::int64_t id) { AddNote(db.client, "new", id); });
  same(eve.id, 99, [&](std::int64_t id) { notes.Update().Set(F<&Note::owner>, id).Save(); });
  same(hidden.id, 99,
       [&](std::int64_t id) { owners.UpdateOne(ada.id).AddIDs(F<&Owner::notes>, {id}).Save(); });
  same(hidden.id, 99,
       [&](std::int64_t id) { notes.UpdateOne(seen.id).AddIDs(F<&Note::similar>, {id}).Save(); });
  same(hidden.id, 99, [&](std::int64_t id) {
    owners.Create().Set(F<&Owner::name>, "New").AddIDs(F<&Owner::notes>, {id}).Save();
  });
  same(eve.id, 99, [&](std::int64_t id) {
    owners.Create()
        .Set(F<&Owner::name>, "Ada")
        .OnConflict(F<&Owner::name>)
        .Update([&](auto& m) { m.Add(F<&Owner::visits>, 1); })
        .Save();
    AddNote(db.client, "again", id);
  });
  same(eve.id, 99, [&](std::int64_t id) {
    notes
        .CreateBulk({Note{.text = "a", .owner = grapnel::One<Owner>(ada.id)},
                     Note{.text = "b", .owner = grapnel::One<Owner>(id)}})
        .Save();
  });
  notes.UpdateOne(seen.id).AddIDs(F<&Note::similar>, {seen.id}).Save();
  CHECK(db.Raw(R"(SELECT count(*) FROM "Note")") == Lines{"2"});
}

TEST_CASE("B201 a denied read refuses what the write needs, as a write of its own type") {
  Db db;
  const Owner ada = AddOwner(db.client, "Ada");
  db.client.Of<Owner>().Guard([](Reading<Owner>&) { return guard::Deny("not to be read"); });
  const auto error = Thrown<PolicyError>(
      [&] { db.client.Of<Owner>().UpdateOne(ada.id).Set(F<&Owner::visits>, 1).Save(); });
  CHECK(error.Op() == Op::UpdateOne);
  const auto has = Thrown<PolicyError>([&] {
    db.client.Of<Note>().Query().Where(F<&Note::owner>.Has(F<&Owner::name> == "Ada")).Count();
  });
  CHECK((has.Entity() == "Owner" && !has.Op()));
  CHECK_THROWS_AS(AddNote(db.client, "mine", ada.id),
                  PolicyError);  // it would tell that it is there
  db.client.Of<Owner>().Create().Set(F<&Owner::name>, "Eve").Save();  // nothing is read
}

TEST_CASE("B201 cascades and upserts are judged as what they are") {
  Db db;
  const Owner ada = AddOwner(db.client, "Ada");
  AddNote(db.client, "seen", ada.id);
  std::vector<std::string> asked;
  db.client.Guard([&]<class E>(Mutation<E>& m) {
    asked.push_back(std::string(m.Type()) + " " + ToString(m.Op()) + " " + ToString(m.Cause()));
    return m.Type() == "Note" && m.Op() == Op::Delete ? guard::Deny("kept") : guard::Skip;
  });
  const auto error = Thrown<PolicyError>([&] { db.client.Of<Owner>().DeleteOne(ada.id).Exec(); });
  CHECK((error.Entity() == "Note" && error.Op() == Op::Delete));
  CHECK(asked == Lines{"Owner DeleteOne Caller", "Note Delete Cascade"});
  CHECK(db.Raw(R"(SELECT count(*) FROM "Owner")") == Lines{"1"});
  asked.clear();
  db.client.Of<Owner>()
      .Create()
      .Set(F<&Owner::name>, "Ada")
      .Set(F<&Owner::visits>, 3)
      .OnConflict(F<&Owner::name>)
      .UpdateNewValues()
      .Save();
  CHECK(asked == Lines{"Owner Create Caller", "Owner UpdateOne Upsert"});
}

TEST_CASE("B201 rules of a mutation are asked before the interceptors, too") {
  Db db;
  const Owner ada = AddOwner(db.client, "Ada");
  Lines log;
  db.client.Of<Owner>().Intercept(hook::Before([&](auto&) { log.push_back("interceptor"); }));
  db.client.Of<Owner>().Guard([](Mutation<Owner>&) { return guard::Deny("closed"); });
  CHECK_THROWS_AS(db.client.Of<Owner>().DeleteOne(ada.id).Exec(), PolicyError);
  CHECK_THROWS_AS(db.client.Of<Owner>().Update().Set(F<&Owner::visits>, 1).Save(), PolicyError);
  CHECK(log == Lines{});
}

TEST_CASE("B201 rules and interceptors that go around a read come in any order") {
  Db db;
  const auto letters = db.client.Of<Letter>();
  letters.Create().Set(F<&Letter::text>, "a").Save();
  int around = 0;
  const auto intercept = [&] {
    letters.Intercept([&](Reading<Letter>& r, grapnel::NextRead<Letter> next) {
      ++around;
      return next(r);
    });
  };
  const auto add_rule = [&] {
    letters.Guard([](Reading<Letter>& r) { r.Where(F<&Letter::text> == "a"); });
  };
  SECTION("a rule first") {
    add_rule();
    CHECK(letters.Query().Count() == 1);
    intercept();
  }
  SECTION("an interceptor first") {
    intercept();
    add_rule();
  }
  CHECK(letters.Query().Count() == 1);
  CHECK(letters.Find(1).has_value());
  CHECK(around == 2);
}

TEST_CASE("B202 a decision holds for its call, its cascades and its upsert") {
  Db db;
  const Owner ada = AddOwner(db.client, "Ada");
  AddNote(db.client, "seen", ada.id);
  db.client.Guard([](auto&) { return guard::Deny("closed"); });
  const auto open = Decided(db.client, guard::Allow);
  CHECK(open.Of<Owner>().Query().Count() == 1);
  open.Of<Owner>()
      .Create()
      .Set(F<&Owner::name>, "Ada")
      .Set(F<&Owner::visits>, 3)
      .OnConflict(F<&Owner::name>)
      .UpdateNewValues()
      .Save();
  open.Of<Owner>().UpdateOne(ada.id).ClearEdge(F<&Owner::notes>).Save();
  open.Of<Owner>().Query().With(F<&Owner::notes>).All();
  open.Of<Owner>().CreateBulk({Owner{.name = "Bob"}, Owner{.name = "Cid"}}).Save();
  open.Of<Owner>().DeleteOne(ada.id).Exec();
  CHECK_THROWS_AS(db.client.Of<Owner>().Query().Count(), PolicyError);
  CHECK_THROWS_AS(Decided(open, guard::Skip).Of<Owner>().Query().Count(), PolicyError);
  CHECK(Decided(Decided(open, guard::Skip), guard::Allow).Of<Owner>().Query().Count() == 2);
}

TEST_CASE("B202 a decision to deny holds where there is no rule") {
  Db db;
  const Owner ada = AddOwner(db.client, "Ada");
  const auto closed = Decided(db.client, guard::Deny("frozen"));
  const auto denied = [&](std::optional<Op> op, auto action) {
    const auto error = Thrown<PolicyError>(action);
    CHECK((error.Rule() == "decision" && error.Reason() == "frozen" && error.Op() == op));
  };
  denied(Op::Create, [&] { AddOwner(closed, "Bob"); });
  denied(Op::Create, [&] { closed.Of<Owner>().CreateBulk({Owner{.name = "Bob"}}).Save(); });
  denied(Op::DeleteOne, [&] { closed.Of<Owner>().DeleteOne(ada.id).Exec(); });
  denied(Op::UpdateOne,
         [&] { closed.Of<Owner>().UpdateOne(ada.id).Set(F<&Owner::visits>, 1).Save(); });
  denied({}, [&] { closed.Of<Owner>().Query().Count(); });
  denied({}, [&] { closed.Of<Owner>().Find(ada.id); });
  denied({}, [&] { closed.Of<Owner>().Query().ForEach([](const Owner&) {}); });
  denied({}, [&] {
    closed.Of<Owner>().Query().GroupBy(F<&Owner::name>).Select(grapnel::Count()).All();
  });
  auto tx = closed.Tx();
  denied(Op::Create, [&] { AddOwner(tx.Client(), "Bob"); });
  tx.Rollback();
  CHECK(db.client.Of<Owner>().Query().Count() == 1);
}

TEST_CASE("B202 a decision does not reach what hooks, rules, interceptors and callbacks begin") {
  Db db;
  const Owner ada = AddOwner(db.client, "Ada");
  db.client.Of<Note>().Guard([](auto&) { return guard::Deny("closed"); });
  const auto open = Decided(db.client, guard::Allow);
  int denied = 0;
  const auto tries = [&](const grapnel::Client& client) {
    try {
      AddNote(client, "by a hook", ada.id);
    } catch (const PolicyError&) {
      ++denied;
    }
    try {
      client.Of<Note>().Query().Count();
    } catch (const PolicyError&) {
      ++denied;
    }
    CHECK(client.Context().Get<Viewer>() != nullptr);  // all else is there
  };
  const auto called = open.With(kBob);
  SECTION("of a hook") {
    db.client.Of<Owner>().Use(hook::Before([&](Mutation<Owner>& m) { tries(m.Client()); }));
    SECTION("alone") { AddOwner(called, "Bob"); }
    SECTION("in a bulk") { called.Of<Owner>().CreateBulk({Owner{.name = "Bob"}}).Save(); }
    SECTION("in a transaction") {
      auto tx = called.Tx();
      AddOwner(tx.Client(), "Bob");
      tx.Commit();
    }
    CHECK(denied == 2);
  }
  SECTION("of a rule") {
    db.client.Of<Owner>().Guard([&](Mutation<Owner>& m) { tries(m.Client()); });
    AddOwner(called, "Bob");
    CHECK(denied == 0);  // it is not asked
    AddOwner(db.client.With(kBob), "Cid");
    CHECK(denied == 2);
  }
  SECTION("of an interceptor") {
    db.client.Of<Owner>().Intercept(hook::Before([&](Reading<Owner>& r) {
      try {
        r.Client().Of<Note>().Query().Count();
      } catch (const PolicyError&) {
        ++denied;
      }
    }));
    called.Of<Owner>().Query().Count();
    called.Of<Owner>().Find(ada.id);
    called.Of<Owner>().Query().ForEach([](const Owner&) {});
    CHECK(denied == 3);
  }
  SECTION("of a callback") {
    db.client.Of<Owner>().Use(hook::Before([&](Mutation<Owner>& m) {
      m.AfterCommit([&](const grapnel::Client& client) { tries(client); });
    }));
    AddOwner(called, "Bob");
    CHECK(denied == 2);
    auto tx = called.Tx();
    tx.AfterCommit([&](const grapnel::Client& client) { tries(client); });
    AddNote(tx.Client(), "by the caller", ada.id);
    tx.Commit();
    CHECK(denied == 4);
  }
  SECTION("of a commit hook") {
    auto tx = called.Tx();
    tx.OnCommit([&](grapnel::Tx& t, auto next) {
      tries(t.Client());
      next(t);
    });
    AddNote(tx.Client(), "by the caller", ada.id);
    tx.Commit();
    CHECK(denied == 2);
  }
  SECTION("unless they decide themselves") {
    db.client.Of<Owner>().Use(hook::Before([&](Mutation<Owner>& m) {
      AddNote(Decided(m.Client(), guard::Allow), "by a hook", ada.id);
    }));
    AddOwner(db.client, "Bob");
    CHECK(db.Raw(R"(SELECT text FROM "Note")") == Lines{"by a hook"});
  }
}

TEST_CASE("B202 a decision stays with its calls while other threads make theirs") {
  Db db;
  db.client.Guard([](auto&) { return guard::Deny("closed"); });
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, decides = i % 2 == 0] {
        for (int n = 0; n < 50; ++n) {
          const grapnel::Client client =
              decides ? Decided(db.client, guard::Allow) : grapnel::Client(db.client);
          try {
            client.Of<Owner>().Query().Count();
            if (!decides) ++wrong;
          } catch (const PolicyError&) {
            if (decides) ++wrong;
          }
        }
      });
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("B202 a mutation that a hook runs again is judged again, by the same decision") {
  Db db;
  const Owner ada = AddOwner(db.client, "Ada");
  db.client.Of<Owner>().Guard([](Mutation<Owner>& m) {
    return m.Op() == Op::UpdateOne ? guard::Deny("no updates") : guard::Skip;
  });
  db.client.Of<Owner>().Use([](Mutation<Owner>& m, Next<Owner> next) -> Value<Owner> {
    if (m.Op() != Op::DeleteOne) return next(m);
    m.SetOp(Op::UpdateOne);
    m.Set(F<&Owner::visits>, -1);
    return m.Client().Mutate(m);
  });
  CHECK_THROWS_AS(db.client.Of<Owner>().DeleteOne(ada.id).Exec(), PolicyError);
  Decided(db.client, guard::Allow).Of<Owner>().DeleteOne(ada.id).Exec();
  CHECK(db.Raw(R"(SELECT visits FROM "Owner")") == Lines{"-1"});
}

TEST_CASE("B210 an explanation shows the rules first") {
  Db db;
  db.client.Guard(hook::Named("closed", [](auto&) { return guard::Skip; }));
  db.client.Use(hook::Named("count", hook::Before([](auto&) {})));
  const auto told = db.client.Explain<Book>(Op::Create);
  REQUIRE(told.hooks.size() == 3);
  CHECK((told.hooks[0].name == "closed" && told.hooks[0].origin == "runtime" &&
         told.hooks[0].form == "rule"));
  CHECK((told.hooks[1].name == "admins" && told.hooks[1].origin == "schema"));
  CHECK((told.hooks[2].name == "count" && told.hooks[2].form == "before"));
  REQUIRE(told.interceptors.size() == 2);
  CHECK(told.interceptors[1].form == "rule");
  CHECK(db.client.Explain<Letter>().interceptors[1].origin == "mixin guarded::Marked");
}
