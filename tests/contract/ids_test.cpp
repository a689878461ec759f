#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/raw.hpp"
#include "support/engine/traits.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <algorithm>
#include <array>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ids {

/// A key of the user's own, stored as 32 digits of text.
struct Uuid {
  std::uint64_t high = 0, low = 0;
  auto operator<=>(const Uuid&) const = default;
};

/// Another one, stored as 16 bytes.
struct Key {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Key&) const = default;
};

template <class Id>
Id Numbered(std::uint8_t n);
template <>
std::int64_t Numbered(std::uint8_t n) {
  return 1000 + n;
}
template <>
std::uint16_t Numbered(std::uint8_t n) {
  return static_cast<std::uint16_t>(1000 + n);
}
template <>
std::string Numbered(std::uint8_t n) {
  return engine::Storable({"key '\"\0 ", 8}) + std::to_string(100 + n);
}
template <>
Uuid Numbered(std::uint8_t n) {
  return {0xfedcba9876543210, n};
}
template <>
Key Numbered(std::uint8_t n) {
  return {{0xff, 0, '\'', n}};
}

template <class Id>
Id Next() {
  static std::uint8_t last = 0;
  return Numbered<Id>(static_cast<std::uint8_t>(100 + ++last));
}

template <class Id_>
struct Item {
  using Id = Id_;
  Id id{};
  std::string name;
};

struct Ticket {  // its ids are never given twice
  std::int64_t id = 0;
  std::string name;
};
struct Country {  // a text key that its user has to give
  std::string id;
};
struct Huge {
  std::uint64_t id = 0;
};
struct Tiny {
  std::int8_t id = 0;
};

}  // namespace ids

template <>
struct grapnel::Codec<ids::Uuid> {
  using Stored = std::string;
  static Stored Encode(const ids::Uuid& value) {
    return fmt::format("{:016x}{:016x}", value.high, value.low);
  }
  static ids::Uuid Decode(const Stored& stored) {
    if (stored.size() != 32) throw std::invalid_argument("a UUID has 32 digits");
    return {std::stoull(stored.substr(0, 16), nullptr, 16),
            std::stoull(stored.substr(16), nullptr, 16)};
  }
};

template <>
struct grapnel::Codec<ids::Key> {
  using Stored = std::vector<std::byte>;
  static Stored Encode(const ids::Key& value) {
    Stored stored(value.bytes.size());
    std::memcpy(stored.data(), value.bytes.data(), stored.size());
    return stored;
  }
  static ids::Key Decode(const Stored& stored) {
    ids::Key value;
    if (stored.size() != value.bytes.size()) throw std::invalid_argument("a key has 16 bytes");
    std::memcpy(value.bytes.data(), stored.data(), stored.size());
    return value;
  }
};

template <class Id>
struct grapnel::Schema<ids::Item<Id>> {
  using Item = ids::Item<Id>;
  static constexpr std::string_view Type = "Item";
  static constexpr auto Fields() {
    if constexpr (std::integral<Id>) {
      return grapnel::Fields(Field<&Item::name>("name"));
    } else {
      return grapnel::Fields(Field<&Item::id>("id").Default(ids::Next<Id>),
                             Field<&Item::name>("name"));
    }
  }
};

template <>
struct grapnel::Schema<ids::Ticket> {
  static constexpr std::string_view Type = "Ticket";
  static constexpr auto Fields() {
    using ids::Ticket;
    return grapnel::Fields(Field<&Ticket::id>("id").NeverReuse(), Field<&Ticket::name>("name"));
  }
};

template <>
struct grapnel::Schema<ids::Country> {
  static constexpr std::string_view Type = "Country";
};
template <>
struct grapnel::Schema<ids::Huge> {
  static constexpr std::string_view Type = "Huge";
};
template <>
struct grapnel::Schema<ids::Tiny> {
  static constexpr std::string_view Type = "Tiny";
};

namespace {

using grapnel::F;

/// Everything that takes or gives an id, with ids of one type.
template <class Item>
class Story {
 public:
  using Id = typename Item::Id;

  /// Entities whose id is left as it is get one, beside others that have theirs.
  void RunEmptyIds() {
    client_.Migrate();
    const auto rows =
        items_.CreateBulk(std::vector<Item>{{Id{}, "x"}, {Given(3), "c"}, {Id{}, "y"}}).Save();
    REQUIRE(rows.size() == 3);
    REQUIRE(rows[0].id != Id{});
    REQUIRE(rows[1].id == Given(3));
    REQUIRE(rows[2].id != Id{});
    REQUIRE(rows[2].id != rows[0].id);
    for (const Item& row : rows) REQUIRE(items_.Get(row.id).name == row.name);
  }

  void Run() {
    client_.Migrate();
    CreateAndRead();
    Bulk();
    Predicates();
    Update();
    Delete();
    InTransaction();
  }

 private:
  static constexpr auto kId = F<&Item::id>;
  static constexpr auto kName = F<&Item::name>;

  static Id Given(std::uint8_t n) { return ids::Numbered<Id>(n); }

  Raw::Rows Names() {
    Raw::Rows names;
    for (const Item& item : items_.Query().Order(grapnel::Asc(kId)).All()) {
      names.push_back(item.name);
    }
    return names;
  }

  void CreateAndRead() {
    std::vector<std::optional<Id>> seen;
    auto handle = items_.Use(
        [&](grapnel::Mutation<Item>& m, grapnel::Next<Item> next) -> grapnel::Value<Item> {
          const Id* id = m.Get(kId);
          seen.push_back(id == nullptr ? std::nullopt : std::optional(*id));
          auto value = next(m);
          seen.push_back(m.ID());
          return value;
        });
    const Item made = items_.Create().Set(kName, "made").Save();
    const Item given = items_.Create().Set(kId, Given(1)).Set(kName, "given").Save();
    handle.Remove();

    REQUIRE(made.id != Id{});
    REQUIRE(given.id == Given(1));
    // Hooks see a default as set; an id of the database is there after `next`.
    const auto before = std::integral<Id> ? std::nullopt : std::optional(made.id);
    REQUIRE(seen == std::vector<std::optional<Id>>{before, made.id, Given(1), Given(1)});

    REQUIRE(items_.Get(made.id).name == "made");
    REQUIRE(items_.Find(Given(1))->name == "given");
    REQUIRE(!items_.Find(Given(2)));
    REQUIRE_THROWS_AS(items_.Get(Given(2)), grapnel::NotFoundError);

    try {
      items_.Create().Set(kId, Given(1)).Set(kName, "again").Save();
      FAIL("two rows have the same id");
    } catch (const grapnel::ConstraintError& error) {
      REQUIRE(error.Kind() == grapnel::ConstraintKind::Unique);
      REQUIRE(error.Fields() == std::vector<std::string>{"id"});
    }
    items_.DeleteOne(made).Exec();
    REQUIRE(Names() == Raw::Rows{"given"});
  }

  void Bulk() {
    const auto rows = items_.CreateBulk(std::vector<Item>{{Given(3), "c"}}).Save();
    REQUIRE(rows.at(0).id == Given(3));
    std::vector<grapnel::store::Create<Item>> builders;
    builders.push_back(items_.Create().Set(kId, Given(2)).Set(kName, "b"));
    builders.push_back(items_.Create().Set(kId, Given(4)).Set(kName, "d"));
    REQUIRE(items_.CreateBulk(builders).Save()[1].id == Given(4));
    REQUIRE(Names() == Raw::Rows{"given", "b", "c", "d"});
  }

  void Predicates() {
    const auto match = [&](const grapnel::store::Predicate<Item>& where) {
      return items_.Query().Where(where).Order(grapnel::Desc(kId)).IDs();
    };
    using Ids = std::vector<Id>;
    REQUIRE(match(kId == Given(2)) == Ids{Given(2)});
    REQUIRE(match(Given(2) != kId) == Ids{Given(4), Given(3), Given(1)});
    REQUIRE(match(kId > Given(2)) == Ids{Given(4), Given(3)});
    REQUIRE(match(kId <= Given(2) && kName != "b") == Ids{Given(1)});
    REQUIRE(match(kId.In(Ids{Given(1), Given(4), Given(9)})) == Ids{Given(4), Given(1)});
    REQUIRE(match(kId.In(Ids(2000, Given(3)))) == Ids{Given(3)});
    REQUIRE(match(kId.NotIn(Given(1), Given(4))) == Ids{Given(3), Given(2)});
    REQUIRE(match(kId.IsNull()).empty());
  }

  void Update() {
    REQUIRE(items_.UpdateOne(Given(1)).Set(kName, "a").Save().name == "a");
    const Item b = items_.Get(Given(2));
    REQUIRE(items_.UpdateOne(b).Set(kName, "B").Save().id == Given(2));
    REQUIRE(items_.Update().Where(kId >= Given(3)).Set(kName, "late").Save() == 2);
    REQUIRE_THROWS_AS(items_.UpdateOne(Given(9)).Set(kName, "?").Save(), grapnel::NotFoundError);
    REQUIRE(Names() == Raw::Rows{"a", "B", "late", "late"});
  }

  void Delete() {
    items_.DeleteOne(Given(3)).Exec();
    REQUIRE_THROWS_AS(items_.DeleteOne(Given(3)).Exec(), grapnel::NotFoundError);
    REQUIRE(items_.Delete().Where(kId == Given(4)).Exec() == 1);
    REQUIRE(Names() == Raw::Rows{"a", "B"});
  }

  void InTransaction() {
    client_.WithTx([&](grapnel::Tx& tx) {
      const auto inside = tx.Of<Item>();
      inside.Create().Set(kId, Given(5)).Set(kName, "e").Save();
      inside.UpdateOne(Given(5)).Set(kName, "E").Save();
      inside.DeleteOne(Given(1)).Exec();
    });
    REQUIRE(Names() == Raw::Rows{"B", "E"});
  }

  grapnel::Database<Item> client_ = engine::Open<Item>(":memory:");
  grapnel::store::HookedEntities<Item> items_ = client_.template Of<Item>();
};

}  // namespace

TEST_CASE("B78 an integer key of 64 bits") { Story<ids::Item<std::int64_t>>().Run(); }
TEST_CASE("B78 a narrow integer key") { Story<ids::Item<std::uint16_t>>().Run(); }
TEST_CASE("B78 a text key works wherever an integer one does") {
  Story<ids::Item<std::string>>().Run();
}
TEST_CASE("B78 a UUID stored as text works wherever an integer key does") {
  Story<ids::Item<ids::Uuid>>().Run();
}
TEST_CASE("B78 a UUID stored as bytes works wherever an integer key does") {
  Story<ids::Item<ids::Key>>().Run();
}

TEST_CASE("B92 an id that an entity leaves empty is generated, whatever its type") {
  SECTION("an integer") { Story<ids::Item<std::int64_t>>().RunEmptyIds(); }
  SECTION("a text") { Story<ids::Item<std::string>>().RunEmptyIds(); }
  SECTION("a UUID stored as text") { Story<ids::Item<ids::Uuid>>().RunEmptyIds(); }
  SECTION("a UUID stored as bytes") { Story<ids::Item<ids::Key>>().RunEmptyIds(); }
}

TEST_CASE("B78 a key that its codec cannot read is a SchemaError, in rows and in IDs") {
  const Scratch scratch;
  using Item = ids::Item<ids::Uuid>;
  const auto client = engine::Open<Item>(scratch.File("db"));
  client.Migrate();
  Raw(scratch.File("db"))("INSERT INTO \"Item\" VALUES ('no UUID', 'x')");
  REQUIRE_THROWS_WITH(client.Of<Item>().Query().All(),
                      "Item.id: in the row with id \"no UUID\" a stored value cannot be read: a "
                      "UUID has 32 digits");
  REQUIRE_THROWS_AS(client.Of<Item>().Query().All(), grapnel::SchemaError);
  REQUIRE_THROWS_AS(client.Of<Item>().Query().IDs(), grapnel::SchemaError);
}

TEST_CASE("B92 an id of 0 means generate, any other is taken as given") {
  using Item = ids::Item<std::int64_t>;
  constexpr auto id = F<&Item::id>;
  constexpr auto top = std::numeric_limits<std::int64_t>::max();
  const auto client = engine::Open<Item>(":memory:");
  client.Migrate();
  const auto items = client.Of<Item>();
  const auto create = [&](std::int64_t given) {
    return items.Create().Set(id, given).Set(F<&Item::name>, std::to_string(given)).Save().id;
  };
  REQUIRE(create(0) == 1);
  REQUIRE(create(-7) == -7);
  REQUIRE(create(42) == 42);
  REQUIRE(create(0) == 43);
  REQUIRE(create(std::numeric_limits<std::int64_t>::min()) ==
          std::numeric_limits<std::int64_t>::min());
  REQUIRE(create(top) == top);

  // At the top of the range the ids are what the engine finds; those that come back are the rows'.
  const auto bulk = items.CreateBulk(std::vector<Item>{{0, "p"}, {0, "q"}, {0, "r"}}).Save();
  for (const Item& row : bulk) REQUIRE(items.Get(row.id).name == row.name);
  REQUIRE(items.Query().Count() == 9);

  items.Use([](grapnel::Mutation<Item>& m, grapnel::Next<Item> next) -> grapnel::Value<Item> {
    m.Set(F<&Item::id>, m.ID() ? 0 : 77);  // takes a given id away, gives one to the others
    return next(m);
  });
  REQUIRE(items.Create().Set(F<&Item::name>, "hook").Save().id == 77);
  REQUIRE(create(5) != 5);
  REQUIRE(!items.Find(5));
}

TEST_CASE("B92 an empty text id means generate; without a default it is refused") {
  using Item = ids::Item<std::string>;
  const auto client = engine::Open<Item, ids::Country>(":memory:");
  client.Migrate();
  const Item made = client.Of<Item>().Create().Set(F<&Item::id>, "").Set(F<&Item::name>, "").Save();
  REQUIRE(!made.id.empty());
  REQUIRE(client.Of<Item>().Query().IDs() == std::vector{made.id});

  const auto countries = client.Of<ids::Country>();
  const auto refused =
      "Country.id: an id is required: Set it, or give the field a Default (Create)";
  REQUIRE_THROWS_WITH(countries.Create().Save(), refused);
  REQUIRE_THROWS_WITH(countries.Create().Set(F<&ids::Country::id>, "").Save(), refused);
  REQUIRE_THROWS_WITH(
      countries.CreateBulk(std::vector<ids::Country>{{"de"}, {""}}).Save(),
      "Country.id: an id is required: Set it, or give the field a Default (Create, row 1)");
  REQUIRE(countries.CreateBulk(std::vector<ids::Country>{{"de"}, {"fr"}}).Save().size() == 2);
  REQUIRE(countries.Query().Order(grapnel::Asc(F<&ids::Country::id>)).IDs() ==
          std::vector<std::string>{"de", "fr"});
}

TEST_CASE("B92 with NeverReuse no id comes twice, not even after a restart") {
  const Scratch scratch;
  using ids::Ticket;
  const auto open = [&] {
    auto client = engine::Open<Ticket>(scratch.File("db"));
    client.Migrate();
    return client;
  };
  const auto create = [](const auto& client) {
    return client.template Of<Ticket>().Create().Set(F<&Ticket::name>, "t").Save().id;
  };
  std::vector<std::int64_t> given;
  {
    const auto client = open();
    given.push_back(create(client));
    given.push_back(create(client));
    client.Of<Ticket>().DeleteOne(given.back()).Exec();
    given.push_back(create(client));
    REQUIRE(client.Of<Ticket>().Delete().Exec() == 2);
  }
  const auto client = open();
  given.push_back(create(client));
  client.Of<Ticket>().Delete().Exec();
  const auto bulk = client.Of<Ticket>().CreateBulk(std::vector<Ticket>{{0, "u"}, {0, "v"}}).Save();
  for (const Ticket& ticket : bulk) given.push_back(ticket.id);
  REQUIRE(given == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6});
  REQUIRE(Raw(scratch.File("db"))("SELECT id FROM Ticket ORDER BY id") == Raw::Rows{"5", "6"});
}

TEST_CASE("B79 an id outside of what can be stored is a ValidationError") {
  using ids::Huge;
  const auto client = engine::Open<Huge, ids::Tiny>(":memory:");
  client.Migrate();
  const auto huge = client.Of<Huge>();
  constexpr std::uint64_t most = (std::uint64_t{1} << 63) - 1;
  REQUIRE(huge.Create().Set(F<&Huge::id>, most).Save().id == most);
  CHECK_THROWS_AS(huge.Create().Set(F<&Huge::id>, most + 1).Save(), grapnel::ValidationError);
  CHECK_THROWS_AS(huge.Find(most + 1), grapnel::ValidationError);
  CHECK_THROWS_AS(huge.Get(most + 1), grapnel::ValidationError);
  CHECK_THROWS_AS(huge.DeleteOne(most + 1).Exec(), grapnel::ValidationError);
  CHECK_THROWS_AS(huge.Query().Where(F<&Huge::id> == most + 1).All(), grapnel::ValidationError);
  REQUIRE(huge.Query().IDs() == std::vector{most});

  // The database counts on where the type ends: nothing is written.
  const auto tiny = client.Of<ids::Tiny>();
  REQUIRE(tiny.Create().Set(F<&ids::Tiny::id>, std::int8_t{127}).Save().id == 127);
  CHECK_THROWS_AS(tiny.Create().Save(), grapnel::ValidationError);
  REQUIRE(tiny.Query().IDs() == std::vector<std::int8_t>{127});
}
