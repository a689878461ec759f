#pragma once

/// Programs and what came of them, to be read by people.

#include "contract/random_programs/program.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace programs {

inline constexpr std::string_view kTypeNames[] = {"A", "B"};
inline constexpr std::string_view kFieldNames[] = {"name", "note", "count", "stamp"};

inline std::string CellName(Type type, std::size_t cell) {
  if (cell < kFirstKey) return std::string(kFieldNames[cell]);
  for (std::size_t i = 0; i < kEdgeCount[type]; ++i) {
    const Edge& edge = EdgeOf(type, i);
    if (edge.kind == Edge::Kind::Own && edge.at == cell) return std::string(edge.name);
  }
  return "";
}
inline std::string ToString(Type type, const Row& row) {
  std::string text = fmt::format("{}{{id={}", kTypeNames[type], row.id);
  for (std::size_t cell = 0; cell < kCells; ++cell) {
    if (row.cells[cell] != 0) text += fmt::format(" {}={}", CellName(type, cell), row.cells[cell]);
  }
  return text + "}";
}
inline std::string ToString(const State& state) {
  std::string text;
  for (const Type type : {kA, kB}) {
    for (const auto& [id, row] : state.rows[type]) text += ToString(type, row) + " ";
  }
  for (const Type type : {kA, kB}) {
    for (const auto& [one, other] : state.pairs[type]) {
      text += fmt::format("{}({},{}) ", type == kA ? "tags" : "friends", one, other);
    }
  }
  return text;
}

inline std::string ToString(const std::vector<Key>& ids) {
  return fmt::format("{{{}}}", fmt::join(ids, ","));
}
inline std::string ToString(Type type, const Change& change) {
  constexpr std::string_view kNames[] = {"Set",    "Add",       "Clear",     "Reset",    "Set",
                                         "AddIDs", "RemoveIDs", "ClearEdge", "ResetEdge"};
  const std::string_view name = kNames[static_cast<std::size_t>(change.what)];
  if (change.IsOfEdge()) {
    return fmt::format(".{}({}, {})", name, EdgeOf(type, change.at).name, ToString(change.ids));
  }
  return fmt::format(".{}({}, {})", name, kFieldNames[change.at], change.value);
}
inline std::string ToString(Type type, const Where& where) {
  switch (where.what) {
    case Where::What::CountBelow:
      return fmt::format(".Where(count < {})", where.value);
    case Where::What::NameIs:
      return fmt::format(".Where(name == {})", where.value);
    case Where::What::NoteIsNull:
      return ".Where(note.IsNull())";
    case Where::What::HasEdge:
      break;
  }
  return fmt::format(".Where({}.Has())", EdgeOf(type, static_cast<std::size_t>(where.value)).name);
}
inline std::string ToString(const Write& write) {
  constexpr std::string_view kNames[] = {"Create",    "UpdateOne", "Update",
                                         "DeleteOne", "Delete",    "CreateBulk"};
  std::string text =
      fmt::format("{}.{}({})", kTypeNames[write.type], kNames[static_cast<std::size_t>(write.what)],
                  write.id == 0 ? "" : std::to_string(write.id));
  for (const Change& change : write.changes) text += ToString(write.type, change);
  for (const Where& where : write.where) text += ToString(write.type, where);
  if (write.conflict != OnConflict::None) {
    text += write.conflict_on_id ? ".OnConflict(id)" : ".OnConflict(name)";
    const bool updates = write.conflict >= OnConflict::Update;
    if (write.conflict == OnConflict::Ignore) text += ".Ignore()";
    if (write.conflict == OnConflict::UpdateNewValues || write.conflict == OnConflict::Both) {
      text += ".UpdateNewValues()";
    }
    if (updates) text += ".Update([";
    for (const Change& change : write.update) text += ToString(write.type, change);
    for (const Where& where : write.update_where) text += ToString(write.type, where);
    if (updates) text += "])";
  }
  if (write.what != Write::What::Bulk) return text;
  text += write.entities ? " of entities:" : " of builders:";
  for (const Write& row : write.rows) text += "\n      " + ToString(row);
  return text;
}

inline std::string ToString(Type type, const Act& act) {
  std::string text;
  if (act.when != grapnel::AnyOp) text = fmt::format("on {}: ", grapnel::ToString(act.when));
  const auto write = [&] { return ToString(act.writes.at(0)); };
  switch (act.what) {
    case Act::What::Change:
      return text + "m" + ToString(type, act.change);
    case Act::What::Narrow:
      return text + "m" + ToString(type, act.where);
    case Act::What::SetOp:
      return text + "m.SetOp(" + grapnel::ToString(act.to) + ")";
    case Act::What::Throw:
      return text + "throw";
    case Act::What::Replace:
      return text + "value = another";
    case Act::What::Write:
      return text + "m.Client() " + write();
    case Act::What::TryWrite:
      return text + "try m.Client() " + write();
    case Act::What::Use:
      return text + fmt::format("use hook {}", act.hook);
    case Act::What::Remove:
      return text + fmt::format("remove hook {}", act.hook);
    case Act::What::TxWrite:
      break;
  }
  return text + "m.Client().Tx() " + write() + (act.fails ? ", rolled back" : ", committed");
}
inline std::string ToString(const Hook& hook) {
  constexpr std::string_view kForms[] = {"around", "ent's", "AnyHook", "Before", "After"};
  constexpr std::string_view kThen[] = {"next(m)", "no next", "try next(m), else another value",
                                        "try next(m), else next(m)",
                                        "a deletion: SetOp to update, Mutate(m); else next(m)"};
  if (hook.dropped) return "none";
  const Type type = hook.on == Hook::On::B ? kB : kA;
  std::string text = fmt::format(
      "{} of {} on {}{}{}{}", kForms[static_cast<std::size_t>(hook.form)],
      hook.on == Hook::On::Both ? "both" : kTypeNames[type], grapnel::ToString(hook.mask),
      hook.ids ? ", asks IDs" : "", hook.old_rows ? ", asks OldRows" : "",
      hook.at_start ? "" : ", registered by a step");
  for (const Act& act : hook.before) text += "\n      " + ToString(type, act);
  text += fmt::format("\n      {}", kThen[static_cast<std::size_t>(hook.then)]);
  for (const Act& act : hook.after) text += "\n      " + ToString(type, act);
  return text;
}
inline std::string ToString(const Step& step) {
  switch (step.what) {
    case Step::What::Write:
      return ToString(step.write);
    case Step::What::Begin:
      return "begin";
    case Step::What::Commit:
      return "commit";
    case Step::What::Rollback:
      return "roll back";
    case Step::What::Use:
      return fmt::format("use hook {}", step.hook);
    case Step::What::Remove:
      break;
  }
  return fmt::format("remove hook {}", step.hook);
}
inline std::string ToString(const Program& program) {
  std::string text = "start: " + ToString(program.start) + "\n";
  for (std::size_t i = 0; i < program.hooks.size(); ++i) {
    if (!program.hooks[i].dropped)
      text += fmt::format("hook {}: {}\n", i, ToString(program.hooks[i]));
  }
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    text += fmt::format("step {}: {}\n", i, ToString(program.steps[i]));
  }
  return text;
}

inline std::string ToString(const Event& event) {
  constexpr std::string_view kWhen[] = {"before", "after", "next failed in", "a write failed in"};
  constexpr std::string_view kCauses[] = {"Caller", "Hook", "Cascade", "Upsert"};
  std::string text = fmt::format(
      "{} hook {}: {} {} by {}", kWhen[static_cast<std::size_t>(event.when)], event.hook,
      kTypeNames[event.type], grapnel::ToString(event.op), kCauses[event.cause]);
  const auto bits = [&](std::string_view name, std::uint32_t of, bool edges) {
    for (std::size_t i = 0; of >> i != 0; ++i) {
      if ((of >> i & 1U) == 0) continue;
      const auto what = edges ? EdgeOf(event.type, i).name : i < 4 ? kFieldNames[i] : "id";
      text += fmt::format(" {}:{}", name, what);
    }
  };
  bits("set", event.set, false);
  bits("added", event.added, false);
  bits("cleared", event.cleared, false);
  bits("added", event.edges_added, true);
  bits("removed", event.edges_removed, true);
  bits("cleared", event.edges_cleared, true);
  if (event.outcome != 9) text += fmt::format(" outcome {}", event.outcome);
  if (!event.ids.empty()) text += " ids " + ToString(event.ids);
  for (const Row& row : event.old_rows) text += " old " + ToString(event.type, row);
  if (event.count != 0) text += fmt::format(" count {}", event.count);
  if (event.row != Row{}) text += " value " + ToString(event.type, event.row);
  return text;
}

/// Both outcomes of a step, where they differ.
inline std::string Difference(Type type, const Outcome& expected, const Outcome& got) {
  std::string text;
  const auto tell = [&](std::string_view what, const auto& of_model, const auto& of_grapnel) {
    text += fmt::format("{}\n  the model: {}\n  Grapnel:   {}\n", what, of_model, of_grapnel);
  };
  const auto list = [](const auto& each, auto print) {
    std::string lines;
    for (const auto& one : each) lines += print(one) + "\n             ";
    return lines;
  };
  if (expected.error != got.error) tell("error", expected.error, got.error);
  if (expected.count != got.count) tell("count", expected.count, got.count);
  if (expected.rows != got.rows) {
    const auto print = [&](const Row& row) { return ToString(type, row); };
    tell("result", list(expected.rows, print), list(got.rows, print));
  }
  if (expected.events != got.events) {
    const auto print = [](const Event& event) { return ToString(event); };
    tell("hooks", list(expected.events, print), list(got.events, print));
  }
  if (expected.state != got.state) tell("rows", ToString(expected.state), ToString(got.state));
  return text;
}

}  // namespace programs
