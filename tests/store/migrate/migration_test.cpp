#include <grapnel/store/migrate/migration.hpp>

#include <grapnel/model/graph.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/tx/session.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace store_migration {

struct Book;
struct Writer {
  std::int64_t id = 0;
  std::string name;
  std::optional<double> weight;
  grapnel::Many<Book> books;
  grapnel::Many<Writer> friends;
};
struct Book {
  std::string id;
  grapnel::One<Writer> author;
};

}  // namespace store_migration

template <>
struct grapnel::Schema<store_migration::Writer> {
  static constexpr std::string_view Type = "Writer";
  static constexpr std::string_view Table = "writers";
  static constexpr auto Fields() {
    using store_migration::Writer;
    return grapnel::Fields(
        Field<&Writer::name>("name").Unique().Immutable().Sensitive().Comment("in full"),
        Field<&Writer::weight>("weight").StorageKey("kg"));
  }
  static constexpr auto Edges() {
    using store_migration::Writer;
    return grapnel::Edges(To<&Writer::books>("books").OnDelete(Cascade),
                          To<&Writer::friends>("friends"));
  }
};
template <>
struct grapnel::Schema<store_migration::Book> {
  static constexpr std::string_view Type = "Book";
  static constexpr auto Edges() {
    using store_migration::Book;
    return grapnel::Edges(
        From<&Book::author>("author").Ref<&store_migration::Writer::books>().Required());
  }
};

namespace {

namespace store = grapnel::store;
using grapnel::detail::kTable;
using grapnel::detail::Table;
using store::Migration;
using store_migration::Book;
using store_migration::Writer;
using Texts = std::vector<std::string>;

/// A migration looks first, and lets others write meanwhile.
const Texts kLook{"reader begins to read", "plans 2 tables", "rolls back"};
Texts AfterLook(const Texts& log) {
  REQUIRE(std::equal(kLook.begin(), kLook.end(), log.begin()));
  return {log.begin() + 3, log.end()};
}

/// A step for each of these statements.
store::Plan PlanOf(const Texts& statements) {
  store::Plan plan;
  for (const std::string& each : statements) {
    plan.steps.push_back({store::StepKind::CreateTable, "a", "", "", "", {each}});
  }
  return plan;
}

const std::vector<const Table*> kTables{&kTable<Writer>, &kTable<Book>};

/// An engine that notes what it is told; its plan has two statements.
class Engine final : public store::Driver {
 public:
  explicit Engine(Texts& log) : writer_("writer", log), reader_("reader", log) {}
  store::Lease Writer(const grapnel::core::Context&) override { return {*this, writer_}; }
  store::Lease Reader(const grapnel::core::Context&) override { return {*this, reader_}; }
  std::string_view Url() const noexcept override { return "engine"; }

 private:
  class Session final : public store::Connection {
   public:
    Session(std::string name, Texts& log) : log_(log), name_(std::move(name)) {}
    void Watch(const grapnel::core::Context*) noexcept override {}
    void BeginWrite() override { Begin("begins to write"); }
    void BeginRead() override { Begin("begins to read"); }
    void Commit() override { End("commits"); }
    void Rollback() noexcept override {
      if (open_) End("rolls back");
    }
    bool InTransaction() const noexcept override { return open_; }
    void Savepoint(int) override {}
    void RollbackTo(int) override {}
    void Release(int) override {}
    void Discard(int) override {}
    std::optional<store::BrokenKey> FindBrokenKey() override { return {}; }
    void Verify(const Table&) override {}
    bool WritesPlainly(const Table&) override { return true; }
    std::int64_t Changes() const noexcept override { return 0; }
    std::int64_t Run(const store::Insert&) override { return 0; }
    bool Run(const store::InsertMany&, std::vector<std::int64_t>&) override { return false; }
    std::int64_t Run(const store::Update&) override { return 0; }
    std::int64_t Run(const store::Delete&) override { return 0; }
    std::int64_t Run(const store::EdgeWrite&) override { return 0; }
    void Run(const store::Select&, RowSink) override {}
    std::unique_ptr<store::Cursor> Open(const store::Select&) override { return nullptr; }
    void Run(const store::Tabulate&, RowSink) override {}
    std::int64_t Count(const store::Select&) override { return 0; }
    store::Plan PlanMigration(std::span<const Table* const> tables, grapnel::Allow) override {
      log_.push_back("plans " + std::to_string(tables.size()) + " tables");
      return PlanOf(plan);
    }
    std::vector<std::string> Rehearse(std::span<const Table* const>, grapnel::Allow) override {
      log_.push_back("rehearses");
      return {};
    }
    void Apply(const store::Step& step) override {
      const std::string& statement = step.statements.front();
      log_.push_back("applies " + statement);
      if (fails == statement) throw grapnel::MigrationError("cannot do " + statement);
    }
    std::int64_t Run(const store::Keep&) override { return 0; }
    void Run(const store::Page&, RowSink) override {}
    void KeepLast(std::int64_t) override {}
    void Forget(std::int64_t) override {}
    void DeferForeignKeys(bool) override {}

    std::string fails;
    Texts plan{"one", "two"};

   private:
    void Begin(const std::string& how) {
      log_.push_back(name_ + " " + how);
      open_ = true;
    }
    void End(const std::string& how) {
      log_.push_back(how);
      open_ = false;
    }
    Texts& log_;
    std::string name_;
    bool open_ = false;
  };

  void Return(store::Connection& connection) noexcept override {
    if (&connection == &writer_) writer_.fails.clear();
  }

  Session writer_, reader_;

 public:
  void FailAt(std::string statement) { writer_.fails = std::move(statement); }
  void Plans(const Texts& seen_by_reader, const Texts& seen_by_writer) {
    reader_.plan = seen_by_reader;
    writer_.plan = seen_by_writer;
  }
};

/// A store of that engine.
struct World {
  Texts log;
  Engine* engine = nullptr;
  grapnel::detail::HandlePtr handle;

  World() {
    auto made = std::make_shared<grapnel::detail::Store>();
    auto driver = std::make_unique<Engine>(log);
    engine = driver.get();
    made->driver.reset(driver.release());
    made->graph = std::make_unique<const grapnel::detail::Graph>(kTables);
    handle = grapnel::detail::MakeHandle({std::move(made), {}, {}, {}});
  }
  template <class H>
  void Use(H hook) const {
    handle->store->migrate_hooks.Add({grapnel::MigrateHook(std::move(hook))});
  }
  Texts Run(bool is_dry_run) {
    log.clear();
    try {
      log.push_back(ToString(grapnel::detail::RunMigration(handle, is_dry_run)));
    } catch (const std::exception& error) {
      log.emplace_back(error.what());
    }
    return log;
  }
};

}  // namespace

TEST_CASE("B118 what a temporary plan returns outlives it") {
  World world;
  Texts seen;
  for (const std::string& statement :
       grapnel::detail::RunMigration(world.handle, true).Statements()) {
    seen.push_back(statement);
  }
  CHECK(seen == Texts{"one", "two"});
  std::string types;
  for (const auto& type : grapnel::detail::RunMigration(world.handle, true).Types()) {
    types += type.name;
    for (const auto& field : type.fields) types += field.name;
  }
  CHECK(types == "WriteridnameweightBookid");
}

TEST_CASE("B80 a migration tells types, fields and edges, and prints its statements") {
  const grapnel::detail::Graph graph(kTables);
  const Migration m(graph, PlanOf({"CREATE a", "CREATE b"}), true);
  CHECK(m.IsDryRun());
  CHECK(m.Statements() == Texts{"CREATE a", "CREATE b"});
  CHECK(ToString(m) == "CREATE a;\nCREATE b;\n");
  REQUIRE(m.Steps().size() == 2);
  CHECK((m.Steps()[0].kind == store::StepKind::CreateTable && m.Steps()[0].table == "a"));
  store::Plan plan = PlanOf({"one"});
  plan.steps.front().statements.push_back("two");
  plan.steps.front().reason = "as\nso";
  plan.leftovers = {{"a", "b", true}, {"c", "", true}, {"d", "e", false}};
  const Migration told(graph, plan, false);
  CHECK(told.Statements() == Texts{"one", "two"});
  CHECK(told.Leftovers().size() == 3);
  const std::string drops =
      ": it may be a newer program's; where no program needs it, Allow::Drop drops it, with what "
      "is in it\n";
  CHECK(ToString(told) ==
        "-- create table \"a\": as so\none;\ntwo;\n"
        "-- \"a\".\"b\" stays, though the schema does not have it" +
            drops + "-- \"c\" stays, though the schema does not have it" + drops +
            "-- \"d\".\"e\" stays, though the schema does not have it\n");
  CHECK(ToString(Migration(graph, {}, false)) == "");
  CHECK_FALSE(Migration(graph, {}, false).IsDryRun());

  REQUIRE(m.Types().size() == 2);
  const auto& writer = m.Types()[0];
  CHECK((writer.name == "Writer" && writer.table == "writers" && writer.fields.size() == 3));
  CHECK((writer.fields[0].name == "id" && writer.fields[0].kind == grapnel::FieldKind::Int));
  const auto& name = writer.fields[1];
  CHECK((name.name == "name" && name.column == "name" && name.kind == grapnel::FieldKind::Text));
  CHECK((!name.optional && name.unique && name.immutable && name.sensitive &&
         name.comment == "in full"));
  const auto& weight = writer.fields[2];
  CHECK((weight.name == "weight" && weight.column == "kg" &&
         weight.kind == grapnel::FieldKind::Real));
  CHECK((weight.optional && !weight.unique && !weight.immutable && !weight.sensitive));

  REQUIRE(writer.edges.size() == 2);
  const auto& books = writer.edges[0];
  CHECK((books.name == "books" && books.target == "Book" && books.inverse == "author"));
  CHECK((books.many && !books.required && !books.holds_key && books.on_delete == grapnel::Cascade));
  CHECK((writer.edges[1].target == "Writer" && writer.edges[1].inverse.empty()));
  REQUIRE(m.Types()[1].edges.size() == 1);
  const auto& author = m.Types()[1].edges[0];
  CHECK((author.name == "author" && author.target == "Writer" && author.inverse == "books"));
  CHECK((!author.many && author.required && author.holds_key &&
         author.on_delete == grapnel::Cascade));
  CHECK(m.Types()[1].fields.size() == 1);
}

TEST_CASE("B80 a migration writes in one transaction, a dry run reads") {
  World world;
  CHECK(AfterLook(world.Run(false)) == Texts{"writer begins to write", "plans 2 tables",
                                             "applies one", "applies two", "commits",
                                             "one;\ntwo;\n"});
  CHECK(world.Run(true) == Texts{"reader begins to read", "plans 2 tables", "rehearses",
                                 "rolls back", "one;\ntwo;\n"});
}

TEST_CASE("B134 a migration with nothing to do only reads, whoever was faster") {
  World world;
  int hooks = 0;
  world.Use([&](Migration& m, grapnel::core::Next<Migration, void> next) {
    ++hooks;
    CHECK(m.Statements().empty());
    next(m);
  });
  world.engine->Plans({}, {"one"});
  CHECK(world.Run(false) == Texts{"reader begins to read", "plans 2 tables", "rolls back", ""});
  CHECK(world.Run(true) == Texts{"reader begins to read", "plans 2 tables", "rolls back", ""});
  world.engine->Plans({"one"}, {});
  CHECK(AfterLook(world.Run(false)) ==
        Texts{"writer begins to write", "plans 2 tables", "commits", ""});
  CHECK(hooks == 3);
}

TEST_CASE("B80 hooks stand around what is applied, and inside of the transaction") {
  World world;
  world.Use([&](Migration& m, grapnel::core::Next<Migration, void> next) {
    world.log.push_back(m.IsDryRun() ? "before the dry run" : "before");
    next(m);
    world.log.emplace_back("after");
  });
  CHECK(AfterLook(world.Run(false)) == Texts{"writer begins to write", "plans 2 tables", "before",
                                             "applies one", "applies two", "after", "commits",
                                             "one;\ntwo;\n"});
  CHECK(world.Run(true) == Texts{"reader begins to read", "plans 2 tables", "rehearses",
                                 "before the dry run", "after", "rolls back", "one;\ntwo;\n"});
  world.engine->FailAt("two");
  CHECK(AfterLook(world.Run(false)) == Texts{"writer begins to write", "plans 2 tables", "before",
                                             "applies one", "applies two", "rolls back",
                                             "cannot do two"});
}

TEST_CASE("B80 a veto, and a failure that a hook hides, roll back") {
  const auto run = [](auto hook, const std::string& fails = "") {
    World world;
    world.Use(hook);
    world.engine->FailAt(fails);
    const Texts log = AfterLook(world.Run(false));
    return Texts(log.begin() + 2, log.end());
  };
  using Next = grapnel::core::Next<Migration, void>;
  CHECK(run([](Migration&, Next) { throw std::runtime_error("no"); }) == Texts{"rolls back", "no"});
  CHECK(run([](Migration&, Next) {}) == Texts{"rolls back",
                                              "nothing was migrated: a migration hook did not call "
                                              "next, or kept to itself that it failed"});
  CHECK(run([](Migration& m, Next next) { next(m), throw std::runtime_error("no"); }) ==
        Texts{"applies one", "applies two", "rolls back", "no"});
  const Texts hidden = run(
      [](Migration& m, Next next) {
        try {
          next(m);
        } catch (const grapnel::MigrationError&) {
        }
      },
      "two");
  CHECK(std::vector(hidden.begin(), hidden.begin() + 3) ==
        Texts{"applies one", "applies two", "rolls back"});
}
