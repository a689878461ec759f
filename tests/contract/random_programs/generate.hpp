#pragma once

/// Makes random programs of a seed.

#include "contract/random_programs/program.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <utility>
#include <vector>

namespace programs {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15U + 1) {}

  Program Make() {
    Program program;
    program.start = Start();
    hooks_ = Below(6);
    for (std::size_t i = 0; i < hooks_; ++i) program.hooks.push_back(AnyHook());
    for (auto n = 2 + Below(9); n > 0; --n) {
      program.steps.push_back(AnyStep(program));
      // Hooks of a transaction alone are rare enough.
      const bool begins = program.steps.back().what == Step::What::Begin;
      if (!begins || hooks_ == 0 || !Chance(50)) continue;
      program.steps.push_back({Step::What::Use, {}, Below(hooks_)});
    }
    return program;
  }

 private:
  using Do = Change::Do;
  static constexpr std::uint64_t kIds = 5, kNames = 8;

  std::uint64_t Next() {  // splitmix64
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  std::uint64_t Below(std::uint64_t bound) { return Next() % bound; }
  bool Chance(unsigned percent) { return Below(100) < percent; }
  Key Id() { return static_cast<Key>(1 + Below(kIds)); }
  std::int64_t Name() { return static_cast<std::int64_t>(1 + Below(kNames)); }
  std::int64_t Small() { return static_cast<std::int64_t>(Below(4)); }
  template <class T>
  T Pick(std::initializer_list<T> of) {
    return *(of.begin() + Below(of.size()));
  }
  Type AnyType() { return Chance(50) ? kA : kB; }
  std::size_t AnyEdge(Type type) { return Below(kEdgeCount[type]); }

  State Start() {
    State state;
    for (const Type type : {kA, kB}) {
      for (auto n = 1 + Below(5); n > 0; --n) {
        const Key id = Id();
        Row row{id, {}};
        // The names of what is there are other than those of what comes, but for some.
        row.cells = {id, Chance(50) ? 0 : Small(), Small(), Small(), 0, 0, 0};
        state.rows[type][id] = row;
      }
    }
    const auto refer = [&](Type holder, std::size_t cell, Type to, unsigned percent) {
      for (auto& [id, row] : state.rows[holder]) {
        const Key key = Id();
        if (Chance(percent) && state.rows[to].contains(key)) row.cells[cell] = key;
      }
    };
    refer(kA, kParent, kA, 60);
    refer(kB, kOwner, kA, 75);
    refer(kB, kIdol, kA, 60);
    refer(kB, kWhole, kB, 50);
    for (auto& [id, row] : state.rows[kA]) {
      if (Chance(40) && state.rows[kB].contains(id)) row.cells[kBadge] = id;  // each once
    }
    for (auto n = Below(3); n > 0; --n) {
      const Key one = Id(), other = Id(), friend_ = Id();
      if (!state.rows[kA].contains(one)) continue;
      if (state.rows[kB].contains(other)) state.pairs[0].emplace(one, other);
      if (!state.rows[kA].contains(friend_)) continue;
      state.pairs[1].emplace(one, friend_);
      state.pairs[1].emplace(friend_, one);
    }
    return state;
  }

  // Changes.

  Change OfField(bool creates) {
    const std::size_t at = Below(4);
    Change change{Do::Set, at, at == kName ? Name() : Small()};
    if (at == kNote) change.value = 1 + Small();
    if (creates) return change;
    if (at == kNote && Chance(50)) change = {Do::Clear, at};
    if (at >= kCount && Chance(50)) change.what = Do::Add;
    return change;
  }
  Change OfEdge(Type type, bool creates) {
    const std::size_t at = AnyEdge(type);
    const Edge& edge = EdgeOf(type, at);
    Change change{Pick({Do::SetEdge, Do::AddIDs}), at};
    const auto n = edge.many ? Below(4) : 1;
    for (std::uint64_t i = 0; i < n; ++i) change.ids.push_back(Id());
    if (!creates && Chance(45)) {
      change.what = edge.many && Chance(60) ? Do::RemoveIDs : Do::ClearEdge;
      if (change.what == Do::ClearEdge) change.ids.clear();
    }
    return change;
  }
  Change AnyChange(Type type, bool creates) {
    return Chance(60) ? OfField(creates) : OfEdge(type, creates);
  }
  std::vector<Change> Changes(Type type) {
    std::vector<Change> changes;
    for (auto n = Below(4); n > 0; --n) changes.push_back(AnyChange(type, false));
    return changes;
  }

  Where AnyWhere(Type type) {
    switch (Below(4)) {
      case 0:
        return {Where::What::NameIs, Name()};
      case 1:
        return {Where::What::NoteIsNull, 0};
      case 2:
        return {Where::What::HasEdge, static_cast<std::int64_t>(AnyEdge(type))};
      default:
        return {Where::What::CountBelow, Small()};
    }
  }
  std::vector<Where> Wheres(Type type) {
    std::vector<Where> where;
    while (Chance(35)) where.push_back(AnyWhere(type));
    return where;
  }

  // Writes.

  Write Creation(Type type, bool entity = false) {
    Write write{Write::What::Create, type};
    if (type == kB ? Chance(97) : Chance(25)) write.id = Id() + static_cast<Key>(Below(4));
    if (Chance(97)) write.changes.push_back({Do::Set, kName, Name() + 2});
    for (auto n = Below(3); n > 0; --n) {
      Change change = AnyChange(type, true);
      const bool fits = !change.IsOfEdge() || EdgeOf(type, change.at).kind == Edge::Kind::Own;
      if (!entity || fits) write.changes.push_back(std::move(change));
    }
    if (entity || !Chance(60)) return write;
    write.conflict = Pick({OnConflict::UpdateNewValues, OnConflict::UpdateNewValues,
                           OnConflict::Ignore, OnConflict::Update, OnConflict::Both});
    write.conflict_on_id = Chance(30);
    if (write.conflict >= OnConflict::Update) {
      write.update = Changes(type);
      write.update_where = Wheres(type);
    }
    return write;
  }
  Write AnyWrite() {
    const Type type = AnyType();
    Write write{Pick({Write::What::Create, Write::What::UpdateOne, Write::What::UpdateOne,
                      Write::What::Update, Write::What::DeleteOne, Write::What::DeleteOne,
                      Write::What::Delete, Write::What::Bulk}),
                type};
    switch (write.what) {
      case Write::What::Create:
        return Creation(type);
      case Write::What::Bulk:
        write.entities = Chance(50);
        for (auto n = Below(4); n > 0; --n) write.rows.push_back(Creation(type, write.entities));
        return write;
      case Write::What::UpdateOne:
        write.id = Id();
        write.changes = Changes(type);
        write.where = Chance(30) ? Wheres(type) : std::vector<Where>();
        return write;
      case Write::What::Update:
        write.changes = Changes(type);
        break;
      case Write::What::DeleteOne:
        write.id = Id();
        write.where = Chance(30) ? Wheres(type) : std::vector<Where>();
        return write;
      case Write::What::Delete:
        break;
    }
    write.where = Wheres(type);
    if (write.where.empty() && Chance(70)) write.where.push_back(AnyWhere(type));
    return write;
  }

  // Hooks.

  Op AnyMask() {
    return Pick({grapnel::AnyOp, grapnel::AnyOp, Op::Create, Op::UpdateOne | Op::Update, Op::Update,
                 Op::UpdateOne, Op::Delete, Op::DeleteOne | Op::Delete, ~Op::Create});
  }
  Act AnyAct(const Hook& hook, bool before) {
    using What = Act::What;
    const Type type = hook.on == Hook::On::B ? kB : kA;
    Act act;
    act.when = Chance(60) ? grapnel::AnyOp : AnyMask();
    const auto what = Below(100);
    const bool any = hook.form == Hook::Form::Any;
    if (before && what < 55) {
      act.what = what < 30 || any || hook.on == Hook::On::Both ? What::Change : What::Narrow;
      act.change = hook.on == Hook::On::Both ? OfField(false) : AnyChange(type, false);
      act.where = AnyWhere(type);
      if (Chance(10) && act.change.what < Do::SetEdge) act.change.what = Do::Reset;
    } else if (before && what < 63) {
      act.what = What::SetOp;
      act.to = Pick({Op::Update, Op::UpdateOne, Op::Delete, Op::DeleteOne});
      act.when =
          Chance(90) ? Pick({Op::Update, Op::UpdateOne, Op::Delete, Op::DeleteOne}) : act.when;
    } else if (what < 70) {
      act.what = !before && !any && Chance(50) ? What::Replace : What::Throw;
    } else if (what < 80) {
      act.what = Pick({What::Use, What::Use, What::Remove});
      act.hook = Below(hooks_);
    } else {
      act.what = Pick({What::Write, What::TryWrite, What::TryWrite, What::TxWrite});
      act.fails = Chance(50);
      act.writes.push_back(AnyWrite());
    }
    return act;
  }
  Hook AnyHook() {
    using Form = Hook::Form;
    using Then = Hook::Then;
    Hook hook;
    hook.on = Pick({Hook::On::A, Hook::On::B, Hook::On::Both});
    hook.form = Pick({Form::Around, Form::Around, Form::Around, Form::Ent, Form::Any, Form::Before,
                      Form::After});
    hook.mask = AnyMask();
    const bool asks = hook.form != Form::After;
    hook.ids = asks && Chance(40);
    hook.old_rows = asks && hook.form != Form::Any && Chance(40);
    if (hook.form == Form::Around || hook.form == Form::Ent) {
      hook.then = Pick({Then::Next, Then::Next, Then::Next, Then::Next, Then::Skip, Then::Swallow,
                        Then::Retry, Then::Again, Then::Again});
    } else if (hook.form == Form::Any && Chance(10)) {
      hook.then = Then::Skip;
    }
    while (asks && Chance(40)) hook.before.push_back(AnyAct(hook, true));
    while (hook.form != Form::Before && Chance(25)) hook.after.push_back(AnyAct(hook, false));
    hook.at_start = Chance(60);
    return hook;
  }

  Step AnyStep(const Program& program) {
    Step step;
    const auto what = Below(100);
    if (what < 62) {
      step.write = AnyWrite();
    } else if (what < 75) {
      step.what = Step::What::Begin;
    } else if (what < 83) {
      step.what = Chance(65) ? Step::What::Commit : Step::What::Rollback;
    } else if (program.hooks.empty()) {
      step.write = AnyWrite();
    } else {
      step.what = what < 96 ? Step::What::Use : Step::What::Remove;
      step.hook = Below(program.hooks.size());
    }
    return step;
  }

  std::uint64_t state_;
  std::size_t hooks_ = 0;  // how many the program has
};

}  // namespace programs
