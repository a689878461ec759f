// B10, B11, B56, B71 at once: hooks that write, nest, fail and try again at random, beside a shadow
// that knows what must be left.
#include "contract/fixture.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <random>

namespace {

using namespace grapnel::hook;
using grapnel::F;
using grapnel::Op;
using model::Card;
using model::User;

struct Failure {};

/// What the database and the queue of AfterCommit callbacks must hold.
struct Shadow {
  std::map<std::string, std::int64_t> users{};  // name and worth
  std::vector<std::string> cards{};
  std::vector<int> callbacks{};
};

/// What a mutation does to the shadow: when its innermost hook says so, or after all, which leaves
/// the mutation without hooks now and then.
struct Effect {
  std::function<void(const std::string& created)> apply;
  bool by_hook;
};

class Chaos {
 public:
  explicit Chaos(unsigned seed) : random_(seed) {
    const auto sometimes = [this](const auto&) { return Chance(50); };
    const auto users = db_.client.Of<User>();
    users.Use(If(Before([this](grapnel::Mutation<User>& m) { Act(m); }), sometimes));
    for (int i = 0; i < 3; ++i) {
      users.Use(If(
          [this](grapnel::Mutation<User>& m, grapnel::Next<User> next) { return Around(m, next); },
          sometimes));
    }
    users.Use(If(After([](const grapnel::Mutation<User>& m, grapnel::Value<User>& value) {
                   EffectOf(m).apply(value.HasEntity() ? value.Entity().name : "");
                 }),
                 [](const grapnel::Mutation<User>& m) { return EffectOf(m).by_hook; }));
  }

  /// One mutation, or one transaction of several; then looks at what is left of it.
  void Round() {
    budget_ = 40;
    log_.clear();
    registered_.clear();
    shadow_.callbacks.clear();
    if (Chance(50)) {
      Attempt([&] { Mutate(db_.client); });
    } else {
      Attempt([&] {
        auto tx = db_.client.Tx();
        Act(tx);
        Chance(75) ? tx.Commit() : throw Failure{};
      });
    }

    Lines users;
    for (const auto& [name, worth] : shadow_.users) {
      users.push_back(name + "|" + std::to_string(worth));
    }
    CHECK(db_.Raw("SELECT name, worth FROM User ORDER BY name") == users);
    auto cards = shadow_.cards;
    std::sort(cards.begin(), cards.end());
    CHECK(db_.Raw("SELECT number FROM Card ORDER BY number") == cards);

    // Each pair of callbacks has run once: AfterCommit in its order, or AfterRollback.
    std::vector<int> committed, ended;
    for (const int id : log_) {
      if (id > 0) committed.push_back(id);
      ended.push_back(std::abs(id));
    }
    CHECK(committed == shadow_.callbacks);
    std::sort(ended.begin(), ended.end());
    CHECK(ended == registered_);
  }

  int Failures() const { return failures_; }
  int Retries() const { return retries_; }

 private:
  bool Chance(unsigned percent) { return random_() % 100 < percent; }
  std::string NewName() { return std::to_string(1'000'000 + ++names_); }

  /// Runs what may fail; then nothing must be left of it.
  template <class Body>
  bool Attempt(Body body) {
    const Shadow before = shadow_;
    try {
      body();
      return true;
    } catch (const Failure&) {
      ++failures_;
    } catch (const grapnel::ConstraintError&) {
      ++failures_;
    } catch (const grapnel::NotFoundError&) {  // a hook deleted the row that was to be updated
      ++failures_;
    }
    shadow_ = before;
    return false;
  }

  /// A hook that goes on once it did something, tries again what failed, or suppresses it.
  grapnel::Value<User> Around(grapnel::Mutation<User>& m, grapnel::Next<User> next) {
    Act(m);
    if (Chance(5)) return Suppressed(m);
    std::optional<grapnel::Value<User>> value;
    while (!Attempt([&] { value = next(m); })) {
      if (Chance(30)) throw Failure{};
      ++retries_;
    }
    if (EffectOf(m).by_hook && Chance(30)) Act(m);
    if (Chance(15)) throw Failure{};
    return *value;
  }

  static const Effect& EffectOf(const grapnel::Mutation<User>& m) {
    return *m.Context().Get<Effect>();
  }

  static grapnel::Value<User> Suppressed(const grapnel::Mutation<User>& m) {
    if (Is(m.Op(), Op::Create | Op::UpdateOne)) return User{.id = -1, .name = "suppressed"};
    return -1;
  }

  /// A few steps inside of a transaction or mutation; may fail.
  template <class Place>
  void Act(Place& place) {
    for (auto steps = random_() % 4; steps > 0 && budget_ > 0; --steps, --budget_) {
      const int id = static_cast<int>(registered_.size()) + 1;
      switch (random_() % 8) {
        case 0:
        case 1: {
          WriteCard(place.Client(), NewName());
          break;
        }
        case 2: {
          registered_.push_back(id);
          place.AfterCommit([this, id] { log_.push_back(id); });
          place.AfterRollback([this, id] { log_.push_back(-id); });
          shadow_.callbacks.push_back(id);
          break;
        }
        case 3: {  // refused by the database
          if (!shadow_.cards.empty()) Attempt([&] { WriteCard(place.Client(), shadow_.cards[0]); });
          break;
        }
        case 4: {
          Attempt([&] { place.Client().WithTx([&](grapnel::Tx& nested) { Act(nested); }); });
          break;
        }
        case 5: {
          Attempt([&] {
            auto nested = place.Client().Tx();
            Act(nested);
            if (Chance(50)) throw Failure{};  // the nested one is left open
            nested.Commit();
          });
          break;
        }
        case 6: {
          Attempt([&] { Mutate(place.Client()); });
          break;
        }
        default: {
          if (Chance(30)) throw Failure{};
          Mutate(place.Client());
        }
      }
    }
  }

  void WriteCard(const grapnel::Client& client, const std::string& number) {
    client.Of<Card>().Create().Set(F<&Card::number>, number).Set(F<&Card::in_hook>, "").Save();
    shadow_.cards.push_back(number);
  }

  /// One mutation of users, through the hooks.
  void Mutate(const grapnel::Client& client) {
    const auto w = F<&User::worth>;
    bool by_hook = Chance(60);
    std::string target;  // of the row that is deleted or updated
    const auto with = [&](auto apply) { return client.With(Effect{apply, by_hook}).Of<User>(); };
    const auto unless_done = [&](std::int64_t result, auto apply) {
      if (!by_hook && result != -1) apply("");
    };
    const auto create = [this](const std::string& name) { shadow_.users[name] = 0; };
    const auto richer = [this](const std::string&) {
      for (auto& user : shadow_.users) ++user.second;
    };
    const auto remove = [&](const std::string&) { shadow_.users.erase(target); };
    const auto reward = [&](const std::string&) { shadow_.users[target] += 10; };
    if (!shadow_.users.empty()) target = shadow_.users.begin()->first;

    switch (random_() % 6) {
      case 0:
      case 1: {
        const auto name = NewName();
        const auto made = with(create).Create().Set(F<&User::name>, name).Save();
        unless_done(made.id, [&](auto) { create(name); });
        break;
      }
      case 2: {
        by_hook = true;  // later rows' hooks see the earlier rows
        std::vector<User> rows;
        for (auto n = random_() % 4; n > 0; --n) rows.push_back(User{.name = NewName()});
        with(create).CreateBulk(rows).Save();
        break;
      }
      case 3: {
        unless_done(with(richer).Update().Add(w, 1).Save(), richer);
        break;
      }
      case 4: {
        unless_done(with(remove).Delete().Where(F<&User::name> == target).Exec(), remove);
        break;
      }
      default: {
        if (target.empty()) break;
        const auto id = client.Of<User>().Query().Where(F<&User::name> == target).Only().id;
        const auto same = F<&User::name> == target;  // the id may be another row's by now
        unless_done(with(reward).UpdateOne(id).Where(same).Add(w, 10).Save().id, reward);
      }
    }
  }

  std::mt19937 random_;
  Fixture<User, Card> db_;
  Shadow shadow_;
  std::vector<int> log_, registered_;
  int names_ = 0, budget_ = 0, failures_ = 0, retries_ = 0;
};

TEST_CASE("B10 B11 B56 B71 at random: what failed has left nothing, what succeeded is all there") {
  int failures = 0, retries = 0;
  for (unsigned seed = 1; seed <= 15; ++seed) {
    INFO("seed " << seed);
    Chaos chaos(seed);
    for (int round = 0; round < 25; ++round) {
      INFO("round " << round);
      chaos.Round();
    }
    failures += chaos.Failures();
    retries += chaos.Retries();
  }
  CHECK(failures > 500);  // or the test tests nothing
  CHECK(retries > 100);
}

}  // namespace
