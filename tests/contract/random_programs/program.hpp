#pragma once

/// A random program as plain data: rows to start with, hooks, and steps. It is run twice, by
/// Grapnel and by a model of it, and what the two tell of it is compared.

#include <grapnel/core/op.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace programs {

using grapnel::Op;

/// The types of schema.hpp. An id, a name and a note are numbers here: B's id "k3", the name "n3"
/// and the note "t3" are 3, and 0 stands for NULL or none.
using Key = std::int64_t;
enum Type : std::size_t { kA, kB };
enum Cell : std::size_t { kName, kNote, kCount, kStamp, kFirstKey };
inline constexpr std::size_t kCells = kFirstKey + 3;

struct Row {
  Key id = 0;
  std::array<std::int64_t, kCells> cells{};  // the fields, then the foreign keys

  bool operator==(const Row&) const = default;
};

using PairSet = std::set<std::pair<Key, Key>>;

/// All that is stored.
struct State {
  std::array<std::map<Key, Row>, 2> rows{};
  std::array<PairSet, 2> pairs{};  // of A.tags; of A.friends, both ways round

  bool operator==(const State&) const = default;
};

/// The edges of both types, in their schemas' order.
struct Edge {
  enum class Kind : std::uint8_t { Own, Their, Pairs, PairsBack };

  std::string_view name;
  Kind kind;
  Type target;
  std::size_t at;  // the cell of the key, in the row of whoever holds it; or which pairs
  bool many;
};
inline constexpr std::size_t kParent = kFirstKey, kBadge = kFirstKey + 1;
inline constexpr std::size_t kOwner = kFirstKey, kIdol = kFirstKey + 1, kWhole = kFirstKey + 2;
inline constexpr Edge kEdgesOfA[] = {
    {"items", Edge::Kind::Their, kB, kOwner, true},
    {"fans", Edge::Kind::Their, kB, kIdol, true},
    {"parent", Edge::Kind::Own, kA, kParent, false},
    {"children", Edge::Kind::Their, kA, kParent, true},
    {"badge", Edge::Kind::Own, kB, kBadge, false},
    {"tags", Edge::Kind::Pairs, kB, 0, true},
    {"friends", Edge::Kind::Pairs, kA, 1, true},
};
inline constexpr Edge kEdgesOfB[] = {
    {"owner", Edge::Kind::Own, kA, kOwner, false},
    {"idol", Edge::Kind::Own, kA, kIdol, false},
    {"holder", Edge::Kind::Their, kA, kBadge, false},
    {"whole", Edge::Kind::Own, kB, kWhole, false},
    {"parts", Edge::Kind::Their, kB, kWhole, true},
    {"tagged", Edge::Kind::PairsBack, kA, 0, true},
};
inline constexpr std::size_t kEdgeCount[] = {std::size(kEdgesOfA), std::size(kEdgesOfB)};
constexpr const Edge& EdgeOf(Type type, std::size_t at) {
  return type == kA ? kEdgesOfA[at] : kEdgesOfB[at];
}

/// One call of a builder or a mutation that changes a field or an edge.
struct Change {
  enum class Do : std::uint8_t {
    Set,
    Add,
    Clear,
    Reset,  // a field
    SetEdge,
    AddIDs,
    RemoveIDs,
    ClearEdge,
    ResetEdge,
  };
  Do what = Do::Set;
  std::size_t at = 0;  // which field or edge
  std::int64_t value = 0;
  std::vector<Key> ids{};

  bool IsOfEdge() const { return what >= Do::SetEdge; }
  bool operator==(const Change&) const = default;
};

/// One predicate.
struct Where {
  enum class What : std::uint8_t { CountBelow, NameIs, NoteIsNull, HasEdge };
  What what = What::CountBelow;
  std::int64_t value = 0;  // of an edge: which

  bool operator==(const Where&) const = default;
};

/// `Both`: UpdateNewValues, then Update.
enum class OnConflict : std::uint8_t { None, UpdateNewValues, Ignore, Update, Both };

/// One mutation that is asked for, or a bulk of them.
struct Write {
  enum class What : std::uint8_t { Create, UpdateOne, Update, DeleteOne, Delete, Bulk };
  What what = What::Create;
  Type type = kA;
  Key id = 0;  // of the One forms; of a Create: given, or 0
  std::vector<Change> changes{};
  std::vector<Where> where{};
  OnConflict conflict = OnConflict::None;
  bool conflict_on_id = false;   // else on the name
  std::vector<Change> update{};  // of OnConflict::Update and Both
  std::vector<Where> update_where{};
  std::vector<Write> rows{};  // of Bulk
  bool entities = false;      // of Bulk: given as entities, not as builders

  bool operator==(const Write&) const = default;
};

/// What a hook does, before or after the rest.
struct Act {
  enum class What : std::uint8_t {
    Change,
    Narrow,
    SetOp,
    Throw,
    Replace,
    Write,     // through m.Client()
    TryWrite,  // the same, and goes on when it fails
    TxWrite,   // in a nested Tx, which is left without Commit when `fails`
    Use,
    Remove,  // registers a hook with the client, and takes it out
  };
  What what = What::Throw;
  Op when = grapnel::AnyOp;
  programs::Change change{};
  Where where{};
  Op to = Op::Update;
  bool fails = false;
  std::size_t hook = 0;
  std::vector<programs::Write> writes{};  // one, or none

  bool operator==(const Act&) const = default;
};

struct Hook {
  enum class On : std::uint8_t { A, B, Both };
  enum class Form : std::uint8_t { Around, Ent, Any, Before, After };
  enum class Then : std::uint8_t { Next, Skip, Swallow, Retry, Again };

  On on = On::Both;
  Form form = Form::Around;
  Op mask = grapnel::AnyOp;
  bool ids = false, old_rows = false;  // asks for them, before all else and after all else
  std::vector<Act> before{}, after{};
  Then then = Then::Next;
  bool at_start = true;  // else a step registers it
  bool dropped = false;  // by shrinking

  bool IsOf(Type type) const { return on == On::Both || (on == On::A) == (type == kA); }
  bool operator==(const Hook&) const = default;
};

struct Step {
  enum class What : std::uint8_t { Write, Begin, Commit, Rollback, Use, Remove };
  What what = What::Write;
  programs::Write write{};
  std::size_t hook = 0;  // of Use and Remove

  bool operator==(const Step&) const = default;
};

struct Program {
  State start{};
  std::vector<Hook> hooks{};
  std::vector<Step> steps{};

  bool operator==(const Program&) const = default;
};

// What is told of a run.

/// What a hook saw.
struct Event {
  enum class When : std::uint8_t { Before, After, Failed, TryFailed };

  std::size_t hook = 0;
  When when{};
  Type type{};
  Op op{};
  std::uint8_t cause = 0;
  std::uint32_t set = 0, added = 0, cleared = 0;  // a bit for each field
  std::uint32_t edges_added = 0, edges_removed = 0, edges_cleared = 0;
  std::uint8_t outcome = 0;  // of a Create with OnConflict; 9 where there is none
  std::vector<Key> ids{};    // sorted
  std::vector<Row> old_rows{};
  std::int64_t count = 0;  // of the result
  Row row{};

  bool operator==(const Event&) const = default;
};

/// What came of a step.
struct Outcome {
  std::string error{};  // its kind; empty: none
  std::int64_t count = 0;
  std::vector<Row> rows{};  // what was returned
  std::vector<Event> events{};
  State state{};  // afterwards

  bool operator==(const Outcome&) const = default;
};

}  // namespace programs
