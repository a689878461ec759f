// B135: a mutation that fails undoes itself alone, whatever made it fail and when.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using grapnel::AnyMutation;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Tx;
using grapnel::TxOutcome;
using grapnel::Value;

namespace {

/// A type of its own stored form, which refuses to read one value back.
struct Weight {
  std::int64_t grams = 0;
  friend bool operator==(const Weight&, const Weight&) = default;
};

struct Parcel {
  std::int32_t id = 0;  // narrower than what SQLite makes
  std::string name;
  std::int32_t count = 0;
  std::optional<double> price{};
  Weight weight{};
  std::int64_t version = 0;
};

struct Crate {
  std::uint64_t id = 0;
  std::string name;
};

}  // namespace

template <>
struct grapnel::Codec<Weight> {
  using Stored = std::int64_t;
  static Stored Encode(const Weight& weight) { return weight.grams; }
  static Weight Decode(Stored stored) {
    if (stored == 13) throw std::runtime_error("13 brings bad luck");
    return {stored};
  }
};

template <>
struct grapnel::Schema<Parcel> {
  static constexpr std::string_view Type = "Parcel";
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&Parcel::name>("name").NotEmpty().Unique(), Field<&Parcel::count>("count").Default(0),
        Field<&Parcel::price>("price"), Field<&Parcel::weight>("weight").Default(MakeWeight),
        Field<&Parcel::version>("version").Default(0));
  }
  static Weight MakeWeight() { return {}; }
};

template <>
struct grapnel::Schema<Crate> {
  static constexpr std::string_view Type = "Crate";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Crate::name>("name")); }
};

namespace {

using Db = grapnel::Database<Parcel, Crate>;
using Use = std::function<void(const grapnel::Client&)>;

void Put(const grapnel::Client& client, const std::string& name) {
  client.Of<Parcel>().Create().Set(F<&Parcel::name>, name).Save();
}

/// A file with parcels 1 to 4: "good", whose count is the greatest, "junk", whose count is a text
/// where that can be,
/// "odd", whose weight cannot be read, and "last".
struct World {
  Scratch scratch{};
  Db client = engine::Open<Parcel, Crate>(scratch.File("db"));

  World() {
    client.Migrate();
    for (const char* name : {"good", "junk", "odd", "last"}) Put(client, name);
    Raw("UPDATE Parcel SET count = 2147483647 WHERE name = 'good'");
    engine::Spoiled([&] { Raw("UPDATE Parcel SET count = 'many' WHERE name = 'junk'"); });
    Raw("UPDATE Parcel SET weight = 13 WHERE name = 'odd'");
  }
  Lines Raw(const RawSql& sql) const { return RawRows(scratch.File("db"), sql); }
  Lines Stored() const {
    Lines all = Raw("SELECT id, name, count, price, weight, version FROM Parcel ORDER BY id");
    for (auto& row : Raw("SELECT 'crate', id, name FROM Crate ORDER BY id")) all.push_back(row);
    return all;
  }
};

struct Failure {
  std::string name;
  Use use;
};

/// Mutations of which each fails, some after they have written.
std::vector<Failure> Failures() {
  const auto parcel = [](const grapnel::Client& client, std::int32_t id) {
    return client.Of<Parcel>().UpdateOne(id);
  };
  std::vector<Failure> all = {
      {"no such row", [=](auto& c) { parcel(c, 99).Set(F<&Parcel::name>, "x").Save(); }},
      {"no such row, nothing to change", [=](auto& c) { parcel(c, 99).Save(); }},
      {"no such row to add to", [=](auto& c) { parcel(c, 99).Add(F<&Parcel::count>, 1).Save(); }},
      {"no such row to delete", [=](auto& c) { c.template Of<Parcel>().DeleteOne(99).Exec(); }},
      {"a predicate that does not match",
       [=](auto& c) {
         parcel(c, 1).Where(F<&Parcel::count> < 5).Set(F<&Parcel::name>, "x").Save();
       }},
      {"a stale version",
       [=](auto& c) {
         parcel(c, 1).Where(F<&Parcel::version> == 7).Set(F<&Parcel::version>, 8).Save();
       }},
      {"a predicate that does not match, to delete",
       [=](auto& c) { c.template Of<Parcel>().DeleteOne(1).Where(F<&Parcel::count> < 5).Exec(); }},
      {"a row that cannot be read back",
       [=](auto& c) { parcel(c, 2).Set(F<&Parcel::name>, "x").Save(); }},
      {"another one", [=](auto& c) { parcel(c, 3).Set(F<&Parcel::price>, 1.5).Save(); }},
      {"a value that cannot be read back",
       [=](auto& c) { parcel(c, 1).Set(F<&Parcel::weight>, Weight{13}).Save(); }},
      {"by name",
       [=](auto& c) {
         c.template Of<Parcel>()
             .UpdateOne(2)
             .Set(F<&Parcel::name>, "x")
             .Clear(F<&Parcel::price>)
             .Save();
       }},
      {"a sum out of range", [=](auto& c) { parcel(c, 1).Add(F<&Parcel::count>, 1).Save(); }},
      {"a duplicate", [=](auto& c) { parcel(c, 1).Set(F<&Parcel::name>, "last").Save(); }},
      {"a duplicate, created", [=](auto& c) { Put(c, "last"); }},
      {"an id out of range",
       [=](auto& c) {
         c.template Of<Crate>()
             .UpdateOne(std::numeric_limits<std::uint64_t>::max())
             .Set(F<&Crate::name>, "x")
             .Save();
       }},
      {"an id out of range, given",
       [=](auto& c) {
         c.template Of<Crate>()
             .Create()
             .Set(F<&Crate::id>, std::numeric_limits<std::uint64_t>::max())
             .Set(F<&Crate::name>, "x")
             .Save();
       }},
      {"an upsert of a row that cannot be read back",
       [=](auto& c) {
         c.template Of<Parcel>()
             .Create()
             .Set(F<&Parcel::name>, "junk")
             .Set(F<&Parcel::version>, 5)
             .OnConflict(F<&Parcel::name>)
             .UpdateNewValues()
             .Save();
       }},
      {"a bulk whose second row is a duplicate",
       [=](auto& c) {
         c.template Of<Parcel>()
             .CreateBulk(std::vector<Parcel>{{.name = "fresh"}, {.name = "last"}})
             .Save();
       }},
  };
  if (!engine::StoresAnyType()) {  // junk can be read
    std::erase_if(all, [](const Failure& failure) {
      return failure.name == "a row that cannot be read back" || failure.name == "by name" ||
             failure.name == "an upsert of a row that cannot be read back";
    });
  }
  return all;
}

/// `use` throws an Error, and nothing that ends the transaction.
void RequireFailed(const grapnel::Client& client, const Failure& failure) {
  try {
    failure.use(client);
  } catch (const grapnel::StorageError&) {
    throw;
  } catch (const grapnel::TxError&) {
    throw;
  } catch (const grapnel::Error&) {
    return;
  }
  throw std::logic_error(failure.name + " did not fail");
}

enum class Hooked { None, Before, Around, After };

void AddHooks(const Db& client, Hooked how) {
  if (how == Hooked::Before) client.Use(grapnel::hook::Before([](auto&) {}));
  if (how == Hooked::After) client.Use(grapnel::hook::After([](auto&, auto&) {}));
  if (how == Hooked::Around) {
    client.Use([]<class E>(Mutation<E>& m, Next<E> next) { return next(m); });
  }
}

}  // namespace

TEST_CASE("B135 a mutation that fails in a Tx undoes itself alone, with and without hooks") {
  const auto how = GENERATE(Hooked::None, Hooked::Before, Hooked::Around, Hooked::After);
  World world;
  AddHooks(world.client, how);
  for (const Failure& failure : Failures()) {
    INFO(failure.name << ", hooks " << static_cast<int>(how));
    auto expected = world.Stored();
    int rolled_back = 0, committed = 0;
    {
      auto tx = world.client.Tx();
      tx.AfterRollback([&] { ++rolled_back; });
      tx.AfterCommit([&] { ++committed; });
      tx.Of<Parcel>().UpdateOne(4).Add(F<&Parcel::version>, 1).Save();
      RequireFailed(tx.Client(), failure);
      REQUIRE(tx.Outcome() == TxOutcome::Open);
      tx.Of<Parcel>().UpdateOne(4).Add(F<&Parcel::version>, 1).Save();
      tx.Commit();
    }
    REQUIRE(rolled_back == 0);
    REQUIRE(committed == 1);
    const auto version = world.Raw("SELECT version FROM Parcel WHERE id = 4").at(0);
    REQUIRE(std::stoi(version) % 2 == 0);
    expected[3] = "4|last|0|NULL|0|" + version;
    REQUIRE(world.Stored() == expected);
  }
}

TEST_CASE("B135 as the first thing in a Tx, in nested ones, and outside of any") {
  World world;
  const auto before = world.Stored();
  for (const Failure& failure : Failures()) {
    INFO(failure.name);
    world.client.WithTx([&](Tx& tx) { RequireFailed(tx.Client(), failure); });
    REQUIRE(world.Stored() == before);
    RequireFailed(world.client, failure);
    REQUIRE(world.Stored() == before);
    {
      auto tx = world.client.Tx();
      Put(tx.Client(), "outer");
      {
        auto inner = tx.Tx();
        RequireFailed(inner.Client(), failure);
        Put(inner.Client(), "inner");
        RequireFailed(inner.Client(), failure);
        auto innermost = inner.Tx();
        RequireFailed(innermost.Client(), failure);
        innermost.Commit();
        inner.Commit();
      }
      RequireFailed(tx.Client(), failure);
      REQUIRE(tx.Of<Parcel>().Query().Where(F<&Parcel::name>.In("outer", "inner")).Count() == 2);
      REQUIRE(tx.Of<Parcel>().Delete().Where(F<&Parcel::name>.In("outer", "inner")).Exec() == 2);
      tx.Commit();
    }
    REQUIRE(world.Stored() == before);
  }
}

TEST_CASE("B135 the mutation of the hook that caught it lives on, in every form of hook") {
  const auto form = GENERATE(0, 1, 2, 3);
  const bool in_tx = GENERATE(true, false);
  World world;
  const auto failures = Failures();
  std::size_t at = 0;
  const auto fail = [&](const grapnel::Client& client) { RequireFailed(client, failures[at]); };
  bool caught = false;
  const auto once = [&](const AnyMutation& m) {
    if (!std::exchange(caught, true)) fail(m.Client());
  };
  auto of = world.client.Of<Crate>();
  if (form == 0) of.Use(grapnel::hook::Before([&](Mutation<Crate>& m) { once(m); }));
  if (form == 1) {
    of.Use([&](Mutation<Crate>& m, Next<Crate> next) {
      once(m);
      return next(m);
    });
  }
  if (form == 2) {
    of.Use([&](Mutation<Crate>& m, Next<Crate> next) {
      auto value = next(m);
      once(m);
      return value;
    });
  }
  if (form == 3) {
    of.Use([&](grapnel::Mutator<Crate> next) -> grapnel::Mutator<Crate> {
      return [&once, next](Mutation<Crate>& m) {
        once(m);
        return next(m);
      };
    });
  }
  const auto parcels = world.Raw("SELECT * FROM Parcel");
  for (at = 0; at < failures.size(); ++at) {
    INFO(failures[at].name << ", form " << form);
    caught = false;
    const auto create = [](const grapnel::Client& client) {
      client.Of<Crate>().Create().Set(F<&Crate::name>, "kept").Save();
    };
    if (in_tx) {
      world.client.WithTx([&](Tx& tx) { create(tx.Client()); });
    } else {
      create(world.client);
    }
    REQUIRE(caught);
    REQUIRE(world.Raw("SELECT count(*) FROM Crate") == Lines{std::to_string(at + 1)});
    REQUIRE(world.Raw("SELECT * FROM Parcel") == parcels);
  }
}

TEST_CASE("B135 an id that the database makes and the type does not hold") {
  World world;
  world.Raw(
      "INSERT INTO Parcel (id, name, count, weight, version) VALUES (2147483647, 'top', 0, 0, 0)");
  const auto before = world.Stored();
  auto tx = world.client.Tx();
  REQUIRE_THROWS_AS(Put(tx.Client(), "one too many"), grapnel::ValidationError);
  REQUIRE_THROWS_AS(
      tx.Of<Parcel>().CreateBulk(std::vector<Parcel>{{.name = "a"}, {.name = "b"}}).Save(),
      grapnel::ValidationError);
  REQUIRE_THROWS_AS(tx.Of<Parcel>()
                        .Create()
                        .Set(F<&Parcel::name>, "upsert")
                        .OnConflict(F<&Parcel::name>)
                        .UpdateNewValues()
                        .Save(),
                    grapnel::ValidationError);
  tx.Of<Crate>().Create().Set(F<&Crate::name>, "kept").Save();
  tx.Commit();
  auto expected = before;
  expected.emplace_back("crate|1|kept");
  REQUIRE(world.Stored() == expected);
}

TEST_CASE("B135 what triggers of others did is undone with the mutation") {
  World world;
  world.Raw("CREATE TABLE log (text TEXT)");
  const auto with_trigger = [&](const std::string& body, const Use& use) {
    INFO(body);
    world.Raw("CREATE TRIGGER t " + body);
    const auto before = world.Stored();
    {
      auto tx = world.client.Tx();
      tx.Of<Crate>().Create().Set(F<&Crate::name>, "kept").Save();
      RequireFailed(tx.Client(), {body, use});
      REQUIRE(tx.Outcome() == TxOutcome::Open);
      tx.Of<Crate>().Delete().Exec();
      tx.Commit();
    }
    REQUIRE(world.Raw("SELECT * FROM log") == Lines{});
    REQUIRE(world.Stored() == before);
    world.Raw("DROP TRIGGER t");
  };
  const Use update = [](auto& c) {
    c.template Of<Parcel>().UpdateOne(1).Set(F<&Parcel::name>, "x").Save();
  };
  const std::string log = "INSERT INTO log VALUES ('it ran'); ";
  with_trigger("AFTER UPDATE ON Parcel BEGIN " + log + "DELETE FROM Parcel WHERE id = new.id; END",
               update);
  if (!engine::StoresAnyType()) return;
  with_trigger("AFTER UPDATE OF name ON Parcel BEGIN " + log +
                   "UPDATE Parcel SET count = 'junk' WHERE id = new.id; END",
               update);
  with_trigger(
      "BEFORE UPDATE ON Parcel BEGIN " + log + "UPDATE Parcel SET version = 99; END",
      [](auto& c) { c.template Of<Parcel>().UpdateOne(2).Set(F<&Parcel::price>, 3.0).Save(); });
}

TEST_CASE("B135 the row that an UpdateOne in a Tx returns is the row as it is stored") {
  World world;
  world.Raw("UPDATE Parcel SET count = 0 WHERE name = 'good'");
  const auto both = [&](auto change) {
    Parcel outside, inside;
    {
      auto tx = world.client.Tx();
      auto inner = tx.Tx();
      inner.Of<Crate>().Create().Set(F<&Crate::name>, "x").Save();  // now there is a savepoint
      outside = change(inner.Client().Of<Parcel>().UpdateOne(1)).Save();
    }
    auto tx = world.client.Tx();
    inside = change(tx.Of<Parcel>().UpdateOne(1)).Save();
    const Parcel stored = tx.Of<Parcel>().Get(1);
    tx.Rollback();
    for (const Parcel& each : {outside, inside}) {
      REQUIRE(each.id == stored.id);
      REQUIRE(each.name == stored.name);
      REQUIRE(each.count == stored.count);
      REQUIRE(each.price == stored.price);
      REQUIRE(each.weight == stored.weight);
      REQUIRE(each.version == stored.version);
    }
    return stored;
  };
  REQUIRE(both([](auto u) { return std::move(u.Set(F<&Parcel::name>, "new")); }).name == "new");
  REQUIRE(both([](auto u) { return std::move(u.Add(F<&Parcel::price>, 1.5)); }).price == 1.5);
  REQUIRE(both([](auto u) { return std::move(u.Add(F<&Parcel::count>, 3)); }).count == 3);
  REQUIRE(both([](auto u) {
            return std::move(u.Set(F<&Parcel::weight>, Weight{4}));
          }).weight.grams == 4);
  REQUIRE(std::signbit(*both([](auto u) {
                          return std::move(u.Set(F<&Parcel::price>, -0.0));
                        }).price) == false);
  world.client.Of<Parcel>().UpdateOne(1).Set(F<&Parcel::price>, 2.0).Save();
  REQUIRE(both([](auto u) { return std::move(u.Add(F<&Parcel::price>, 0.25)); }).price == 2.25);
  REQUIRE_FALSE(both([](auto u) { return std::move(u.Clear(F<&Parcel::price>)); }).price);
  world.Raw(
      "CREATE TRIGGER t AFTER UPDATE ON Parcel BEGIN UPDATE Parcel SET version = 77 WHERE id = "
      "new.id AND version <> 77; END");
  REQUIRE(both([](auto u) { return std::move(u.Add(F<&Parcel::count>, 3)); }).version == 77);
  world.Raw("DROP TRIGGER t");
  REQUIRE(both([](auto u) { return std::move(u.Add(F<&Parcel::count>, 3)); }).version == 0);
}
