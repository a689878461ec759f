#pragma once

/// Runs random programs by Grapnel, on one database that is filled and read past it.

#include "contract/random_programs/program.hpp"
#include "contract/random_programs/raw_rows.hpp"
#include "contract/random_programs/schema.hpp"

#include <grapnel/grapnel.hpp>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/engine/engine.hpp"

namespace programs {

using grapnel::F;

/// What the act Throw throws.
struct Thrown {
  std::size_t hook;
};

// From numbers to what is stored, and back.

template <class E>
using IdOf = std::remove_cvref_t<decltype(std::declval<E&>().id)>;
template <class E>
inline constexpr Type kTypeOf = std::is_same_v<E, A> ? kA : kB;

template <class E>
IdOf<E> ToId(Key key) {
  if constexpr (std::is_same_v<E, A>) {
    return key;
  } else {
    return key == 0 ? "" : "k" + std::to_string(key);
  }
}
inline Key FromText(std::string_view text) {
  return text.empty() ? 0 : std::strtoll(std::string(text.substr(1)).c_str(), nullptr, 10);
}
inline Key FromId(std::int64_t id) { return id; }
inline Key FromId(const std::string& id) { return FromText(id); }
template <class T>
Key FromId(const std::optional<T>& id) {
  return id ? FromId(*id) : 0;
}
template <class E>
std::vector<IdOf<E>> ToIds(const std::vector<Key>& keys) {
  std::vector<IdOf<E>> ids;
  for (const Key key : keys) ids.push_back(ToId<E>(key));
  return ids;
}

template <class E>
Row ToRow(const E& entity) {
  Row row;
  row.id = FromId(entity.id);
  row.cells[kName] = FromText(entity.name);
  row.cells[kNote] = FromText(entity.note.value_or(""));
  row.cells[kCount] = entity.count;
  row.cells[kStamp] = entity.stamp;
  if constexpr (std::is_same_v<E, A>) {
    row.cells[kParent] = FromId(entity.parent.ID());
    row.cells[kBadge] = FromId(entity.badge.ID());
  } else {
    row.cells[kOwner] = FromId(entity.owner.ID());
    row.cells[kIdol] = FromId(entity.idol.ID());
    row.cells[kWhole] = FromId(entity.whole.ID());
  }
  return row;
}

/// Calls `use(token, neighbour, many)` for one edge: a std::type_identity and a std::bool_constant.
template <class E, class Use>
void WithEdge(std::size_t at, Use use) {
  constexpr std::type_identity<A> a;
  constexpr std::type_identity<B> b;
  constexpr std::false_type one;
  constexpr std::true_type many;
  if constexpr (std::is_same_v<E, A>) {
    switch (at) {
      case 0:
        return use(F<&A::items>, b, many);
      case 1:
        return use(F<&A::fans>, b, many);
      case 2:
        return use(F<&A::parent>, a, one);
      case 3:
        return use(F<&A::children>, a, many);
      case 4:
        return use(F<&A::badge>, b, one);
      case 5:
        return use(F<&A::tags>, b, many);
      default:
        return use(F<&A::friends>, a, many);
    }
  } else {
    switch (at) {
      case 0:
        return use(F<&B::owner>, a, one);
      case 1:
        return use(F<&B::idol>, a, one);
      case 2:
        return use(F<&B::holder>, a, one);
      case 3:
        return use(F<&B::whole>, b, one);
      case 4:
        return use(F<&B::parts>, b, many);
      default:
        return use(F<&B::tagged>, a, many);
    }
  }
}
template <class E>
grapnel::store::Predicate<E> ToPredicate(const Where& where) {
  switch (where.what) {
    case Where::What::CountBelow:
      return F<&E::count> < where.value;
    case Where::What::NameIs:
      return F<&E::name> == "n" + std::to_string(where.value);
    case Where::What::NoteIsNull:
      return F<&E::note>.IsNull();
    case Where::What::HasEdge:
      break;
  }
  std::optional<grapnel::store::Predicate<E>> has;
  WithEdge<E>(static_cast<std::size_t>(where.value),
              [&](auto edge, auto, auto) { has = edge.Has(); });
  return *has;
}

/// Makes a change on a builder or a mutation, which has to have that call.
template <class E, class To>
void Apply(To& target, const Change& change) {
  using Do = Change::Do;
  const std::string text = std::to_string(change.value);
  // The builder is a parameter too, or calls that it lacks would be errors outside of templates.
  const auto call_field = [&](auto& to, auto field, auto value) {
    if constexpr (requires { to.Reset(field); }) {
      if (change.what == Do::Reset) return static_cast<void>(to.Reset(field));
    }
    if constexpr (std::is_same_v<decltype(value), std::int64_t> &&
                  requires { to.Add(field, value); }) {
      if (change.what == Do::Add) return static_cast<void>(to.Add(field, value));
    }
    if (change.what == Do::Set) return static_cast<void>(to.Set(field, value));
    throw std::logic_error("this builder cannot make this change");
  };
  const auto call_edge = [&]<class N, bool many>(auto& to, auto edge, std::type_identity<N>,
                                                 std::bool_constant<many>) {
    const auto ids = ToIds<N>(change.ids);
    switch (change.what) {
      case Do::SetEdge:
        if constexpr (many) {
          to.Set(edge, ids);
        } else {
          to.Set(edge, ids.at(0));
        }
        return;
      case Do::AddIDs:
        to.AddIDs(edge, ids);
        return;
      case Do::RemoveIDs:
        if constexpr (many && requires { to.ClearEdge(edge); }) {
          return static_cast<void>(to.RemoveIDs(edge, ids));
        }
        break;
      case Do::ClearEdge:
        if constexpr (requires { to.ClearEdge(edge); })
          return static_cast<void>(to.ClearEdge(edge));
        break;
      case Do::ResetEdge:
        if constexpr (requires { to.ResetEdge(edge); })
          return static_cast<void>(to.ResetEdge(edge));
        break;
      default:
        break;
    }
    throw std::logic_error("this builder cannot make this change");
  };
  if (change.IsOfEdge()) {
    return WithEdge<E>(change.at, [&](auto edge, auto neighbour, auto many) {
      call_edge(target, edge, neighbour, many);
    });
  }
  const auto on_field = [&](auto field, auto value) { call_field(target, field, value); };
  switch (change.at) {
    case kName:
      return on_field(F<&E::name>, "n" + text);
    case kCount:
      return on_field(F<&E::count>, change.value);
    case kStamp:
      return on_field(F<&E::stamp>, change.value);
    default:
      break;
  }
  if constexpr (requires { target.Clear(F<&E::note>); }) {
    if (change.what == Do::Clear) return static_cast<void>(target.Clear(F<&E::note>));
  }
  on_field(F<&E::note>, "t" + text);
}

/// The same by name.
inline void ApplyByName(grapnel::AnyMutation& to, const Change& change) {
  using Do = Change::Do;
  if (change.IsOfEdge()) {
    const Edge& edge = EdgeOf(to.Type() == "A" ? kA : kB, change.at);
    grapnel::AnyMutation::Ids ids;
    for (const Key key : change.ids) {
      edge.target == kA ? ids.emplace_back(key) : ids.emplace_back(ToId<B>(key));
    }
    switch (change.what) {
      case Do::SetEdge:
        to.ClearEdge(edge.name);
        return to.AddIDs(edge.name, std::move(ids));
      case Do::AddIDs:
        return to.AddIDs(edge.name, std::move(ids));
      case Do::RemoveIDs:
        return to.RemoveIDs(edge.name, std::move(ids));
      case Do::ClearEdge:
        return to.ClearEdge(edge.name);
      default:
        return to.ResetEdge(edge.name);
    }
  }
  constexpr std::string_view kNames[] = {"name", "note", "count", "stamp"};
  const std::string_view name = kNames[change.at];
  grapnel::FieldValue value = change.value;
  if (change.at == kName) value = "n" + std::to_string(change.value);
  if (change.at == kNote) value = "t" + std::to_string(change.value);
  switch (change.what) {
    case Do::Set:
      return to.SetField(name, value);
    case Do::Add:
      return to.AddField(name, value);
    case Do::Clear:
      return to.ClearField(name);
    default:
      return to.ResetField(name);
  }
}

/// Runs programs, one after the other.
class Runner {
 public:
  Runner() {
    client_.Migrate();
    raw_->Prepare();
  }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner() { raw_->Release(); }

  /// What came of each step.
  std::vector<Outcome> Run(const Program& program) {
    raw_->Fill(program.start);
    program_ = &program;
    handles_.resize(program.hooks.size());
    of_transaction_.assign(program.hooks.size(), nullptr);
    for (std::size_t i = 0; i < program.hooks.size(); ++i) {
      if (program.hooks[i].at_start) Use(i);
    }
    std::vector<Outcome> outcomes;
    for (const Step& step : program.steps) {
      Outcome& outcome = outcomes.emplace_back();
      events_ = &outcome.events;
      budget_ = kBudget;
      try {
        Do(step, outcome);
      } catch (...) {
        outcome.error = KindOfError();
        outcome.rows.clear();
        outcome.count = 0;
      }
      outcome.state = raw_->Read(Innermost());
    }
    while (!transactions_.empty()) transactions_.pop_back();
    for (auto& each : handles_) {
      for (auto& handle : each) handle.Remove();
    }
    handles_.clear();
    return outcomes;
  }

  /// How many writes hooks make during one step.
  static constexpr int kBudget = 6;

 private:
  static std::string KindOfError() {
    try {
      throw;
    } catch (const Thrown& thrown) {
      return "thrown by hook " + std::to_string(thrown.hook);
    } catch (const grapnel::StaleError&) {
      return "stale";
    } catch (const grapnel::NotFoundError&) {
      return "not found";
    } catch (const grapnel::ConstraintError& error) {
      return "constraint " + std::string(Name(error.Kind()));
    } catch (const grapnel::ValidationError&) {
      return "validation";
    } catch (const grapnel::TypeMismatchError&) {
      return "type mismatch";
    } catch (const grapnel::TxError& error) {
      return std::string("tx: ") + error.what();
    } catch (const grapnel::Error& error) {
      return typeid(error) == typeid(grapnel::Error) ? "error" : error.what();
    } catch (const std::exception& error) {
      return error.what();
    }
  }

  grapnel::Client Innermost() const {
    if (transactions_.empty()) return client_;
    return transactions_.back()->Client();
  }

  void Do(const Step& step, Outcome& outcome) {
    switch (step.what) {
      case Step::What::Write:
        return Perform(Innermost(), step.write, &outcome);
      case Step::What::Begin:
        transactions_.push_back(std::make_unique<grapnel::Tx>(Innermost().Tx()));
        return;
      case Step::What::Commit:
      case Step::What::Rollback: {
        if (transactions_.empty()) return;
        const auto tx = std::move(transactions_.back());
        transactions_.pop_back();
        for (std::size_t i = 0; i < handles_.size(); ++i) {
          if (of_transaction_[i] == tx.get()) handles_[i].clear();
        }
        step.what == Step::What::Commit ? tx->Commit() : tx->Rollback();
        return;
      }
      case Step::What::Use:
        return Use(step.hook);
      case Step::What::Remove:
        return Remove(step.hook);
    }
  }

  // The builders.

  void Perform(const grapnel::Client& client, const Write& write, Outcome* outcome) {
    write.type == kA ? Perform<A>(client, write, outcome) : Perform<B>(client, write, outcome);
  }
  template <class E>
  void Perform(const grapnel::Client& client, const Write& write, Outcome* outcome) {
    const auto entities = client.Of<E>();
    const auto keep = [&](const E& made) {
      if (outcome != nullptr) outcome->rows.push_back(ToRow(made));
    };
    const auto count = [&](std::int64_t rows) {
      if (outcome != nullptr) outcome->count = rows;
    };
    switch (write.what) {
      case Write::What::Create:
        return keep(Creation<E>(client, write).Save());
      case Write::What::UpdateOne:
        return keep(Filled<E>(entities.UpdateOne(ToId<E>(write.id)), write).Save());
      case Write::What::Update:
        return count(Filled<E>(entities.Update(), write).Save());
      case Write::What::DeleteOne:
        return Filled<E>(entities.DeleteOne(ToId<E>(write.id)), write).Exec();
      case Write::What::Delete:
        return count(Filled<E>(entities.Delete(), write).Exec());
      case Write::What::Bulk:
        for (const E& made : Bulk<E>(client, write)) keep(made);
    }
  }
  template <class E, class Builder>
  static Builder Filled(Builder builder, const Write& write) {
    if constexpr (requires { builder.Save(); }) {
      for (const Change& change : write.changes) Apply<E>(builder, change);
    }
    if constexpr (requires { builder.Where(ToPredicate<E>(Where())); }) {
      for (const Where& where : write.where) builder.Where(ToPredicate<E>(where));
    }
    return builder;
  }
  template <class E>
  static grapnel::store::Create<E> Creation(const grapnel::Client& client, const Write& write) {
    auto builder = Filled<E>(client.Of<E>().Create(), write);
    if constexpr (std::is_same_v<E, A>) {
      if (write.id != 0) builder.Set(F<&A::id>, ToId<A>(write.id));
    } else {
      if (write.id != 0) builder.Set(F<&B::id>, ToId<B>(write.id));
    }
    if (write.conflict == OnConflict::None) return builder;
    write.conflict_on_id ? builder.OnConflict(F<&E::id>) : builder.OnConflict(F<&E::name>);
    if (write.conflict == OnConflict::Ignore) builder.Ignore();
    if (write.conflict == OnConflict::UpdateNewValues || write.conflict == OnConflict::Both) {
      builder.UpdateNewValues();
    }
    if (write.conflict < OnConflict::Update) return builder;
    builder.Update([&](grapnel::Mutation<E>& m) {
      for (const Change& change : write.update) Apply<E>(m, change);
      for (const Where& where : write.update_where) m.Where(ToPredicate<E>(where));
    });
    return builder;
  }
  template <class E>
  static std::vector<E> Bulk(const grapnel::Client& client, const Write& write) {
    if (!write.entities) {
      std::vector<grapnel::store::Create<E>> rows;
      for (const Write& row : write.rows) rows.push_back(Creation<E>(client, row));
      return client.Of<E>().CreateBulk(std::move(rows)).Save();
    }
    std::vector<E> rows;
    for (const Write& row : write.rows) {
      E& entity = rows.emplace_back();
      entity.id = ToId<E>(row.id);
      for (const Change& change : row.changes) Assign(entity, change);
    }
    return client.Of<E>().CreateBulk(rows).Save();
  }
  template <class E>
  static void Assign(E& entity, const Change& change) {
    if (change.IsOfEdge()) {
      if constexpr (std::is_same_v<E, A>) {
        if (change.at == 2) entity.parent = grapnel::One<A>(ToId<A>(change.ids[0]));
        if (change.at == 4) entity.badge = grapnel::One<B>(ToId<B>(change.ids[0]));
      } else {
        if (change.at == 0) entity.owner = grapnel::One<A>(ToId<A>(change.ids[0]));
        if (change.at == 1) entity.idol = grapnel::One<A>(ToId<A>(change.ids[0]));
        if (change.at == 3) entity.whole = grapnel::One<B>(ToId<B>(change.ids[0]));
      }
      return;
    }
    const std::string text = std::to_string(change.value);
    switch (change.at) {
      case kName:
        entity.name = "n" + text;
        break;
      case kNote:
        entity.note = "t" + text;
        break;
      case kCount:
        entity.count = change.value;
        break;
      default:
        entity.stamp = change.value;
    }
  }

  // The hooks.

  template <class E>
  using Value = grapnel::Value<E>;

  /// Registers a hook, with the innermost transaction when there is one, or `always` with the
  /// client.
  void Use(std::size_t at, bool always = false) {
    const Hook& hook = program_->hooks[at];
    if (hook.dropped || !handles_[at].empty()) return;
    const auto around = [this, at]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
      return Around(at, m, next);
    };
    const auto before = grapnel::hook::Before([this, at](auto& m) { Before(at, m); });
    const auto after = grapnel::hook::After(
        [this, at]<class E>(const grapnel::Mutation<E>& m, Value<E>& v) { After(at, m, v); });
    const grapnel::AnyHook any(
        [this, at](grapnel::AnyMutation& m, grapnel::AnyNext next) { return Any(at, m, next); });
    const auto ent = [this, at]<class E>(std::type_identity<E>) {
      return [this, at](grapnel::Mutator<E> next) -> grapnel::Mutator<E> {
        return [this, at, next](grapnel::Mutation<E>& m) { return Around(at, m, next); };
      };
    };
    const auto use = [&]<class E>(const auto& of, std::type_identity<E> type) {
      const auto on = [&](auto h) { return of.Use(grapnel::hook::On(std::move(h), hook.mask)); };
      switch (hook.form) {
        case Hook::Form::Around:
          return on(around);
        case Hook::Form::Ent:
          return on(ent(type));
        case Hook::Form::Any:
          return on(any);
        case Hook::Form::Before:
          return on(before);
        case Hook::Form::After:
          break;
      }
      return on(after);
    };
    auto& handles = handles_[at];
    of_transaction_[at] = nullptr;
    constexpr std::type_identity<A> a;
    constexpr std::type_identity<B> b;
    if (!transactions_.empty() && !always) {
      const grapnel::Tx& tx = *transactions_.back();
      of_transaction_[at] = &tx;
      if (hook.IsOf(kA)) handles.push_back(use(tx.Of<A>(), a));
      if (hook.IsOf(kB)) handles.push_back(use(tx.Of<B>(), b));
    } else if (hook.on == Hook::On::Both && hook.form != Hook::Form::Ent) {
      const auto on = [&](auto h) {
        return client_.Use(grapnel::hook::On(std::move(h), hook.mask));
      };
      handles.push_back(hook.form == Hook::Form::Around   ? on(around)
                        : hook.form == Hook::Form::Any    ? on(any)
                        : hook.form == Hook::Form::Before ? on(before)
                                                          : on(after));
    } else {
      if (hook.IsOf(kA)) handles.push_back(use(client_.Of<A>(), a));
      if (hook.IsOf(kB)) handles.push_back(use(client_.Of<B>(), b));
    }
  }

  void Remove(std::size_t at) {
    for (auto& handle : handles_[at]) handle.Remove();
    handles_[at].clear();
  }

  template <class E, class Rest>
  Value<E> Around(std::size_t at, grapnel::Mutation<E>& m, const Rest& next) {
    const Hook& hook = program_->hooks[at];
    Before(at, m);
    Value<E> value = -1;
    switch (hook.then) {
      case Hook::Then::Next:
        value = next(m);
        break;
      case Hook::Then::Skip:
        value = Substitute(m);
        break;
      case Hook::Then::Swallow:
        try {
          value = next(m);
        } catch (...) {
          Note(at, Event::When::Failed, m);
          value = Substitute(m);
        }
        break;
      case Hook::Then::Retry:
        try {
          value = next(m);
        } catch (...) {
          Note(at, Event::When::Failed, m);
          value = next(m);
        }
        break;
      case Hook::Then::Again:
        if (grapnel::Is(m.Op(), Op::Delete | Op::DeleteOne) && --budget_ >= 0) {
          m.SetOp(m.Op() == Op::Delete ? Op::Update : Op::UpdateOne);
          value = m.Client().Mutate(m);
        } else {
          value = next(m);
        }
    }
    After(at, m, value);
    return value;
  }
  template <class E>
  static Value<E> Substitute(const grapnel::Mutation<E>& m) {
    if (!grapnel::Is(m.Op(), Op::Create | Op::UpdateOne)) return -1;
    E entity{};
    entity.id = ToId<E>(77);
    return entity;
  }

  template <class M>
  void Before(std::size_t at, M& m) {
    Look(at, Event::When::Before, m);
    for (const Act& act : program_->hooks[at].before) Do(act, at, m);
  }
  template <class E>
  void After(std::size_t at, const grapnel::Mutation<E>& m, Value<E>& value) {
    Event& event = Look(at, Event::When::After, m);
    event.count = value.HasEntity() ? 0 : value.Count();
    if (value.HasEntity()) event.row = ToRow(value.Entity());
    for (const Act& act : program_->hooks[at].after) {
      if (act.what == Act::What::Replace && grapnel::Is(m.Op(), act.when)) {
        value = Substitute(m);
      } else {
        Do(act, at, m);
      }
    }
  }
  grapnel::AnyValue Any(std::size_t at, grapnel::AnyMutation& m, grapnel::AnyNext next) {
    const Hook& hook = program_->hooks[at];
    Before(at, m);
    if (hook.then == Hook::Then::Skip) return -1;
    const grapnel::AnyValue value = next(m);
    Event& event = Look(at, Event::When::After, m);
    event.count = value.HasEntity() ? 0 : value.Count();
    if (value.HasEntity()) {
      event.row.cells[kCount] = *value.Field("count").As<std::int64_t>();
      event.row.cells[kStamp] = *value.Field("stamp").As<std::int64_t>();
      event.row.cells[kName] = FromText(*value.Field("name").As<std::string>());
    }
    for (const Act& act : hook.after) Do(act, at, std::as_const(m));
    return value;
  }

  template <class M>
  void Do(const Act& act, std::size_t at, M& m) {
    if (!grapnel::Is(m.Op(), act.when)) return;
    switch (act.what) {
      case Act::What::Throw:
        throw Thrown{at};
      case Act::What::Write:
        if (--budget_ >= 0) Perform(m.Client(), act.writes.at(0), nullptr);
        return;
      case Act::What::TryWrite:
        if (--budget_ < 0) return;
        try {
          Perform(m.Client(), act.writes.at(0), nullptr);
        } catch (...) {
          Note(at, Event::When::TryFailed, m);
        }
        return;
      case Act::What::TxWrite: {
        if (--budget_ < 0) return;
        auto tx = m.Client().Tx();
        Perform(tx.Client(), act.writes.at(0), nullptr);
        if (!act.fails) tx.Commit();
        return;
      }
      case Act::What::Use:
        return Use(act.hook, true);
      case Act::What::Remove:
        return Remove(act.hook);
      case Act::What::Replace:
        return;
      default:
        break;
    }
    if constexpr (!std::is_const_v<M>) Alter(act, m);
  }
  template <class E>
  static void Alter(const Act& act, grapnel::Mutation<E>& m) {
    if (act.what == Act::What::Change) programs::Apply<E>(m, act.change);
    if (act.what == Act::What::Narrow) m.Where(ToPredicate<E>(act.where));
    if (act.what == Act::What::SetOp) m.SetOp(act.to);
  }
  static void Alter(const Act& act, grapnel::AnyMutation& m) {
    if (act.what == Act::What::Change) ApplyByName(m, act.change);
    if (act.what == Act::What::SetOp) m.SetOp(act.to);
  }

  // What they saw.

  Event& Note(std::size_t at, Event::When when, const grapnel::AnyMutation& m) {
    Event& event = events_->emplace_back();
    event.hook = at;
    event.when = when;
    event.type = m.Type() == "A" ? kA : kB;
    event.op = m.Op();
    event.cause = static_cast<std::uint8_t>(m.Cause());
    event.outcome = m.Conflict() == nullptr ? 9 : static_cast<std::uint8_t>(m.Conflict()->outcome);
    return event;
  }
  template <class M>
  Event& Look(std::size_t at, Event::When when, const M& m) {
    const Hook& hook = program_->hooks[at];
    Event event = Note(at, when, m);
    events_->pop_back();  // what follows may throw
    event.set = Bits(m.Fields());
    event.added = Bits(m.AddedFields());
    event.cleared = Bits(m.ClearedFields());
    event.edges_added = EdgeBits(event.type, m.AddedEdges());
    event.edges_removed = EdgeBits(event.type, m.RemovedEdges());
    event.edges_cleared = EdgeBits(event.type, m.ClearedEdges());
    if (hook.ids) event.ids = Keys(m.IDs());
    if constexpr (!std::is_same_v<M, grapnel::AnyMutation>) {
      if (hook.old_rows) {
        for (const auto& row : m.OldRows()) event.old_rows.push_back(ToRow(row));
        std::sort(event.old_rows.begin(), event.old_rows.end(),
                  [](const Row& one, const Row& other) { return one.id < other.id; });
      }
    }
    return events_->emplace_back(std::move(event));
  }
  static std::uint32_t Bits(const grapnel::AnyMutation::Names& names) {
    std::uint32_t bits = 0;
    for (const std::string_view name : names) {
      bits |= name == "id"      ? 16U
              : name == "name"  ? 1U
              : name == "note"  ? 2U
              : name == "count" ? 4U
              : name == "stamp" ? 8U
                                : 32U;
    }
    return bits;
  }
  static std::uint32_t EdgeBits(Type type, const grapnel::AnyMutation::Names& names) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < kEdgeCount[type]; ++i) {
      const bool named = std::find(names.begin(), names.end(), EdgeOf(type, i).name) != names.end();
      if (named) bits |= 1U << i;
    }
    return bits;
  }
  template <class Ids>
  static std::vector<Key> Keys(const Ids& ids) {
    std::vector<Key> keys;
    for (const auto& id : ids) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(id)>, grapnel::FieldValue>) {
        const auto* number = id.template As<std::int64_t>();
        keys.push_back(number != nullptr ? *number : FromText(*id.template As<std::string>()));
      } else {
        keys.push_back(FromId(id));
      }
    }
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  std::unique_ptr<RawRows> raw_ = RawRows::Of(engine::Current());
  grapnel::Database<A, B> client_ = engine::Open<A, B>(raw_->Where());
  const Program* program_ = nullptr;
  std::vector<std::unique_ptr<grapnel::Tx>> transactions_;
  std::vector<std::vector<grapnel::core::HookHandle>> handles_;  // of each hook
  std::vector<const grapnel::Tx*> of_transaction_;               // with which each is registered
  std::vector<Event>* events_ = nullptr;
  int budget_ = 0;
};

}  // namespace programs
