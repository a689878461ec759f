#include <grapnel/store/write/stages.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"
#include "support/fake_driver.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Audited {
  template <class E>
  grapnel::Value<E> operator()(grapnel::Mutation<E>& m, grapnel::Next<E> next) const {
    return next(m);
  }
};

struct Note {
  std::int64_t id = 0;
  std::int64_t changed = 0;
};

std::int64_t Tick() { return 7; }

}  // namespace

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Note::changed>("changed").UpdateDefault(Tick));
  }
  static auto Hooks() { return grapnel::Hooks(grapnel::hook::On(Audited(), Op::Create)); }
};

namespace detail = grapnel::detail;
using detail::HookChain;
using detail::HookPlan;
using detail::kTable;
using graph::Card;
using graph::Pet;
using graph::User;
using grapnel::Hook;
using grapnel::Op;

namespace {

using Lines = std::vector<std::string>;

struct Allowing {
  grapnel::guard::Verdict operator()(grapnel::Mutation<Card>&) const {
    return grapnel::guard::Allow;
  }
};

struct World : FakeStore<User, Card, Pet, Note> {
  detail::Session::Kind kind = detail::Session::Kind::Explicit;
  std::shared_ptr<detail::Session> transaction =
      std::make_shared<detail::Session>(handle->store, handle->context, kind);
  detail::HandlePtr inside =
      detail::MakeHandle({handle->store, transaction, nullptr, handle->context});
  detail::Level& root = transaction->Root();

  template <class E>
  detail::TypeEntry& Type() const {
    return handle->store->TypeOf(kTable<E>);
  }
  static Lines Stages(const HookChain& chain) {
    static constexpr const char* kNames[] = {"guard", "schema's guard", "runtime", "transaction",
                                             "schema"};
    Lines stages;
    for (const auto& each : chain.All()) stages.emplace_back(kNames[each.stage]);
    return stages;
  }
};

}  // namespace

TEST_CASE_METHOD(
    World,
    "a chain has runtime hooks, those of the transactions from the outermost, and the schema's") {
  CHECK(Stages(HookChain(Type<Note>(), nullptr)) == Lines{"schema"});
  CHECK(HookChain(Type<User>(), &root).IsEmpty());
  detail::AddHooks(handle, kTable<Note>, {Hook<Note>(Audited()), Hook<Note>(Audited())});
  detail::AddTxHooks(inside, kTable<Note>, {Hook<Note>(grapnel::hook::On(Audited(), Op::Delete))});
  const auto nested = transaction->Nest(root, nullptr);
  const auto deeper = detail::MakeHandle({handle->store, transaction, nested, handle->context});
  detail::AddTxHooks(deeper, kTable<Note>, {Hook<Note>(grapnel::hook::On(Audited(), Op::Update))});
  const HookChain chain(Type<Note>(), nested.get());
  CHECK(Stages(chain) == Lines{"runtime", "runtime", "transaction", "transaction", "schema"});
  CHECK((chain.All()[2].hook.Mask() == Op::Delete && chain.All()[3].hook.Mask() == Op::Update));
  CHECK(Stages(HookChain(Type<Note>(), nullptr)) == Lines{"runtime", "runtime", "schema"});
  CHECK(HookChain(Type<User>(), nested.get()).IsEmpty());
  transaction->Rollback();  // which lets go of the nested one
}

TEST_CASE_METHOD(World, "B201 rules stand apart from the hooks, and are seen as they are") {
  const auto rules = detail::RulesOf<Card>(grapnel::core::MakeShared<const Allowing>());
  detail::AddGuard({detail::PrepareGuard(handle, kTable<Card>, detail::kReadActions<Card>, rules)});
  const HookChain chain(Type<Card>(), &root);
  CHECK((chain.Rules().size() == 1 && chain.All().empty() && !chain.IsEmpty()));
  detail::AddHooks(handle, kTable<Card>, {Hook<Card>(Audited())});
  const HookChain both(Type<Card>(), &root);
  CHECK((both.Rules().size() == 1 && Stages(both) == Lines{"runtime"}));
  CHECK(both.Rules()[0].stage == detail::kGuard);
  const HookChain own(Type<User>(), &root);
  HookPlan plan(Type<User>(), own, root, &grapnel::guard::Allow);
  CHECK(plan.Decision() == &grapnel::guard::Allow);
  CHECK(plan.IsSeen(Type<Card>(), Op::Delete));
}

TEST_CASE_METHOD(World, "a chain stays as it was when it was made") {
  auto removed = detail::AddHooks(handle, kTable<User>, {Hook<User>(Audited())});
  const HookChain chain(Type<User>(), &root);
  removed.Remove();
  detail::AddTxHooks(inside, kTable<User>, {Hook<User>(Audited())});
  CHECK(Stages(chain) == Lines{"runtime"});
  CHECK(Stages(HookChain(Type<User>(), &root)) == Lines{"transaction"});
}

TEST_CASE_METHOD(World,
                 "a plan asks for each type once, whatever is registered or removed meanwhile") {
  auto of_cards = detail::AddHooks(handle, kTable<Card>, {Hook<Card>(Audited())});
  const HookChain own(Type<User>(), &root);
  HookPlan plan(Type<User>(), own, root, nullptr);
  CHECK(&plan.Of(Type<User>()) == &own);
  const HookChain& cards = plan.Of(Type<Card>());
  CHECK(Stages(cards) == Lines{"runtime"});
  of_cards.Remove();
  CHECK(&plan.Of(Type<Card>()) == &cards);
  CHECK(plan.IsSeen(Type<Card>(), Op::Delete));
  detail::AddHooks(handle, kTable<Pet>, {Hook<Pet>(Audited())});
  CHECK(plan.IsSeen(Type<Pet>(), Op::Update));  // asked for only now
}

TEST_CASE_METHOD(World, "before a deletion it asks for all types that this reaches") {
  const HookChain own(Type<User>(), &root);
  HookPlan plan(Type<User>(), own, root, nullptr);
  plan.ForeseeDeletion();
  detail::AddHooks(handle, kTable<Card>, {Hook<Card>(Audited())});
  detail::AddHooks(handle, kTable<Note>, {Hook<Note>(Audited())});
  CHECK(plan.Of(Type<Card>()).IsEmpty());
  CHECK(Stages(plan.Of(Type<Note>())) == Lines{"runtime", "schema"});  // not reached
}

TEST_CASE_METHOD(
    World, "an update is seen by its hooks and by an update-default, a deletion by hooks alone") {
  const HookChain own(Type<User>(), &root);
  HookPlan plan(Type<User>(), own, root, nullptr);
  detail::AddHooks(handle, kTable<Card>, {Hook<Card>(grapnel::hook::On(Audited(), Op::Update))});
  CHECK(plan.IsSeen(Type<Card>(), Op::Update));
  CHECK_FALSE(plan.IsSeen(Type<Card>(), Op::Delete));
  CHECK(plan.IsSeen(Type<Note>(), Op::Update));
  CHECK_FALSE(plan.IsSeen(Type<Note>(), Op::Delete));
}
