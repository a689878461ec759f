#pragma once

/// A program of all kinds of writes, played under faults: each of its steps happens whole or not at
/// all, and says which.

#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/engine/engine.hpp"

namespace faults {

struct Item;

struct Owner {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  grapnel::Many<Item> items{};
};
struct Item {
  std::int64_t id = 0;
  std::string label;
  grapnel::One<Owner> owner{};
};
struct Note {
  std::int64_t id = 0;
  std::string text;
};

}  // namespace faults

template <>
struct grapnel::Schema<faults::Owner> {
  static constexpr std::string_view Type = "Owner";
  static constexpr auto Fields() {
    using faults::Owner;
    return grapnel::Fields(Field<&Owner::name>("name").NotEmpty().Unique(),
                           Field<&Owner::age>("age").Default(0));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&faults::Owner::items>("items").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<faults::Item> {
  static constexpr std::string_view Type = "Item";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&faults::Item::label>("label").Unique());
  }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&faults::Item::owner>("owner").Ref<&faults::Owner::items>());
  }
};
template <>
struct grapnel::Schema<faults::Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() { return grapnel::Fields(Field<&faults::Note::text>("text")); }
};

namespace faults {

using grapnel::F;
using Db = grapnel::Database<Owner, Item, Note>;

inline void Add(const grapnel::Client& client, const std::string& text) {
  client.Of<Note>().Create().Set(F<&Note::text>, text).Save();
}

/// Owners are noted by an around hook, deleted items by one that makes the cascade go through it.
inline Db OpenAt(const std::string& url) {
  auto client = engine::Open<Owner, Item, Note>(url);
  client.Migrate();
  client.Of<Owner>().Use([](grapnel::Mutation<Owner>& m, grapnel::Next<Owner> next) {
    Add(m.Client(), "before");
    auto value = next(m);
    Add(m.Client(), "after");
    return value;
  });
  client.Of<Item>().Use(grapnel::hook::On(
      grapnel::hook::Before([](grapnel::Mutation<Item>& m) { Add(m.Client(), "item"); }),
      grapnel::Op::Delete | grapnel::Op::DeleteOne));
  client.OnCommit([](grapnel::Tx& tx, auto next) { next(tx); });
  client.OnError([](const std::exception&) {});
  return client;
}

struct Counts {
  std::int64_t owners = 0, items = 0, notes = 0;
  friend bool operator==(const Counts&, const Counts&) = default;
};

inline Counts Count(const grapnel::Client& client) {
  return {client.Of<Owner>().Query().Count(), client.Of<Item>().Query().Count(),
          client.Of<Note>().Query().Count()};
}

struct Step {
  const char* name;
  std::function<void(const grapnel::Client&)> run;
  Counts adds;
};

/// What is written, and how much of it; played on a database that is empty.
inline std::vector<Step> Steps() {
  return {
      {"a Tx with nested ones and a bulk",
       [](const grapnel::Client& client) {
         client.WithTx([](grapnel::Tx& tx) {
           tx.OnCommit([](grapnel::Tx& t, auto next) {
             Add(t.Client(), "commit hook");
             next(t);
           });
           const auto ada = tx.Of<Owner>().Create().Set(F<&Owner::name>, "Ada").Save();
           {
             auto inner = tx.Tx();
             inner.Of<Item>().Create().Set(F<&Item::label>, "gone").Save();
             inner.Rollback();
           }
           tx.WithTx([&](grapnel::Tx& inner) {
             for (const char* label : {"one", "two"}) {
               inner.Of<Item>()
                   .Create()
                   .Set(F<&Item::label>, label)
                   .Set(F<&Item::owner>, ada.id)
                   .Save();
             }
             try {
               inner.Of<Item>().Create().Set(F<&Item::label>, "two").Save();
             } catch (const grapnel::ConstraintError&) {
             }
           });
           std::vector<Item> items;
           for (int i = 0; i < 140; ++i) items.push_back({.label = "item " + std::to_string(i)});
           tx.Of<Item>().CreateBulk(items).Save();
           tx.Of<Owner>().UpdateOne(ada.id).Add(F<&Owner::age>, 1).Save();
           try {
             tx.Of<Item>().UpdateOne(9999).Set(F<&Item::label>, "x").Save();
           } catch (const grapnel::NotFoundError&) {
           }
         });
       },
       {1, 142, 5}},
      {"a mutation of its own, with edges",
       [](const grapnel::Client& client) {
         const auto free = client.Of<Item>().Query().Where(F<&Item::owner>.IsNull()).Limit(1).IDs();
         auto create = client.Of<Owner>().Create();
         create.Set(F<&Owner::name>, "Grace");
         if (!free.empty()) create.AddIDs(F<&Owner::items>, {free.front()});
         create.Save();
       },
       {1, 0, 2}},
      {"an upsert",
       [](const grapnel::Client& client) {
         client.Of<Owner>()
             .Create()
             .Set(F<&Owner::name>, "Zoe")
             .Set(F<&Owner::age>, 5)
             .OnConflict(F<&Owner::name>)
             .UpdateNewValues()
             .Save();
       },
       {1, 0, 2}},
      {"reads",
       [](const grapnel::Client& client) {
         client.Of<Owner>().Query().With(F<&Owner::items>).All();
         auto read = client.ReadTx();
         read.Of<Item>().Query().Where(F<&Item::label>.HasPrefix("item")).Count();
         read.Of<Note>().Query().All();
       },
       {0, 0, 0}},
  };
}

/// Empties the database through the hooks and the cascade.
inline void Clear(const grapnel::Client& client) {
  client.WithTx([](grapnel::Tx& tx) {
    tx.Of<Owner>().Delete().Exec();
    tx.Of<Item>().Delete().Exec();
    tx.Of<Note>().Delete().Exec();
  });
}

/// What a tracer of the tests throws: of no standard type, so that nobody takes it for something
/// else.
struct Boom {};

/// Whether `step()` took place. Whatever else it throws fails the test.
inline bool Happened(const std::function<void()>& step) {
  try {
    step();
    return true;
  } catch (const grapnel::CommittedError&) {
    return true;
  } catch (const grapnel::Error&) {
    return false;
  } catch (const std::bad_alloc&) {
    return false;
  } catch (const Boom&) {
    return false;
  }
}

/// Plays all steps by `faulty`, then heals, and compares what is there with what the steps said.
/// Returns: what `heal()` did, whether there was a fault.
template <class Heal>
bool Play(const Db& client, const grapnel::Client& faulty, Heal heal) {
  Counts expected;
  bool all = true;
  static const auto steps = Steps();
  for (const auto& step : steps) {
    if (!Happened([&] { step.run(faulty); })) {
      all = false;
      continue;
    }
    expected.owners += step.adds.owners;
    expected.items += step.adds.items;
    expected.notes += step.adds.notes;
  }
  const bool cleared = Happened([&] { Clear(faulty); });
  const bool failed = heal();
  if (cleared) expected = {};
  REQUIRE((failed || (all && cleared)));
  REQUIRE(Count(client) == expected);
  REQUIRE(client.ReadTx().template Of<Note>().Query().Count() == expected.notes);
  Clear(client);
  REQUIRE(Count(client) == Counts{});
  return failed;
}

}  // namespace faults
