// B12, B26, B27, B53 to B59 for bulks so large that their rows are inserted many at a time: nobody
// can tell, but by the time that it takes.
#include "contract/batch_model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"

#include <algorithm>
#include <limits>
#include <ranges>
#include <stop_token>

namespace batches {

/// A number that blows up when it is moved, so that a row cannot be kept.
struct Fuse {
  std::int64_t number = 0;

  Fuse() = default;
  explicit Fuse(std::int64_t n) : number(n) {}
  Fuse(const Fuse&) = default;
  Fuse(Fuse&& other) : number(other.number) {
    if (number < 0) throw std::length_error("it blew up");
  }
  Fuse& operator=(const Fuse&) = default;
  bool operator==(const Fuse&) const = default;
};

struct Ticket {
  std::int64_t id = 0;
  std::string name;
  Fuse fuse{};
};

}  // namespace batches

template <>
struct grapnel::Codec<batches::Fuse> {
  using Stored = std::int64_t;
  static Stored Encode(const batches::Fuse& value) { return value.number; }
  static batches::Fuse Decode(const Stored& stored) { return batches::Fuse(stored); }
};
template <>
struct grapnel::Schema<batches::Ticket> {
  static constexpr std::string_view Type = "Ticket";
  static constexpr auto Fields() {
    using batches::Ticket;
    return grapnel::Fields(Field<&Ticket::id>("id").NeverReuse(),
                           Field<&Ticket::name>("name").Unique(), Field<&Ticket::fuse>("fuse"));
  }
};

namespace {

using namespace batches;
using namespace grapnel::hook;
using grapnel::ConstraintError;
using grapnel::ConstraintKind;
using grapnel::F;
using grapnel::Op;
using Next = grapnel::Next<Item>;

constexpr std::int64_t kTop = std::numeric_limits<std::int64_t>::max();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The sizes around which rows are inserted together.
constexpr std::size_t kSizes[] = {0, 1, 127, 128, 129, 255, 256, 257, 1000};

Lines Ids(const Rows& rows) {
  Lines ids;
  for (const Item& row : rows) ids.push_back(std::to_string(row.id));
  return ids;
}
Lines IdsFrom(std::int64_t first, std::size_t count) {
  Lines ids;
  for (std::size_t i = 0; i < count; ++i) {
    ids.push_back(std::to_string(first + static_cast<std::int64_t>(i)));
  }
  return ids;
}

/// The builders of these items, without their ids where they are 0.
template <class C>
Creates Builders(const C& client, const Rows& items) {
  Creates rows;
  for (const Item& item : items) {
    auto create = client.template Of<Item>().Create();
    create.Set(F<&Item::name>, item.name).Set(F<&Item::weight>, item.weight);
    if (item.id != 0) create.Set(F<&Item::id>, item.id);
    rows.push_back(std::move(create));
  }
  return rows;
}

/// Makes `hook` run for the items of the bulk alone, "n...", not for those that hooks create.
template <class Hook>
auto OfBulk(Hook hook) {
  return If(std::move(hook), [](const Mutation& m) { return NameOf(m).starts_with("n"); });
}

// ---- What is stored ----

TEST_CASE("B53 B59 a bulk of any size stores its rows in their order, with their ids") {
  const std::size_t size = GENERATE(from_range(std::begin(kSizes), std::end(kSizes)));
  const Db db;
  const auto items = db.client.Of<Item>();
  const Rows first = items.CreateBulk(Items(size)).Save();
  REQUIRE(Ids(first) == IdsFrom(1, size));
  REQUIRE(db.Raw(kStored) == Shown(first));

  const Rows second = items.CreateBulk(Items(size, "second ")).Save();
  REQUIRE(Ids(second) == IdsFrom(static_cast<std::int64_t>(size) + 1, size));
  items.Delete().Where(F<&Item::id> > static_cast<std::int64_t>(size)).Exec();
  const Lines third = Ids(items.CreateBulk(Items(size, "third ")).Save());
  const auto behind = static_cast<std::int64_t>(2 * size) + 1;
  REQUIRE(third == (engine::IdsFollowTheLargest() ? Ids(second)  // they are free
                                                  : IdsFrom(behind, size)));
  REQUIRE(
      Shown(items.Query().Order(Asc(F<&Item::id>)).Limit(static_cast<std::int64_t>(size)).All()) ==
      Shown(first));
}

TEST_CASE("B59 a range that is made while it is read, and uses the transaction, sees its rows") {
  const Db db;
  const std::size_t size = 300;
  db.client.WithTx([&](grapnel::Tx& tx) {
    std::vector<std::size_t> counts;
    auto range = std::views::iota(std::size_t{0}, size) | std::views::transform([&](std::size_t i) {
                   if (i % 50 == 1) counts.push_back(Count(tx));
                   return Item{.name = Numbered("n", i)};
                 });
    REQUIRE(Ids(tx.Of<Item>().CreateBulk(range).Save()) == IdsFrom(1, size));
    REQUIRE(counts == std::vector<std::size_t>{1, 51, 101, 151, 201, 251});
  });
}

TEST_CASE("B58 ids that are given among others are taken, and the next ones follow the highest") {
  const Db db;
  Rows rows = Items(400);
  Lines expected;
  std::int64_t top = 0;
  const auto give = [&](std::size_t row, std::int64_t id) { rows[row].id = id; };
  give(0, 50);
  give(63, 1000);
  give(64, 500);  // below those that are there
  give(192, 3000);
  give(391, -8);
  for (const Item& row : rows) {
    const std::int64_t id = row.id != 0 ? row.id : top + 1;
    top = std::max(top, id);
    expected.push_back(std::to_string(id));
  }
  const bool builders = GENERATE(false, true);
  const Rows made = builders ? db.client.Of<Item>().CreateBulk(Builders(db.client, rows)).Save()
                             : db.client.Of<Item>().CreateBulk(rows).Save();
  REQUIRE(Ids(made) == expected);
  Rows sorted = made;
  std::ranges::sort(sorted, {}, &Item::id);
  REQUIRE(db.Raw(kStored) == Shown(sorted));
}

TEST_CASE("B58 a given id that is taken already, by a row before it or in the table") {
  const Db db;
  Create(db.client, "first");
  Rows rows = Items(300);
  const std::size_t row = GENERATE(0U, 100U, 128U, 299U);
  rows[row].id = row == 0 ? 1 : static_cast<std::int64_t>(row);  // of the row before
  const auto error = Thrown<ConstraintError>([&] { db.client.Of<Item>().CreateBulk(rows).Save(); });
  REQUIRE(error.Row() == row);
  REQUIRE(error.Fields() == Lines{"id"});
  REQUIRE(Count(db.client) == 1);
}

TEST_CASE("B58 ids are right up to the top of the range, and where they are drawn beyond it") {
  const Db db;
  const std::int64_t left = GENERATE(0, 1, 100, 127, 128, 129, 200);
  db.Raw("INSERT INTO Item (id, name, weight, rank) VALUES (" + std::to_string(kTop - left) +
         ", 'top', 0, 7)");
  if (!engine::IdsFollowTheLargest()) {  // none is drawn beyond it
    REQUIRE_THROWS_AS(db.client.Of<Item>().CreateBulk(Items(300)).Save(), grapnel::StorageError);
    REQUIRE(Count(db.client) == 1);
    return;
  }
  const Rows made = db.client.Of<Item>().CreateBulk(Items(300)).Save();
  const auto in_order = std::min<std::size_t>(static_cast<std::size_t>(left), made.size());
  for (std::size_t i = 0; i < in_order; ++i) {
    REQUIRE(made[i].id == kTop - left + 1 + static_cast<std::int64_t>(i));
  }
  Rows sorted = made;
  std::ranges::sort(sorted, {}, &Item::id);
  REQUIRE(db.Raw(kStoredOfBulk) == Shown(sorted));
}

TEST_CASE("B58 B92 with NeverReuse the ids go on where those of deleted rows ended") {
  const Fixture<Ticket> db;
  const auto tickets = db.client.Of<Ticket>();
  const auto ids = [&](std::size_t count) {
    Lines made;
    std::vector<Ticket> rows(count);
    for (std::size_t i = 0; i < count; ++i) rows[i].name = Numbered("t", i);
    for (const Ticket& ticket : tickets.CreateBulk(rows).Save()) {
      made.push_back(std::to_string(ticket.id));
    }
    REQUIRE(db.Raw("SELECT id FROM Ticket ORDER BY id") == made);
    REQUIRE(db.Raw("SELECT name FROM Ticket ORDER BY id").back() == Numbered("t", count - 1));
    tickets.Delete().Exec();
    return made;
  };
  const auto stand_at = [](std::int64_t last) {
    const std::string id = std::to_string(last);
    return engine::Forms{"UPDATE sqlite_sequence SET seq = " + id,
                         "SELECT setval(pg_get_serial_sequence('\"Ticket\"', 'id'), " + id + ")"};
  };
  REQUIRE(ids(130) == IdsFrom(1, 130));
  REQUIRE(ids(256) == IdsFrom(131, 256));
  REQUIRE(ids(1) == IdsFrom(387, 1));
  db.Raw(stand_at(kTop - 150));
  REQUIRE(ids(150) == IdsFrom(kTop - 149, 150));
  REQUIRE_THROWS_AS(ids(1), grapnel::StorageError);  // none is left
  db.Raw(stand_at(kTop - 150));
  REQUIRE_THROWS_AS(ids(151), grapnel::StorageError);
  REQUIRE(db.Raw("SELECT * FROM Ticket") == Lines{});
}

TEST_CASE("B58 ids are right where triggers insert rows in between") {
  const Db db;
  const std::string when = GENERATE("AFTER", "BEFORE");
  db.Raw("CREATE TRIGGER more " + when + " INSERT ON Item WHEN NEW.name LIKE 'n%' BEGIN " +
         "INSERT INTO Item (name, weight, rank) VALUES ('by trigger ' || NEW.name, 0, 7); END");
  const Rows made = db.client.Of<Item>().CreateBulk(Items(200)).Save();
  Rows sorted = made;
  std::ranges::sort(sorted, {}, &Item::id);
  REQUIRE(db.Raw(kStored).size() == 400);
  REQUIRE(db.Raw(kStoredOfBulk) == Shown(sorted));
  db.Raw("DROP TRIGGER more");
  const Rows after = db.client.Of<Item>().CreateBulk(Items(200, "without ")).Save();
  REQUIRE(Ids(after) == IdsFrom(401, 200));
}

TEST_CASE("B54 rows that set other fields than their neighbours do not mix them up") {
  const Db db;
  db.Raw("INSERT INTO Box (label) VALUES ('one'), ('two')");
  Creates rows;
  Lines expected;
  for (std::size_t i = 0; i < 300; ++i) {
    auto row = db.client.Of<Item>().Create();
    Item item{.id = static_cast<std::int64_t>(i) + 1, .name = Numbered("n", i)};
    row.Set(F<&Item::name>, item.name).Set(F<&Item::weight>, item.weight);
    if (i % 2 == 1) row.Set(F<&Item::note>, *(item.note = std::string(i, 'x')));
    if (i % 14 == 0) row.Set(F<&Item::note>, std::nullopt);
    if (i % 3 == 0) row.Set(F<&Item::rank>, item.rank = -static_cast<std::int64_t>(i));
    if (i % 5 == 0) row.Set(F<&Item::weight>, item.weight = static_cast<double>(i));
    if (i % 7 == 0) row.Set(F<&Item::box>, 1 + static_cast<std::int64_t>(i) % 2);
    if (i % 7 == 0) item.box = grapnel::One<Box>(1 + static_cast<std::int64_t>(i) % 2);
    rows.push_back(std::move(row));
    expected.push_back(Shown(item));
  }
  REQUIRE(Shown(db.client.Of<Item>().CreateBulk(rows).Save()) == expected);
  REQUIRE(db.Raw(kStored) == expected);
}

TEST_CASE("B54 what before-hooks set differs per row; a returned entity is the stored row") {
  const Db db;
  db.client.Of<Item>().Use(Before([](Mutation& m) {
    const std::size_t number = NumberOf(m);
    if (number % 3 == 0) m.Set(F<&Item::note>, "third");
    if (number % 4 == 0) m.Reset(F<&Item::rank>);
    if (number % 4 == 1) m.Set(F<&Item::rank>, 1);
    if (number == 140) m.Set(F<&Item::id>, 5000);
    m.Set(F<&Item::weight>, static_cast<double>(number));
  }));
  const Rows made = db.client.Of<Item>().CreateBulk(Items(300)).Save();
  REQUIRE(db.Raw(kStored) == Shown(made));
  REQUIRE(Shown(made[12]) == "13|n12|third|12|7|NULL|NULL");
  REQUIRE(Shown(made[141]) == "5001|n141|third|141|1|NULL|NULL");
}

TEST_CASE("B77 rows whose edges are not in them keep their place among the others") {
  const Db db;
  db.client.Of<Item>().CreateBulk(Items(40)).Save();
  std::vector<grapnel::store::Create<Box>> rows;
  Lines expected, ids;
  for (std::size_t i = 0; i < 300; ++i) {
    auto box = db.client.Of<Box>().Create().Set(F<&Box::label>, Numbered("box ", i));
    const auto item = static_cast<std::int64_t>(i / 10) + 1;
    if (i % 10 == 9) box.AddIDs(F<&Box::items>, {item});
    rows.push_back(std::move(box));
    expected.push_back(Numbered("box ", i) + (i % 10 == 9 ? "|1" : "|0"));
  }
  for (const Box& box : db.client.Of<Box>().CreateBulk(rows).Save()) {
    ids.push_back(std::to_string(box.id));
  }
  REQUIRE(ids == IdsFrom(1, 300));
  REQUIRE(db.Raw(kBoxes) == expected);
}

TEST_CASE(
    "a large bulk is sent in large statements, what is left over too, a small one row by row") {
  const Db db;
  int inserts = 0, rows = 0, asked = 0, copies = 0;
  const auto traced = db.client.Debug([&](std::string_view sql) {
    asked += sql.starts_with("SELECT max(") ? 1 : 0;
    copies += sql.starts_with("COPY ") ? 1 : 0;
    if (!sql.starts_with("INSERT INTO \"Item\"")) return;
    ++inserts;
    for (auto at = sql.find("(?"); at != sql.npos; at = sql.find("(?", at + 1)) ++rows;
  });
  if (!engine::IsInProcess()) {  // by one message, however large it is
    traced.Of<Item>().CreateBulk(Items(GENERATE(15U, 16U, 129U, 1000U))).Save();
    CHECK(inserts + copies == 1);
    return;
  }
  const auto [size, expected] = GENERATE(std::pair(15, 15), std::pair(16, 1), std::pair(127, 1),
                                         std::pair(128, 1), std::pair(129, 2), std::pair(130, 2),
                                         std::pair(256, 2), std::pair(300, 3), std::pair(1000, 8));
  traced.Of<Item>().CreateBulk(Items(static_cast<std::size_t>(size))).Save();
  CHECK(rows == size);
  CHECK(inserts == expected);
  CHECK(asked == (size < 16 ? 0 : 1));
}

// ---- What fails ----

constexpr std::size_t kSize = 200;

/// The bulk fails at `row`. Returns: the error.
template <class C>
ConstraintError Refused(const C& client, std::size_t row, const Rows& rows) {
  auto error = Thrown<ConstraintError>([&] { client.template Of<Item>().CreateBulk(rows).Save(); });
  CHECK(error.Row() == row);
  CHECK(error.Entity() == "Item");
  CHECK(error.Op() == Op::Create);
  return error;
}
/// The same, whole, in a transaction and outside of one; whoever goes on can.
ConstraintError FailsAt(const Db& db, std::size_t row, const Rows& rows) {
  const Lines before = db.Raw(kStored);
  Refused(db.client, row, rows);
  REQUIRE(db.Raw(kStored) == before);
  auto tx = db.client.Tx();
  Create(tx, "kept");
  ConstraintError error = Refused(tx, row, rows);
  REQUIRE(Count(tx) == before.size() + 1);
  const Rows more = tx.Of<Item>().CreateBulk(Items(130, "more ")).Save();
  tx.Commit();
  REQUIRE(db.Raw("SELECT name FROM Item ORDER BY id DESC").front() == "more 129");
  REQUIRE(db.Raw(kStored).size() == before.size() + 131);
  return error;
}

TEST_CASE("B58 a row that breaks a constraint against the table is told, and nothing is stored") {
  const std::size_t row = GENERATE(0U, 62U, 63U, 126U, 127U, 128U, kSize - 1);
  const Db db;
  Create(db.client, "taken");
  Rows rows = Items(kSize);
  rows[row].name = "taken";
  const auto error = FailsAt(db, row, rows);
  CHECK(error.Kind() == ConstraintKind::Unique);
  CHECK(error.Fields() == Lines{"name"});
}

TEST_CASE("B58 the later one of two rows of a bulk that exclude one another is told") {
  const auto [first, second] =
      GENERATE(std::pair(0U, 1U), std::pair(3U, 100U), std::pair(126U, 127U), std::pair(127U, 128U),
               std::pair(5U, 199U), std::pair(198U, 199U));
  const Db db;
  Rows rows = Items(kSize);
  rows[second].name = rows[first].name;
  CHECK(FailsAt(db, second, rows).Fields() == Lines{"name"});
}

TEST_CASE("B58 a neighbour that is missing is told by its edge and row") {
  const std::size_t row = GENERATE(0U, 64U, 127U, 128U, kSize - 1);
  const bool parent = GENERATE(false, true);
  const Db db;
  db.Raw("INSERT INTO Box (label) VALUES ('one')");
  Rows rows = Items(kSize);
  for (Item& item : rows) item.box = grapnel::One<Box>(1);
  if (parent) {
    rows[row].parent = grapnel::One<Item>(100'000);
  } else {
    rows[row].box = grapnel::One<Box>(2);
  }
  const auto error = FailsAt(db, row, rows);
  CHECK(error.Kind() == ConstraintKind::ForeignKey);
  CHECK(error.Fields() == Lines{parent ? "parent" : "box"});
}

TEST_CASE("B58 a row is told of a bulk of any size, where it ends a batch or is alone behind it") {
  const auto [row, size] = GENERATE(std::pair(0U, 300U), std::pair(255U, 256U),
                                    std::pair(8191U, 8192U), std::pair(8192U, 8193U));
  const bool taken = GENERATE(false, true);
  const Db db;
  db.Raw("INSERT INTO Box (label) VALUES ('one')");
  Create(db.client, "taken");
  Rows rows = Items(size);
  for (Item& item : rows) item.box = grapnel::One<Box>(1);
  if (taken) {
    rows[row].name = "taken";
  } else {
    rows[row].box = grapnel::One<Box>(2);
  }
  int statements = 0;
  const auto traced = db.client.Debug([&](std::string_view) { ++statements; });
  CHECK(Refused(traced, row, rows).Fields() == Lines{taken ? "name" : "box"});
  REQUIRE(db.Raw("SELECT name FROM Item") == Lines{"taken"});
  if (!engine::IsInProcess()) CHECK(statements < 700);  // each is a message and its answer
}

TEST_CASE("B58 a row may refer to one before it in the bulk, not to one behind it") {
  const std::size_t size = GENERATE(50U, 200U);
  const Db db;
  Rows rows = Items(size);
  for (std::size_t i = 1; i < size; ++i) {
    rows[i].parent = grapnel::One<Item>(static_cast<std::int64_t>(i));  // the row before it
  }
  SECTION("before it") {
    const Rows made = db.client.Of<Item>().CreateBulk(rows).Save();
    REQUIRE(db.Raw(kStored) == Shown(made));
  }
  SECTION("behind it") {
    rows[10].parent = grapnel::One<Item>(40);
    CHECK(Refused(db.client, 10, rows).Fields() == Lines{"parent"});
    REQUIRE(db.Raw(kStored).empty());
    const Db another;  // where ids begin anew
    auto tx = another.client.Tx();
    CHECK(Refused(tx, 10, rows).Fields() == Lines{"parent"});
    REQUIRE(Count(tx) == 0);
    tx.Commit();
  }
}

/// Fails at row 30 in one of several ways, on its own or because of a hook.
enum class Failure { Nan, Empty, Hook, Range };

/// Runs a bulk that fails so; row 20 breaks a constraint where that is asked for.
void RunFailing(const Db& db, Failure failure, std::size_t size, bool breaks_before) {
  Rows rows = Items(size);
  if (breaks_before) rows[20].name = rows[10].name;
  if (failure == Failure::Nan) rows[30].weight = kNan;
  if (failure == Failure::Empty) rows[30].name.clear();
  auto hook = db.client.Of<Item>().Use(Before([&](Mutation& m) {
    if (failure == Failure::Hook && NameOf(m) == "n30") throw std::out_of_range("vetoed");
  }));
  auto range = rows | std::views::transform([&](const Item& row) {
                 if (failure == Failure::Range && row.name == "n30") throw std::out_of_range("end");
                 return row;
               });
  struct Unhook {
    grapnel::core::HookHandle& handle;
    ~Unhook() { handle.Remove(); }
  } unhook{hook};
  db.client.Of<Item>().CreateBulk(range).Save();
}

TEST_CASE("B58 the first row that fails is told, in whatever way a later one fails") {
  const Db db;
  const auto failure = GENERATE(Failure::Nan, Failure::Empty, Failure::Hook, Failure::Range);
  const std::size_t size = GENERATE(50U, 127U, 128U, 200U);
  INFO("the failure " << static_cast<int>(failure) << " among " << size << " rows");
  const auto first = Thrown<ConstraintError>([&] { RunFailing(db, failure, size, true); });
  CHECK(first.Row() == 20);
  if (failure == Failure::Nan || failure == Failure::Empty) {
    const auto error =
        Thrown<grapnel::ValidationError>([&] { RunFailing(db, failure, size, false); });
    CHECK(error.Field() == (failure == Failure::Nan ? "weight" : "name"));
  } else {
    Thrown<std::out_of_range>([&] { RunFailing(db, failure, size, false); });
  }
  REQUIRE(db.Raw(kStored) == Lines{});
  db.client.Of<Item>().CreateBulk(Items(130)).Save();
  REQUIRE(db.Raw(kStored).size() == 130);
}

TEST_CASE("B58 the first row that fails is told, though the range of builders fails later") {
  const Db db;
  Rows rows = Items(GENERATE(50U, 200U));
  auto range = rows | std::views::transform([&](const Item& row) {
                 if (row.name == "n30") throw std::out_of_range("end");
                 return db.client.Of<Item>().Create(row);
               });
  CHECK_THROWS_AS(db.client.Of<Item>().CreateBulk(range).Save(), std::out_of_range);
  rows[20].name = rows[10].name;
  const auto first =
      Thrown<ConstraintError>([&] { db.client.Of<Item>().CreateBulk(range).Save(); });
  CHECK(first.Row() == 20);
  REQUIRE(db.Raw(kStored) == Lines{});
}

TEST_CASE("B58 a value that cannot be stored comes first when a later row breaks a constraint") {
  const Db db;
  const std::size_t size = GENERATE(50U, 200U);
  Rows rows = Items(size);
  rows[20].weight = kNan;
  rows[30].name = rows[10].name;
  const auto error =
      Thrown<grapnel::ValidationError>([&] { db.client.Of<Item>().CreateBulk(rows).Save(); });
  CHECK(error.Field() == "weight");
  REQUIRE(db.Raw(kStored) == Lines{});
}

TEST_CASE("B56 a row that cannot be kept fails the bulk, the first one as well") {
  const Fixture<Ticket> db;
  const std::size_t row = GENERATE(0U, 1U, 50U, 127U, 128U, 130U);
  std::vector<Ticket> rows(200);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].name = Numbered("t", i);
  rows[row].fuse.number = -1;
  Thrown<std::length_error>([&] { db.client.Of<Ticket>().CreateBulk(rows).Save(); });
  REQUIRE(db.Raw("SELECT * FROM Ticket") == Lines{});
}

TEST_CASE("B97 a bulk stops at the row at which it is cancelled") {
  const Db db;
  std::stop_source stop;
  std::size_t begun = 0;
  db.client.Of<Item>().Use(Before([&](Mutation& m) {
    ++begun;
    if (NameOf(m) == "n30") stop.request_stop();
  }));
  const auto items = db.client.With(stop.get_token()).Of<Item>();
  Thrown<grapnel::CancelledError>([&] { items.CreateBulk(Items(kSize)).Save(); });
  CHECK(begun == 31);
  REQUIRE(db.Raw(kStored) == Lines{});
}

// ---- Hooks ----

TEST_CASE("B53 a before-hook that uses the client finds exactly the rows before its own") {
  const Db db;
  const std::size_t step = GENERATE(1U, 7U, 100U, 130U);
  std::size_t asked = 0;
  db.client.Of<Item>().Use(Before([&](Mutation& m) {
    const std::size_t number = NumberOf(m);
    REQUIRE(m.ID() == std::nullopt);
    if (number % step != 0) return;
    REQUIRE(Count(m.Client()) == number);
    REQUIRE(m.Client()
                .Of<Item>()
                .Query()
                .Where(F<&Item::id> == static_cast<std::int64_t>(number))
                .Count() == (number == 0 ? 0 : 1));
    ++asked;
  }));
  REQUIRE(Ids(db.client.Of<Item>().CreateBulk(Items(300)).Save()) == IdsFrom(1, 300));
  REQUIRE(asked == (300 + step - 1) / step);
}

TEST_CASE("B53 rows that a before-hook creates come between those of the bulk") {
  const Db db;
  const auto items = db.client.Of<Item>();
  Lines expected;
  SECTION("one") {
    items.Use(OfBulk(Before([](Mutation& m) {
      if (NumberOf(m) % 60 == 59) Create(m.Client(), "before " + NameOf(m));
    })));
    for (std::size_t i = 0; i < 300; ++i) {
      if (i % 60 == 59) expected.push_back("before " + Numbered("n", i));
      expected.push_back(Numbered("n", i));
    }
  }
  SECTION("a bulk of them") {
    items.Use(OfBulk(Before([](Mutation& m) {
      if (NumberOf(m) != 150) return;
      const Rows made = m.Client().Of<Item>().CreateBulk(Items(130, "inner ")).Save();
      REQUIRE(Ids(made) == IdsFrom(151, 130));
    })));
    for (std::size_t i = 0; i < 300; ++i) {
      for (std::size_t j = 0; j < 130 && i == 150; ++j) expected.push_back(Numbered("inner ", j));
      expected.push_back(Numbered("n", i));
    }
  }
  const Rows made = items.CreateBulk(Items(300)).Save();
  REQUIRE(db.Raw("SELECT name FROM Item ORDER BY id") == expected);
  REQUIRE(db.Raw(kStoredOfBulk) == Shown(made));
}

TEST_CASE("B53 B69 what a before-hook rolls back, or fails in, takes no other row along") {
  const Db db;
  const int way = GENERATE(0, 1, 2, 3);
  Lines log;
  db.client.Of<Item>().Use(OfBulk(Before([&](Mutation& m) {
    m.AfterCommit([&log, name = NameOf(m)] { log.push_back(name); });
    if (NumberOf(m) % 100 != 50) return;
    if (way == 0) {
      auto inner = m.Client().Tx();
      Create(inner, "inner");
      inner.AfterCommit([&] { log.push_back("inner"); });
      inner.Rollback();
    } else if (way == 1) {
      auto inner = m.Client().Tx();  // rolled back by its end
      inner.Of<Item>().CreateBulk(Items(130, "inner ")).Save();
    } else if (way == 2) {
      REQUIRE_THROWS_AS(Create(m.Client(), "n0"), ConstraintError);
    } else {
      Rows inner = Items(130, "inner ");
      inner[129].name = "n0";
      const auto items = m.Client().Of<Item>();
      REQUIRE(Thrown<ConstraintError>([&] { items.CreateBulk(inner).Save(); }).Row() == 129);
    }
  })));
  const Lines ids = Ids(db.client.Of<Item>().CreateBulk(Items(300)).Save());
  if (engine::IdsFollowTheLargest())
    REQUIRE(ids == IdsFrom(1, 300));  // else what is undone has some
  REQUIRE(db.Raw("SELECT id FROM Item ORDER BY id") == ids);
  REQUIRE(log.size() == 300);
  for (std::size_t i = 0; i < 300; ++i) REQUIRE(log[i] == Numbered("n", i));
}

TEST_CASE("B58 a hook that swallows the failure of an earlier row does not save the bulk") {
  const Db db;
  const bool in_tx = GENERATE(false, true);
  const int way = GENERATE(0, 1, 2);
  Rows rows = Items(kSize);
  rows[40].name = rows[10].name;
  std::size_t swallowed = 0;
  db.client.Of<Item>().Use(OfBulk(Before([&](Mutation& m) {
    if (NumberOf(m) < 50 || NumberOf(m) > 60) return;
    try {
      if (way == 0) Count(m.Client());
      if (way == 1) Create(m.Client(), "other");
      if (way == 2) m.Client().WithTx([](grapnel::Tx& inner) { Create(inner, "other"); });
    } catch (const ConstraintError& error) {
      CHECK(error.Row() == 40);
      ++swallowed;
    }
  })));
  const auto bulk = [&](const auto& client) {
    const auto error =
        Thrown<ConstraintError>([&] { client.template Of<Item>().CreateBulk(rows).Save(); });
    CHECK(error.Row() == 40);
    CHECK(error.Fields() == Lines{"name"});
  };
  if (in_tx) {
    db.client.WithTx([&](grapnel::Tx& tx) {
      bulk(tx);
      REQUIRE(Count(tx) == 0);
      Create(tx, "kept");
    });
  } else {
    bulk(db.client);
  }
  CHECK(swallowed >= 1);
  REQUIRE(db.Raw("SELECT name FROM Item") == (in_tx ? Lines{"kept"} : Lines{}));
}

TEST_CASE("B56 a before-hook that throws leaves nothing of the bulk, wherever it stands") {
  const Db db;
  const std::size_t row = GENERATE(0U, 1U, 127U, 128U, 129U, kSize - 1);
  Lines log;
  auto hook = db.client.Of<Item>().Use(OfBulk(Before([&](Mutation& m) {
    m.AfterCommit([&] { log.push_back("committed"); });
    if (NumberOf(m) == row) throw std::out_of_range("vetoed");
  })));
  Thrown<std::out_of_range>([&] { db.client.Of<Item>().CreateBulk(Items(kSize)).Save(); });
  REQUIRE(db.Raw(kStored) == Lines{});
  db.client.WithTx([&](grapnel::Tx& tx) {
    Create(tx, "kept");
    Thrown<std::out_of_range>([&] { tx.Of<Item>().CreateBulk(Items(kSize)).Save(); });
    REQUIRE(Count(tx) == 1);
    hook.Remove();
    const Lines ids = Ids(tx.Of<Item>().CreateBulk(Items(130)).Save());
    if (engine::IdsFollowTheLargest()) REQUIRE(ids == IdsFrom(2, 130));
  });
  REQUIRE(db.Raw("SELECT count(*) FROM Item") == Lines{"131"});
  REQUIRE(log == Lines{});
}

TEST_CASE(
    "B83 B84 a before-hook that carries its row out itself: an Error, and nothing is stored") {
  const Db db;
  const std::size_t row = GENERATE(0U, 1U, 127U, 130U);
  bool inside = false;
  db.client.Of<Item>().Use(Before([&](Mutation& m) {
    if (inside || NumberOf(m) != row) return;
    inside = true;
    const auto value = m.Client().Mutate(m);
    CHECK(value.Entity().id == static_cast<std::int64_t>(row) + 1);
    CHECK(Count(m.Client()) == row + 1);
  }));
  Thrown<grapnel::Error>([&] { db.client.Of<Item>().CreateBulk(Items(kSize)).Save(); });
  REQUIRE(db.Raw(kStored) == Lines{});
}

TEST_CASE("B83 a before-hook that rolls the transaction back ends the bulk") {
  const Db db;
  const std::size_t row = GENERATE(0U, 127U, 150U, kSize - 1);
  const bool throws = GENERATE(false, true);
  db.client.Of<Item>().Use(Before([&](Mutation& m) {
    if (NumberOf(m) != row) return;
    m.Tx().Rollback();
    if (throws) throw std::out_of_range("rolled back");
  }));
  auto tx = db.client.Tx();
  const auto bulk = [&] { tx.Of<Item>().CreateBulk(Items(kSize)).Save(); };
  throws ? void(Thrown<std::out_of_range>(bulk)) : void(Thrown<grapnel::TxError>(bulk));
  REQUIRE(tx.Outcome() == grapnel::TxOutcome::RolledBack);
  REQUIRE(db.Raw(kStored) == Lines{});
}

TEST_CASE("B26 B58 after-parts that apply to some rows only see right ids, in the rows' order") {
  const Db db;
  Lines seen, begun;
  const auto items = db.client.Of<Item>();
  items.Use(Before([&](Mutation& m) { begun.push_back(NameOf(m)); }));
  items.Use(If(
      [&](Mutation& m, Next next) -> grapnel::Value<Item> {
        REQUIRE(begun.back() == NameOf(m));  // no hook of a later row ran
        auto value = next(m);
        REQUIRE(Count(m.Client()) == NumberOf(m) + 1);
        REQUIRE(m.ID() == value.Entity().id);
        seen.push_back(std::to_string(value.Entity().id));
        Item replaced = value.Entity();
        replaced.note = "replaced";
        return replaced;
      },
      [](const Mutation& m) { return NumberOf(m) % 90 == 89; }));
  const Rows made = items.CreateBulk(Items(300)).Save();
  REQUIRE(Ids(made) == IdsFrom(1, 300));
  REQUIRE(seen == Lines{"90", "180", "270"});
  for (std::size_t i = 0; i < made.size(); ++i) {
    REQUIRE(made[i].note == (i % 90 == 89 ? std::optional("replaced") : std::nullopt));
  }
  REQUIRE(db.Raw("SELECT count(*) FROM Item WHERE note IS NULL") == Lines{"300"});
}

TEST_CASE("B12 the hooks of a transaction apply to its bulks, those of other Ops do not") {
  const Db db;
  std::size_t before = 0, after = 0;
  db.client.Of<Item>().Use(On(After([&](const auto&, auto&) { ++after; }), Op::Update));
  db.client.WithTx([&](grapnel::Tx& tx) {
    tx.Of<Item>().Use(Before([&](Mutation& m) {
      m.Set(F<&Item::note>, "tx");
      ++before;
    }));
    tx.Of<Item>().CreateBulk(Items(300)).Save();
  });
  REQUIRE(before == 300);
  REQUIRE(after == 0);
  REQUIRE(db.Raw("SELECT count(*) FROM Item WHERE note = 'tx'") == Lines{"300"});
  db.client.Of<Item>().CreateBulk(Items(130, "later ")).Save();
  REQUIRE(before == 300);
}

TEST_CASE("B12 a hook that a before-hook registers does not apply to the rows that are left") {
  const Db db;
  std::size_t late = 0;
  const auto items = db.client.Of<Item>();
  items.Use(Before([&](Mutation& m) {
    if (NumberOf(m) == 60) items.Use(After([&](const auto&, auto&) { ++late; }));
  }));
  REQUIRE(Ids(items.CreateBulk(Items(300)).Save()) == IdsFrom(1, 300));
  REQUIRE(late == 0);
}

TEST_CASE(
    "B72 callbacks run once all is committed, in their order; their failure keeps the result") {
  const Db db;
  Lines log;
  db.client.OnCommit([&](grapnel::Tx& tx, auto next) {
    CHECK(Count(tx) == 300);
    next(tx);
  });
  db.client.Of<Item>().Use(Before([&](Mutation& m) {
    m.AfterCommit([&, name = NameOf(m)] {
      log.push_back(name);
      if (name == "n200") throw std::out_of_range("too late");
    });
  }));
  const auto error =
      Thrown<grapnel::CommittedError>([&] { db.client.Of<Item>().CreateBulk(Items(300)).Save(); });
  REQUIRE(log.size() == 300);
  for (std::size_t i = 0; i < 300; ++i) REQUIRE(log[i] == Numbered("n", i));
  REQUIRE(error.Causes().size() == 1);
  REQUIRE(error.Value<Rows>() != nullptr);
  REQUIRE(Ids(*error.Value<Rows>()) == IdsFrom(1, 300));
}

TEST_CASE("B53 a bulk inside of a hook of another type is as atomic as that one") {
  const Db db;
  Rows rows = Items(kSize, "failing ");
  rows[150].name = rows[3].name;
  db.client.Of<Box>().Use([&](grapnel::Mutation<Box>& m, grapnel::Next<Box> next) {
    const auto items = m.Client().Of<Item>();
    CHECK(Thrown<ConstraintError>([&] { items.CreateBulk(rows).Save(); }).Row() == 150);
    auto box = next(m);
    items.CreateBulk(Items(130)).Save();
    return box;
  });
  db.client.Of<Box>().Create().Set(F<&Box::label>, "one").Save();
  REQUIRE(db.Raw("SELECT count(*) FROM Item") == Lines{"130"});
  Thrown<ConstraintError>([&] {
    db.client.Of<Box>().CreateBulk(std::vector<Box>{{.label = "two"}, {.label = "three"}}).Save();
  });
  REQUIRE(db.Raw("SELECT label FROM Box") == Lines{"one"});
}

}  // namespace
