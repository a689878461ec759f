// Rules 2 and 3, at random: transactions, mutations, hooks that write, failures and retries inside
// one another, played on Grapnel and on a model in memory that copies itself wherever something may
// fail.
#include "contract/tx_fixture.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

using grapnel::ConstraintError;
using grapnel::F;
using grapnel::Mutation;
using grapnel::Next;
using grapnel::Op;
using grapnel::Tx;
using model::Card;
using model::Pet;
using namespace tx_fixture;

namespace {

struct Boom {};  // no std::exception: whatever else is thrown fails the test

using Rows = std::map<std::string, std::string>;  // number to name

struct State {
  Rows rows{};
  int pets = 0;
  std::vector<int> due{};   // AfterCommit callbacks, in order
  std::vector<int> undo{};  // AfterRollback callbacks
};

/// The rows that `client` sees are those of the model.
void Compare(const grapnel::Client& client, const State& expected) {
  Rows rows;
  for (auto& card : client.Of<Card>().Query().All()) {
    rows.emplace(card.number, card.name.value_or(""));
  }
  REQUIRE(rows == expected.rows);
  REQUIRE(client.Of<Pet>().Query().Count() == expected.pets);
}

class Play {
 public:
  explicit Play(const Db& client) : client_(client) {
    client.Of<Card>().Use([this](Mutation<Card>& m, Next<Card> next) { return Outer(m, next); },
                          [this](Mutation<Card>& m, Next<Card> next) { return Inner(m, next); });
    client.Of<Pet>().Use(grapnel::hook::Before([this](Mutation<Pet>& m) {
      Act(m);
      MaybeThrow();
    }));
  }

  /// One transaction from its beginning to its end.
  void Run(unsigned seed) {
    random_.seed(seed);
    budget_ = 60;
    rolled_back_.clear();
    ran_after_commit_.clear();
    ran_after_rollback_.clear();
    now_ = State{now_.rows, now_.pets, {}, {}};
    if (Roll(4) == 0) {
      Whole([&] { Mutate(client_); });
    } else {
      Transact(client_);
    }
    std::sort(rolled_back_.begin(), rolled_back_.end());
    std::sort(ran_after_rollback_.begin(), ran_after_rollback_.end());
    REQUIRE(ran_after_commit_ == now_.due);
    REQUIRE(ran_after_rollback_ == rolled_back_);
    Compare(client_, now_);
    committed_ += !now_.due.empty();
    undone_ += !rolled_back_.empty();
  }

  const Rows& Expected() const { return now_.rows; }
  int Committed() const { return committed_; }
  int Undone() const { return undone_; }
  int Retried() const { return retried_; }
  int Deepest() const { return deepest_; }

 private:
  int Roll(int sides) { return static_cast<int>(random_() % static_cast<unsigned>(sides)); }
  void MaybeThrow() {
    if (Roll(6) == 0) throw Boom{};
  }

  void GoBackTo(const State& before) {
    const auto kept = static_cast<std::ptrdiff_t>(before.undo.size());
    rolled_back_.insert(rolled_back_.end(), now_.undo.begin() + kept, now_.undo.end());
    now_ = before;
  }
  /// Runs what happens whole or not at all. Returns whether it happened.
  template <class Body>
  bool Whole(Body body) {
    const State before = now_;
    try {
      body();
      return true;
    } catch (const Boom&) {
    } catch (const ConstraintError&) {
    }
    GoBackTo(before);
    return false;
  }

  void Mutate(const grapnel::Client& client) {
    if (Roll(4) == 0) {
      AddPetOf(client, 1);
      ++now_.pets;
      return;
    }
    const std::string number(1, static_cast<char>('a' + Roll(8)));
    const std::string name = std::to_string(++last_);
    targets_.push_back(number);
    struct Pop {
      std::vector<std::string>& targets;
      ~Pop() { targets.pop_back(); }
    } pop{targets_};
    const auto cards = client.Of<Card>();
    switch (Roll(4)) {
      case 0:
        cards.Update().Where(F<&Card::number> == number).Set(F<&Card::name>, name).Save();
        break;
      case 1:
        cards.Delete().Where(F<&Card::number> == number).Exec();
        break;
      default:
        cards.Create()
            .Set(F<&Card::number>, number)
            .Set(F<&Card::name>, name)
            .Set(F<&Card::in_hook>, "")
            .Save();
    }
  }

  grapnel::Value<Card> Outer(Mutation<Card>& m, Next<Card> next) {
    Act(m);
    MaybeThrow();
    std::optional<grapnel::Value<Card>> value;
    while (!Whole([&] { value.emplace(next(m)); })) {
      Compare(m.Client(), now_);
      if (Roll(2) == 0) throw Boom{};
      ++retried_;
    }
    Act(m);
    MaybeThrow();
    return *value;
  }

  grapnel::Value<Card> Inner(Mutation<Card>& m, Next<Card> next) {
    Act(m);
    MaybeThrow();
    const std::string number = targets_.back();
    const bool there = now_.rows.count(number) != 0;
    auto value = next(m);
    if (m.Op() == Op::Create) {
      REQUIRE_FALSE(there);
      REQUIRE(value.Entity().number == number);
      now_.rows.emplace(number, *m.Get(F<&Card::name>));
    } else {
      REQUIRE(value.Count() == (there ? 1 : 0));
      if (m.Op() == Op::Delete) now_.rows.erase(number);
      if (m.Op() == Op::Update && there) now_.rows[number] = *m.Get(F<&Card::name>);
    }
    Act(m);
    MaybeThrow();
    return value;
  }

  void Transact(const grapnel::Client& client) {
    if (Roll(2) == 0) {
      Whole([&] {
        client.WithTx([&](Tx& tx) {
          Act(tx);
          MaybeThrow();
        });
      });
      return;
    }
    const State before = now_;
    Tx tx = client.Tx();
    const bool whole = Whole([&] { Act(tx); });
    const int end = Roll(3);
    if (whole && end == 0) return tx.Commit();
    if (end == 1) tx.Rollback();
    GoBackTo(before);  // the rest rolls back with its scope
  }

  /// A few things at random, in a transaction or in a hook.
  template <class Place>
  void Act(Place& place) {
    if (depth_ == 6) return;
    deepest_ = std::max(deepest_, ++depth_);
    struct Leave {
      int& depth;
      ~Leave() { --depth; }
    } leave{depth_};
    for (int left = Roll(depth_ == 1 ? 6 : 3); left > 0 && budget_ > 0; --left, --budget_) {
      switch (Roll(7)) {
        case 0:
          Mutate(place.Client());
          break;
        case 1:
        case 2:
          Whole([&] { Mutate(place.Client()); });
          break;
        case 3:
          Transact(place.Client());
          break;
        case 4:
          place.AfterCommit([this, id = ++last_] { ran_after_commit_.push_back(id); });
          now_.due.push_back(last_);
          break;
        case 5:
          place.AfterRollback([this, id = ++last_] { ran_after_rollback_.push_back(id); });
          now_.undo.push_back(last_);
          break;
        default:
          Compare(place.Client(), now_);
          REQUIRE(ran_after_commit_.empty());
          REQUIRE(ran_after_rollback_.empty());
      }
    }
  }

  const Db& client_;
  std::mt19937 random_{};
  State now_{};
  std::vector<std::string> targets_{};  // of the mutations that run, innermost last
  std::vector<int> rolled_back_{}, ran_after_commit_{}, ran_after_rollback_{};
  int last_ = 0, depth_ = 0, budget_ = 0;
  int committed_ = 0, undone_ = 0, retried_ = 0, deepest_ = 0;
};

}  // namespace

TEST_CASE("rules 2 and 3: random nesting, failures and retries agree with a model") {
  const auto place = GENERATE(Place::Memory, Place::File);
  World world{place};
  Play play(world.client);
  const unsigned rounds = place == Place::Memory ? 600 : 80;
  for (unsigned seed = 1; seed <= rounds; ++seed) {
    INFO("seed " << seed);
    play.Run(seed);
  }
  if (place == Place::File) {
    REQUIRE(world.Raw("SELECT number FROM Card").size() == play.Expected().size());
  }
  // That the play was worth it: much was kept, much undone, and hooks ran inside one another.
  REQUIRE(play.Committed() > static_cast<int>(rounds) / 10);
  REQUIRE(play.Undone() > static_cast<int>(rounds) / 10);
  REQUIRE(play.Retried() > static_cast<int>(rounds) / 10);
  REQUIRE(play.Deepest() == 6);
}
