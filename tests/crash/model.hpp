#pragma once

/// Things that writers change at random, and a journal that tells what has become of them: written
/// in the same transactions, but not by the outbox.

#include <grapnel/extras/outbox.hpp>
#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "crash/processes.hpp"
#include "support/engine/engine.hpp"

namespace crash {

namespace outbox = grapnel::extras::outbox;
using grapnel::F;

/// One of the things that are there. Of a slot there is one at most; its versions are 1, 2, 3 ...
/// and go on where a new one takes the place of one that was deleted.
struct Thing {
  std::int64_t id = 0;
  std::int64_t slot = 0;
  std::int64_t version = 0;
  std::string text{};
};

/// What became of a slot. Two writers that make the same version of it are in each other's way.
struct Entry {
  std::int64_t id = 0;
  std::int64_t slot = 0;
  std::int64_t version = 0;
  std::string said{};  // what each sink is to be told
};

/// What an event has caused in a database.
struct Effect {
  std::int64_t id = 0;
  std::int64_t event = 0;
  std::int64_t seq = 0;
  std::string said{};
};

}  // namespace crash

template <>
struct grapnel::Schema<crash::Thing> {
  using Thing = crash::Thing;
  static constexpr std::string_view Type = "Thing";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Thing::slot>("slot").Unique(), Field<&Thing::version>("version"),
                           Field<&Thing::text>("text"));
  }
};
template <>
struct grapnel::Schema<crash::Entry> {
  using Entry = crash::Entry;
  static constexpr std::string_view Type = "Entry";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Entry::slot>("slot"), Field<&Entry::version>("version"),
                           Field<&Entry::said>("said"));
  }
  static constexpr auto Indexes() {
    return grapnel::Indexes(Index<&Entry::slot, &Entry::version>().Unique());
  }
};

template <>
struct grapnel::Schema<crash::Effect> {
  using Effect = crash::Effect;
  static constexpr std::string_view Type = "Effect";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Effect::event>("event"), Field<&Effect::seq>("seq"),
                           Field<&Effect::said>("said"));
  }
};

namespace crash {

using Db = grapnel::Database<Thing, Entry, Effect, outbox::Event, outbox::Lane>;

inline Db OpenAt(const std::string& where) {
  return engine::Open<Thing, Entry, Effect, outbox::Event, outbox::Lane>(where);
}

inline void Cause(grapnel::Tx& tx, const outbox::Event& event) {
  tx.Of<Effect>().Create({.event = event.id, .seq = event.seq, .said = event.payload}).Save();
}

inline const std::vector<std::string> kSinks{"left", "right"};

inline std::string Said(std::int64_t slot, std::int64_t version, const std::string& text) {
  return fmt::format("{}:{}:{}", slot, version, text);
}

/// As it is to be done.
inline auto Publisher() {
  return outbox::Publish<Thing>("thing")
      .To(kSinks[0], kSinks[1])
      .Key([](const auto& change) { return (change.New() ? change.New() : change.Old())->slot; })
      .Payload([](const outbox::Change<Thing>& change) {
        if (const Thing* now = change.New()) return Said(now->slot, now->version, now->text);
        return Said(change.Old()->slot, change.Old()->version + 1, "gone");
      });
}

/// When the events are appended: in the transaction that they tell of, or, as it is not to be
/// done, in one of their own behind or before it.
enum class Appends { Within, Behind, Before };

/// Makes random transactions, several changes each, some in savepoints, some undone.
class Writer {
 public:
  /// It is there as long as anybody writes to the database.
  Writer(const Db& db, std::uint32_t seed, Appends appends)
      : client_(db), chance_(seed), appends_(appends) {
    if (appends_ == Appends::Within) db.Of<Thing>().Use(Publisher());
    db.Of<Thing>().Use([this](grapnel::Mutation<Thing>& m, grapnel::Next<Thing> next) {
      auto value = next(m);
      if (alone_ != nullptr) Note(m.Client(), *alone_);
      return value;
    });
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// From now on by this client of the database, and with chances as at the beginning.
  void Begin(grapnel::Client client, std::uint32_t seed) {
    client_ = std::move(client);
    chance_.seed(seed);
  }
  /// Returns: whether it is committed. Others may be in the way.
  bool Step() {
    last_.clear();
    const Plan plan = Make();
    try {
      if (appends_ == Appends::Before) Append(plan);
      if (plan.groups.size() == 1 && plan.alone) {
        const Noted noted(alone_, plan.groups.front().changes.front());
        Apply(client_, *alone_);
      } else {
        client_.WithTx([&](grapnel::Tx& tx) { Apply(tx, plan); });
      }
      for (const Group& group : plan.groups) {
        for (const Change& change : group.changes) {
          if (!group.undone) last_.push_back(Said(change.slot, change.version, change.text));
        }
      }
      if (appends_ == Appends::Behind) Append(plan);
      return true;
    } catch (const Undone&) {
    } catch (const Late&) {
    } catch (const grapnel::ConstraintError&) {
    } catch (const grapnel::NotFoundError&) {
    } catch (const grapnel::BusyError&) {
    }
    return false;
  }
  /// What the last step has committed, as the journal says it.
  const std::vector<std::string>& Last() const { return last_; }

 private:
  struct Undone {};
  struct Late {};  // another writer was faster
  struct Change {
    enum Kind { Create, Update, UpdateMany, Delete, DeleteMany } kind = Create;
    std::int64_t slot = 0, version = 0;
    std::string text{};
  };
  /// For the hook, as long as it lives.
  class Noted {
   public:
    Noted(const Change*& to, const Change& change) : to_(to) { to_ = &change; }
    Noted(const Noted&) = delete;
    Noted& operator=(const Noted&) = delete;
    ~Noted() { to_ = nullptr; }

   private:
    const Change*& to_;
  };
  struct Group {
    std::vector<Change> changes{};
    bool nested = false, undone = false;
  };
  struct Plan {
    std::vector<Group> groups{};
    bool alone = false, undone = false;
  };
  struct State {
    bool is_there = false;
    std::int64_t version = 0;
  };

  bool In(unsigned percent) { return Number() % 100 < percent; }
  std::uint32_t Number() { return static_cast<std::uint32_t>(chance_()) >> 4; }

  /// A few of them are changed often.
  std::int64_t AnySlot() { return In(60) ? Number() % 8 : Number() % 300; }

  State Now(std::int64_t slot) const {
    const auto last = client_.Of<Entry>()
                          .Query()
                          .Where(F<&Entry::slot> == slot)
                          .Order(grapnel::Desc(F<&Entry::version>))
                          .Limit(1)
                          .All();
    return {client_.Of<Thing>().Query().Where(F<&Thing::slot> == slot).Exist(),
            last.empty() ? 0 : last[0].version};
  }

  Change Any(std::map<std::int64_t, State>& states, bool alone) {
    Change change;
    change.slot = AnySlot();
    const auto at = states.find(change.slot);
    State& state = at != states.end() ? at->second : states[change.slot] = Now(change.slot);
    change.version = ++state.version;
    change.text = std::string(Number() % 200, static_cast<char>('a' + Number() % 26));
    if (state.is_there) {
      const bool goes = In(30), many = !alone && In(40);
      change.kind = goes ? (many ? Change::DeleteMany : Change::Delete)
                         : (many ? Change::UpdateMany : Change::Update);
      if (goes) change.text = "gone";
      state.is_there = !goes;
    } else {
      state.is_there = true;
    }
    return change;
  }

  Plan Make() {
    Plan plan;
    std::map<std::int64_t, State> states;
    plan.alone = In(40);
    plan.undone = !plan.alone && In(15);
    for (auto groups = plan.alone ? 1 : 1 + Number() % 3; groups > 0; --groups) {
      Group group;
      group.nested = !plan.alone && In(50);
      group.undone = group.nested && In(30);
      const auto before = states;
      for (auto changes = plan.alone ? 1 : 1 + Number() % 3; changes > 0; --changes) {
        group.changes.push_back(Any(states, plan.alone));
      }
      if (group.undone) states = before;
      plan.groups.push_back(std::move(group));
    }
    return plan;
  }

  void Apply(grapnel::Tx& tx, const Plan& plan) const {
    for (const Group& group : plan.groups) {
      const auto run = [&](grapnel::Tx& in) {
        for (const Change& change : group.changes) {
          Apply(in.Client(), change);
          Note(in.Client(), change);
        }
        if (group.undone) throw Undone();
      };
      try {
        group.nested ? tx.WithTx(run) : run(tx);
      } catch (const Undone&) {
      }
    }
    if (plan.undone) throw Undone();
  }
  static void Apply(const grapnel::Client& client, const Change& change) {
    const auto things = client.Of<Thing>();
    const auto is_it = F<&Thing::slot> == change.slot && F<&Thing::version> == change.version - 1;
    const auto one = [&](std::int64_t count) {
      if (count != 1) throw Late();
    };
    switch (change.kind) {
      case Change::Create:
        things.Create({.slot = change.slot, .version = change.version, .text = change.text}).Save();
        break;
      case Change::Update:
        things.UpdateOne(things.Query().Where(is_it).Only().id)
            .Set(F<&Thing::version>, change.version)
            .Set(F<&Thing::text>, change.text)
            .Save();
        break;
      case Change::UpdateMany:
        one(things.Update()
                .Where(is_it)
                .Add(F<&Thing::version>, 1)
                .Set(F<&Thing::text>, change.text)
                .Save());
        break;
      case Change::Delete:
        things.DeleteOne(things.Query().Where(is_it).Only().id).Exec();
        break;
      case Change::DeleteMany:
        one(things.Delete().Where(is_it).Exec());
        break;
    }
  }
  static void Note(const grapnel::Client& client, const Change& change) {
    client.Of<Entry>()
        .Create({.slot = change.slot,
                 .version = change.version,
                 .said = Said(change.slot, change.version, change.text)})
        .Save();
  }

  /// In a transaction of its own, a moment away from the other one.
  void Append(const Plan& plan) {
    std::this_thread::sleep_for(std::chrono::microseconds(Number() % 1000));
    client_.WithTx([&](grapnel::Tx& tx) {
      for (const Group& group : plan.groups) {
        if (group.undone) continue;
        for (const Change& change : group.changes) {
          for (const std::string& sink : kSinks) {
            outbox::Append(tx, sink, std::to_string(change.slot), "thing",
                           Said(change.slot, change.version, change.text));
          }
        }
      }
    });
    std::this_thread::sleep_for(std::chrono::microseconds(Number() % 1000));
  }

  grapnel::Client client_;
  Random chance_;
  Appends appends_;
  const Change* alone_ = nullptr;  // what the hook is to note
  std::vector<std::string> last_{};
};

}  // namespace crash
