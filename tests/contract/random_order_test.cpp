// B1, B3, B8, B10, B11, B13, B15 at once: random lists of hooks, whose logs a model foretells.
#include "contract/fixture.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"

#include <random>

namespace {

using namespace grapnel::hook;
using grapnel::F;
using grapnel::Op;
using model::User;

enum class Form { Before, Around, Ent, After, Chained, Retrying };
enum class Deed { Pass, Throw, ThrowLate, Suppress };

struct Spec {
  int id;
  Form form;
  Deed deed;
  Op mask;
};

struct Failure {
  int id;
};

// ---- The model: what a list of hooks does ----

struct Expected {
  Lines log{};
  bool wrote = false;
  int failed = 0;  // the hook that threw; 0: none
};

void Foretell(const std::vector<Spec>& hooks, std::size_t at, Op op, Expected& e) {
  if (at == hooks.size()) {
    e.log.push_back("SQL");
    e.wrote = true;
    return;
  }
  const Spec& hook = hooks[at];
  const std::string id = std::to_string(hook.id);
  const auto rest = [&] { Foretell(hooks, at + 1, op, e); };
  const auto fail = [&] {
    e.failed = hook.id;
    e.wrote = false;
  };
  if (!Is(op, hook.mask)) return rest();
  if (hook.form != Form::After) e.log.push_back("+" + id);
  if (hook.form == Form::Before) {
    return hook.deed == Deed::Throw ? fail() : rest();
  }
  if (hook.form == Form::After) {
    rest();
    if (e.failed == 0) e.log.push_back("-" + id);
    return;
  }
  if (hook.form == Form::Chained) e.log.push_back("chained");
  if (hook.deed == Deed::Throw) return fail();
  if (hook.deed == Deed::Suppress) return;
  rest();
  if (e.failed != 0 && hook.form == Form::Retrying) {
    e.log.push_back("again");
    e.failed = 0;
    rest();
  }
  if (e.failed != 0) return;
  e.log.push_back("-" + id);
  if (hook.deed == Deed::ThrowLate) fail();
}

// ---- The hooks themselves ----

template <class E, class Rest>
grapnel::Value<E> Behave(const Spec& spec, Lines& log, grapnel::Mutation<E>& m, Rest rest) {
  const std::string id = std::to_string(spec.id);
  log.push_back(spec.form == Form::Chained ? "chained" : "+" + id);
  if (spec.deed == Deed::Throw) throw Failure{spec.id};
  if (spec.deed == Deed::Suppress) {
    if (Is(m.Op(), Op::Create | Op::UpdateOne)) return E{};
    return 0;
  }
  grapnel::Value<E> value = rest(m);
  log.push_back("-" + id);
  if (spec.deed == Deed::ThrowLate) throw Failure{spec.id};
  return value;
}

auto Around(Spec spec, Lines& log) {
  return [spec, &log]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    return Behave(spec, log, m, next);
  };
}

auto Retrying(Spec spec, Lines& log) {
  return [spec, &log]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    return Behave(spec, log, m, [&](grapnel::Mutation<E>& inner) {
      try {
        return next(inner);
      } catch (const Failure&) {
        log.push_back("again");
        return next(inner);
      }
    });
  };
}

auto Ent(Spec spec, Lines& log) {
  return [spec, &log]<class E>(grapnel::Mutator<E> next) -> grapnel::Mutator<E> {
    return [spec, &log, next](grapnel::Mutation<E>& m) { return Behave(spec, log, m, next); };
  };
}

auto JustBefore(Spec spec, Lines& log) {
  return Before([spec, &log](const auto&) {
    log.push_back("+" + std::to_string(spec.id));
    if (spec.deed == Deed::Throw) throw Failure{spec.id};
  });
}

auto JustAfter(Spec spec, Lines& log) {
  return After([spec, &log](const auto&, auto&) { log.push_back("-" + std::to_string(spec.id)); });
}

/// Registers the hook that `spec` describes by `use(hook)`.
template <class Use>
auto Register(const Spec& spec, Lines& log, Use use) {
  const auto masked = [&](auto hook) {
    return spec.id % 2 == 0 ? use(On(hook, spec.mask)) : use(If(hook, HasOp(spec.mask)));
  };
  switch (spec.form) {
    case Form::Before:
      return masked(JustBefore(spec, log));
    case Form::Around:
      return masked(Around(spec, log));
    case Form::Ent:
      return masked(Ent(spec, log));
    case Form::After:
      return masked(JustAfter(spec, log));
    case Form::Retrying:
      return masked(Retrying(spec, log));
    case Form::Chained:
      break;
  }
  return masked(Chain(Noted(log, "+" + std::to_string(spec.id)), Chain(Around(spec, log))));
}

// ---- The programs ----

class Program {
 public:
  explicit Program(unsigned seed) : random_(seed) {
    db_.client.Of<User>().CreateBulk(std::vector<User>(60, User{.name = "Eve"})).Save();
  }

  void Run() {
    for (int step = 0; step < 60; ++step) {
      if (hooks_.empty() || Below(4) == 0) {
        Add();
      } else if (hooks_.size() > 8 || Below(8) == 0) {
        Remove();
      } else if (Below(3) == 0) {
        db_.client.WithTx([&](grapnel::Tx& tx) { MutateIn(tx); });
      } else {
        Mutate(db_.client, hooks_);
      }
    }
  }

 private:
  unsigned Below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  Spec NewSpec() {
    const auto deed = Below(40);
    const Op mask = Below(2) == 0 ? grapnel::AnyOp : static_cast<Op>(Below(32));
    return {.id = ++last_id_,
            .form = static_cast<Form>(Below(6)),
            .deed = deed < 4 ? static_cast<Deed>(deed) : Deed::Pass,
            .mask = mask};
  }

  void Add() {
    const Spec spec = NewSpec();
    hooks_.push_back(spec);
    handles_.push_back(Register(spec, log_, [&](auto hook) {
      return Below(2) == 0 ? db_.client.Use(hook)
                           : db_.client.Of<User>().Use(grapnel::Hook<User>(hook));
    }));
  }

  void Remove() {
    const auto at = static_cast<std::ptrdiff_t>(Below(static_cast<unsigned>(hooks_.size())));
    handles_[static_cast<std::size_t>(at)].Remove();
    handles_.erase(handles_.begin() + at);
    hooks_.erase(hooks_.begin() + at);
  }

  void MutateIn(grapnel::Tx& tx) {
    auto all = hooks_;
    for (auto more = Below(3); more > 0; --more) {
      all.push_back(NewSpec());
      Register(all.back(), log_,
               [&](auto hook) { return tx.Of<User>().Use(grapnel::Hook<User>(hook)); });
    }
    Mutate(tx.Client(), all);
  }

  /// One mutation; compares the log, what was thrown and what the table holds with the model.
  void Mutate(const grapnel::Client& client, const std::vector<Spec>& hooks) {
    const Op ops[] = {Op::Create, Op::Update, Op::UpdateOne, Op::Delete, Op::DeleteOne};
    const Op op = ops[Below(5)];
    INFO(ToString(op) << " after " << last_id_ << " hooks were made");
    Expected expected;
    Foretell(hooks, 0, op, expected);
    auto [rows, worth] = Table(client);
    const auto first = client.Of<User>().Query().Order(Asc(F<&User::id>)).First();

    log_.clear();
    int failed = 0;
    try {
      Send(client.Debug([&](std::string_view sql) {
        const auto word = sql.substr(0, 6);
        if (word == "INSERT" || word == "UPDATE" || word == "DELETE") log_.push_back("SQL");
      }),
           op, first.id);
    } catch (const Failure& failure) {
      failed = failure.id;
    }
    CHECK(failed == expected.failed);
    CHECK(log_ == expected.log);

    if (expected.wrote) {
      if (op == Op::Update) worth += rows;
      if (op == Op::UpdateOne) ++worth;
      if (op == Op::Create) ++rows;
      if (Is(op, Op::Delete | Op::DeleteOne)) --rows, worth -= first.worth;
    }
    CHECK(Table(client) == std::pair(rows, worth));
  }

  static void Send(const grapnel::Client& client, Op op, std::int64_t id) {
    const auto users = client.Of<User>();
    switch (op) {
      case Op::Create:
        users.Create().Set(F<&User::name>, "Ada").Save();
        break;
      case Op::Update:
        users.Update().Add(F<&User::worth>, 1).Save();
        break;
      case Op::UpdateOne:
        users.UpdateOne(id).Add(F<&User::worth>, 1).Save();
        break;
      case Op::Delete:
        users.Delete().Where(F<&User::id> == id).Exec();
        break;
      case Op::DeleteOne:
        users.DeleteOne(id).Exec();
        break;
    }
  }

  /// How many users there are, and what they are worth.
  static std::pair<std::int64_t, std::int64_t> Table(const grapnel::Client& client) {
    std::int64_t rows = 0, worth = 0;
    for (const User& user : client.Of<User>().Query().All()) ++rows, worth += user.worth;
    return {rows, worth};
  }

  std::mt19937 random_;
  int last_id_ = 0;
  Lines log_;
  Fixture<User> db_;
  std::vector<Spec> hooks_;
  std::vector<grapnel::core::HookHandle> handles_;
};

TEST_CASE("B1 B3 B8 B10 B11 B13 B15 random lists of hooks do what a model foretells") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    Program(seed).Run();
  }
}

}  // namespace
