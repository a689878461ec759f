// B53 to B58 at once: random bulks, with random hooks and failures, do what a model foretells that
// knows of one row after the other only.
#include "contract/batch_model.hpp"
#include "support/catch.hpp"
#include "support/engine/ids.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <ranges>

namespace {

using namespace batches;
using namespace grapnel::hook;
using grapnel::F;
using Next = grapnel::Next<Item>;

constexpr std::int64_t kBoxCount = 3;

/// Some hook of a bulk; it acts at rows whose number is `at`, or of all whose number leaves `at`
/// when divided by `step`.
struct Spec {
  enum class Kind { Note, Count, Create, Undo, Veto, Around, VetoAfter } kind;
  std::size_t step, at;

  bool ActsAt(std::size_t number) const {
    const bool once = kind == Kind::Veto || kind == Kind::VetoAfter;
    return once ? number == at : number % step == at % step;
  }
};
using Kind = Spec::Kind;

std::size_t NumberOfItem(const std::string& name) { return std::stoul(name.substr(1)) % 1000; }
std::string NoteAt(std::size_t number) { return Numbered("hook ", number); }
std::string CreatedAt(const std::string& name) { return "by hook of " + name; }

// ---- The model ----

struct Outcome {
  std::string failure{};  // "": none
  Lines log{};
  Rows made{};
};

class Model {
 public:
  /// What comes of a bulk; the table stays as it was where that fails.
  Outcome Run(const Rows& rows, const std::vector<Spec>& hooks) {
    const auto before = table_;
    Outcome outcome;
    for (std::size_t i = 0; i < rows.size() && outcome.failure.empty(); ++i) {
      RunRow(i, rows[i], hooks, outcome);
    }
    if (!outcome.failure.empty()) table_ = before;
    return outcome;
  }

  void Create(const std::string& name) { Insert({.name = name}); }
  void DeleteAbove(std::int64_t id) { table_.erase(table_.upper_bound(id), table_.end()); }
  std::int64_t Top() const { return table_.empty() ? 0 : table_.rbegin()->first; }
  Lines Table() const {
    Lines lines;
    for (const auto& [id, item] : table_) lines.push_back(Shown(item));
    return lines;
  }

 private:
  void RunRow(std::size_t row, Item item, const std::vector<Spec>& hooks, Outcome& outcome) {
    const std::size_t number = NumberOfItem(item.name);
    for (const Spec& hook : hooks) {
      if (!hook.ActsAt(number)) continue;
      if (hook.kind == Kind::Note) item.note = NoteAt(number);
      if (hook.kind == Kind::Count) outcome.log.push_back(Numbered("rows ", table_.size()));
      if (hook.kind == Kind::Create && !Taken(CreatedAt(item.name))) Create(CreatedAt(item.name));
      if (hook.kind == Kind::Veto) return void(outcome.failure = "veto");
    }
    outcome.failure = Refusal(item);
    if (outcome.failure == "unique" || outcome.failure == "foreign key") {
      outcome.failure += Numbered(" in row ", row);
    }
    if (!outcome.failure.empty()) return;
    item.id = Insert(item);
    for (auto hook = hooks.rbegin(); hook != hooks.rend(); ++hook) {
      if (!hook->ActsAt(number)) continue;
      if (hook->kind == Kind::VetoAfter) return void(outcome.failure = "late veto");
      if (hook->kind != Kind::Around) continue;
      outcome.log.push_back("wrote " + std::to_string(item.id));
      item.note = "replaced";
    }
    outcome.made.push_back(item);
  }

  std::string Refusal(const Item& item) const {
    if (std::isnan(item.weight)) return "invalid";
    if (Taken(item.name) || (item.id != 0 && table_.contains(item.id))) return "unique";
    if (item.box.ID().value_or(1) > kBoxCount) return "foreign key";
    return "";
  }
  bool Taken(const std::string& name) const {
    return std::ranges::any_of(table_, [&](const auto& row) { return row.second.name == name; });
  }
  std::int64_t Insert(Item item) {
    if (item.id == 0) item.id = Top() + 1;
    table_[item.id] = item;
    return item.id;
  }

  std::map<std::int64_t, Item> table_;
};

// ---- The hooks themselves ----

grapnel::Hook<Item> Make(const Spec& spec, Lines& log) {
  const auto when = [spec](auto hook) {
    return grapnel::Hook<Item>(If(std::move(hook), [spec](const Mutation& m) {
      const std::string name = NameOf(m);
      return name.front() == 'n' && spec.ActsAt(NumberOfItem(name));
    }));
  };
  switch (spec.kind) {
    case Kind::Note:
      return when(
          Before([](Mutation& m) { m.Set(F<&Item::note>, NoteAt(NumberOfItem(NameOf(m)))); }));
    case Kind::Count:
      return when(
          Before([&log](Mutation& m) { log.push_back(Numbered("rows ", Count(m.Client()))); }));
    case Kind::Create:
      return when(Before([](Mutation& m) {
        const auto name = CreatedAt(NameOf(m));
        const auto items = m.Client().Of<Item>();
        if (items.Query().Where(F<&Item::name> == name).Count() == 0) Create(m.Client(), name);
      }));
    case Kind::Undo:
      return when(Before([](Mutation& m) {
        const auto inner = m.Client().Tx();
        inner.Of<Item>().CreateBulk(Items(5, "undone ")).Save();
      }));
    case Kind::Veto:
      return when(Before([](Mutation&) { throw std::runtime_error("veto"); }));
    case Kind::VetoAfter:
      return when(After([](const auto&, auto&) { throw std::runtime_error("late veto"); }));
    case Kind::Around:
      break;
  }
  return when([&log](Mutation& m, Next next) -> grapnel::Value<Item> {
    Item item = next(m).Entity();
    log.push_back("wrote " + std::to_string(m.ID().value_or(-1)));
    item.note = "replaced";
    return item;
  });
}

// ---- The programs ----

class Program {
 public:
  explicit Program(unsigned seed) : random_(seed) {
    engine::LetIdsFollow(db_.scratch.File("test.db"), "Item");
    db_.Raw("INSERT INTO Box (label) VALUES ('one'), ('two'), ('three')");
  }

  void Run() {
    for (bulk_ = 0; bulk_ < 8; ++bulk_) {
      INFO("bulk " << bulk_);
      if (OneIn(3)) {
        const auto from = model_.Top() - static_cast<std::int64_t>(Below(150));
        db_.client.Of<Item>().Delete().Where(F<&Item::id> > from).Exec();
        model_.DeleteAbove(from);
      }
      if (OneIn(2)) {
        auto tx = db_.client.Tx();
        RunBulk(tx);
        Create(tx, Numbered("behind ", bulk_));
        model_.Create(Numbered("behind ", bulk_));
        tx.Commit();
      } else {
        RunBulk(db_.client);
      }
      REQUIRE((db_.Raw(kStored) == model_.Table()));
    }
  }

 private:
  std::size_t Below(std::size_t limit) { return random_() % limit; }
  bool OneIn(std::size_t chance) { return Below(chance) == 0; }

  Rows NewRows() {
    Rows rows(OneIn(4) ? 126 + Below(5) : Below(300));
    const bool one_box = OneIn(2), some_ids = OneIn(3);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].name = Numbered("n", bulk_ * 1000 + i);
      if (OneIn(3)) rows[i].note = Numbered("note ", i);
      rows[i].rank = static_cast<std::int64_t>(Below(3));
      rows[i].weight = static_cast<double>(Below(100));
      if (one_box || OneIn(5)) rows[i].box = grapnel::One<Box>(1 + static_cast<int>(Below(3)));
      if (some_ids && OneIn(40)) {
        rows[i].id = model_.Top() + 1 + static_cast<std::int64_t>(Below(10'000));
      }
    }
    while (OneIn(2) && !rows.empty()) Spoil(rows[Below(rows.size())], rows[Below(rows.size())]);
    return rows;
  }
  void Spoil(Item& row, const Item& other) {
    switch (Below(4)) {
      case 0:
        row.name = other.name;  // which may be the row itself
        break;
      case 1:
        row.box = grapnel::One<Box>(kBoxCount + 1);
        break;
      case 2:
        row.weight = std::numeric_limits<double>::quiet_NaN();
        break;
      default:
        row.id = 1 + static_cast<std::int64_t>(Below(500));
    }
  }

  std::vector<Spec> NewHooks() {
    std::vector<Spec> hooks;
    while (!OneIn(3)) {
      hooks.push_back({static_cast<Kind>(Below(OneIn(2) ? 7 : 4)), 1 + Below(150), Below(400)});
    }
    return hooks;
  }

  template <class C>
  void RunBulk(const C& client) {
    const Rows rows = NewRows();
    const auto hooks = NewHooks();
    Lines log;
    std::vector<grapnel::core::HookHandle> handles;
    for (const Spec& spec : hooks) handles.push_back(db_.client.Of<Item>().Use(Make(spec, log)));
    const Outcome expected = model_.Run(rows, hooks);
    std::string failure;
    Rows made;
    try {
      made = client.template Of<Item>().CreateBulk(rows).Save();
    } catch (const grapnel::ConstraintError& error) {
      failure = std::string(Name(error.Kind())) + " in row " +
                (error.Row() ? std::to_string(*error.Row()) : "?");
    } catch (const grapnel::ValidationError&) {
      failure = "invalid";
    } catch (const std::runtime_error& error) {
      failure = error.what();
    }
    for (auto& handle : handles) handle.Remove();
    INFO(rows.size() << " rows, " << hooks.size() << " hooks");
    REQUIRE(failure == expected.failure);
    REQUIRE(log == expected.log);
    if (failure.empty()) REQUIRE((Shown(made) == Shown(expected.made)));
  }

  std::mt19937 random_;
  std::size_t bulk_ = 0;
  Db db_;
  Model model_;
};

TEST_CASE("B53 B54 B55 B56 B58 random bulks do what a model foretells") {
  constexpr unsigned seeds = 40;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    INFO("seed " << seed);
    Program(seed).Run();
  }
}

}  // namespace
