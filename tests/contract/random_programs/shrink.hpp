#pragma once

/// Makes a program that shows a fault as small as it can while it still shows one.

#include "contract/random_programs/program.hpp"

#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace programs {

/// Makes the n-th of all the ways in which a program can be made simpler.
class Simplification {
 public:
  explicit Simplification(std::size_t n) : left_(n) {}

  /// False when there are fewer than n.
  bool Apply(Program& program) {
    Erase(program.steps);
    for (Hook& hook : program.hooks) Set(hook.dropped, true);
    for (Hook& hook : program.hooks) Visit(hook);
    for (Step& step : program.steps) Visit(step.write);
    for (auto& rows : program.start.rows) Erase(rows);
    for (auto& pairs : program.start.pairs) Erase(pairs);
    for (auto& rows : program.start.rows) {
      for (auto& [id, row] : rows) {
        for (std::size_t cell = kNote; cell < kCells; ++cell) Set(row.cells[cell], {});
      }
    }
    if (done_) ForgetMissing(program.start);
    return done_;
  }

 private:
  /// Rows that were taken out are no longer referred to.
  static void ForgetMissing(State& state) {
    const auto has = [&](Type type, Key id) { return state.rows[type].contains(id); };
    for (const Type type : {kA, kB}) {
      for (std::size_t i = 0; i < kEdgeCount[type]; ++i) {
        const Edge& edge = EdgeOf(type, i);
        if (edge.kind != Edge::Kind::Own) continue;
        for (auto& [id, row] : state.rows[type]) {
          if (!has(edge.target, row.cells[edge.at])) row.cells[edge.at] = 0;
        }
      }
    }
    std::erase_if(state.pairs[0],
                  [&](const auto& pair) { return !has(kA, pair.first) || !has(kB, pair.second); });
    std::erase_if(state.pairs[1],
                  [&](const auto& pair) { return !has(kA, pair.first) || !has(kA, pair.second); });
  }

  bool IsNow() {
    if (done_ || left_-- != 0) return false;
    return done_ = true;
  }
  template <class List>
  void Erase(List& list) {
    for (std::size_t i = 0, n = list.size(); i < n; ++i) {
      if (!IsNow()) continue;
      auto at = list.begin();
      std::advance(at, i);
      list.erase(at);
      return;
    }
  }
  template <class T>
  void Set(T& field, const T& simple) {
    if (field != simple && IsNow()) field = simple;
  }

  void Visit(Hook& hook) {
    if (hook.dropped) return;
    Erase(hook.before);
    Erase(hook.after);
    Set(hook.then, Hook::Then::Next);
    Set(hook.form, Hook::Form::Around);
    Set(hook.mask, grapnel::AnyOp);
    Set(hook.on, Hook::On::A);
    Set(hook.on, Hook::On::B);
    Set(hook.ids, false);
    Set(hook.old_rows, false);
    Set(hook.at_start, true);
    for (auto* acts : {&hook.before, &hook.after}) {
      for (Act& act : *acts) {
        Set(act.when, grapnel::AnyOp);
        Set(act.fails, false);
        if (!act.writes.empty()) {
          Set(act.what, Act::What::Write);
          Visit(act.writes.front());
        }
        Erase(act.change.ids);
      }
    }
  }
  void Visit(Write& write) {
    Erase(write.changes);
    Erase(write.where);
    Erase(write.update);
    Erase(write.update_where);
    Erase(write.rows);
    Set(write.conflict, OnConflict::None);
    for (auto* changes : {&write.changes, &write.update}) {
      for (Change& change : *changes) {
        if (change.ids.size() > 1) Erase(change.ids);
      }
    }
    for (Write& row : write.rows) Visit(row);
  }

  std::size_t left_;
  bool done_ = false;
};

/// The smallest program that it comes to by steps for which `fails(program)` holds.
template <class Fails>
Program Shrink(Program program, Fails fails) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t n = 0;;) {
      Program simpler = program;
      if (!Simplification(n).Apply(simpler)) break;
      if (fails(simpler)) {
        program = std::move(simpler);
        smaller = true;
      } else {
        ++n;
      }
    }
  }
  return program;
}

}  // namespace programs
