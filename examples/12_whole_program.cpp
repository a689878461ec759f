// Everything that a program starts with, in one: two entities with an edge between them, the three
// ways to write a hook, hooks of the schema and of the running program, writes, queries,
// transactions.
//
// Output:
//   1 updated, 1 found, Ada is 40

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using grapnel::F;
using grapnel::Op;

struct Card;  // entity headers may refer to each other

struct User {  // an entity is a plain aggregate
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  std::optional<std::string> nickname;  // optional field: NULL in the database
  grapnel::Many<Card> cards;            // edge: one user, many cards (Card may be incomplete here)
};

struct Card {
  std::int64_t id = 0;
  std::string number;
  grapnel::One<User> owner;  // the other end: holds the foreign key; loaded only on request
};

template <>
struct grapnel::Schema<User> {
  static constexpr std::string_view Type = "User";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&User::name>("name").NotEmpty(),
                           Field<&User::age>("age").Default(0), Field<&User::nickname>("nickname"));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&User::cards>("cards").OnDelete(Cascade));
  }
  static auto Hooks();  // schema hooks; may be defined after the hooks it lists
};

template <>
struct grapnel::Schema<Card> {
  static constexpr std::string_view Type = "Card";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Card::number>("number").Immutable().Unique());
  }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Card::owner>("owner").Ref<&User::cards>());
  }
};

// Three ways to write a hook. All three are accepted wherever a hook is.
inline auto Adults() {  // 1. around: the mutation and what comes next
  return [](grapnel::Mutation<User>& m, grapnel::Next<User> next) -> grapnel::Value<User> {
    if (const std::int64_t* age = m.Get(F<&User::age>); age && *age < 18)
      throw std::runtime_error("too young");
    return next(m);  // not calling next suppresses the write
  };
}
inline auto Traced(std::vector<std::string>& log) {  // 2. generic: one hook, every entity type
  return [&log]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    log.push_back(fmt::format("{} {}", m.Type(), m.Op()));  // "User Create"
    if constexpr (requires { &E::name; }) {
      if (m.Op() == Op::Create && !m.Get(F<&E::name>)) m.Set(F<&E::name>, "unknown");
    }
    return next(m);
  };
}
inline auto Wrapped() {  // 3. ent's form: a mutator in, a mutator out
  return [](grapnel::Mutator<User> next) -> grapnel::Mutator<User> {
    return [next](grapnel::Mutation<User>& m) { return next(m); };
  };
}

inline auto grapnel::Schema<User>::Hooks() {
  return grapnel::Hooks(hook::On(Adults(), Op::Create | Op::UpdateOne),
                        hook::If(hook::FixedError("nickname cannot be edited on update-many"),
                                 hook::And(hook::HasOp(Op::Update),
                                           hook::Or(hook::HasFields(F<&User::nickname>),
                                                    hook::HasClearedFields(F<&User::nickname>)))));
}

int main() {
  auto client = grapnel::Open<User, Card>("file:demo?mode=memory");  // or "app.db"
  client.Migrate();

  std::vector<std::string> log;
  client.Use(Traced(log));                                   // runtime hook, every type
  client.Of<User>().Use(Wrapped());                          // runtime hook, one type
  client.Of<User>().Use(grapnel::hook::Reject(Op::Delete));  // no delete-many of users

  User ada = client.Of<User>().Create().Set(F<&User::name>, "Ada").Set(F<&User::age>, 36).Save();
  Card visa =
      client.Of<Card>().Create().Set(F<&Card::number>, "1234").Set(F<&Card::owner>, ada.id).Save();
  ada = client.Of<User>().UpdateOne(ada.id).Add(F<&User::age>, 1).Save();
  std::int64_t n = client.Of<User>()
                       .Update()
                       .Where(F<&User::age> > 30 && F<&User::name> == "Ada")
                       .Set(F<&User::age>, 40)
                       .Save();
  std::vector<User> all = client.Of<User>()
                              .Query()
                              .Where(F<&User::age> >= 18)
                              .Order(grapnel::Asc(F<&User::name>))
                              .Limit(10)
                              .All();
  User again = client.Of<User>().Get(ada.id);  // NotFoundError when absent
  std::optional<User> maybe = client.Of<User>().Find(99);
  // 1 updated, 1 found, Ada is 40
  fmt::print("{} updated, {} found, {} is {}\n", n, all.size(), again.name, again.age);

  {
    auto tx = client.Tx();
    tx.OnCommit([](grapnel::Tx& t, auto next) { next(t); });  // before, and after
    tx.OnRollback([](grapnel::Tx& t, auto next) { next(t); });
    tx.Of<User>().Create().Set(F<&User::name>, "Grace").Set(F<&User::age>, 40).Save();
    tx.Commit();  // leaving the scope without it rolls back
  }
  // Commits, or rolls back when the function throws.
  client.WithTx([&](grapnel::Tx& tx) { tx.Of<User>().DeleteOne(ada.id).Exec(); });
}
