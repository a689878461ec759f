#pragma once

/// What the promises say that random programs do, done plainly: rows in maps, copied where
/// something may fail and undo itself.

#include "contract/random_programs/program.hpp"

#include <grapnel/core/op.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace programs {

class Model {
 public:
  /// What comes of each step.
  std::vector<Outcome> Run(const Program& program, int budget) {
    program_ = &program;
    now_ = program.start;
    used_.clear();
    levels_.clear();
    going_.clear();
    registered_.clear();
    for (std::size_t i = 0; i < program.hooks.size(); ++i) {
      if (program.hooks[i].at_start) Use(i);
    }
    std::vector<Outcome> outcomes;
    for (const Step& step : program.steps) {
      Outcome& outcome = outcomes.emplace_back();
      events_ = &outcome.events;
      budget_ = budget;
      try {
        Do(step, outcome);
      } catch (const Fault& fault) {
        outcome.error = fault.kind;
        outcome.rows.clear();
        outcome.count = 0;
      }
      outcome.state = now_;
    }
    return outcomes;
  }

 private:
  /// What a step, a mutation or a hook failed of.
  struct Fault {
    std::string kind;
  };
  static constexpr const char* kUnique = "constraint unique";
  static constexpr const char* kForeignKey = "constraint foreign key";
  enum Cause : std::uint8_t { kCaller, kHook, kCascade, kUpsert };
  enum Came : std::uint8_t { kPending, kInserted, kUpdated, kUnchanged, kNoConflict = 9 };

  struct Level {
    State before;
    std::vector<std::size_t> hooks;  // of this transaction alone
  };

  struct Slot {
    bool set = false, added = false, cleared = false, defaulted = false;
    std::int64_t value = 0;

    bool IsIdle() const { return !set && !added && !cleared; }
  };
  struct EdgeChange {
    std::size_t edge;
    bool cleared = false, replaces = false;
    std::vector<Key> added{}, removed{};

    bool IsEmpty() const { return !cleared && added.empty() && removed.empty(); }
  };
  /// Rows that match one predicate, or one of these ids.
  struct Condition {
    std::optional<Where> where{};
    std::vector<Key> ids{};
    std::optional<std::size_t> points{};  // by this key to one of `ids`
  };

  using Chain = std::vector<std::size_t>;
  /// The hooks of both types as they were when a mutation began; those of what it begins itself
  /// too.
  using Plan = std::array<Chain, 2>;

  struct Mutation {
    programs::Type type;
    Op op;
    Op asked = op;
    std::uint8_t cause = kCaller;
    Key id = 0, given = 0;
    bool has_id = false, given_id = false, stale = false;
    Slot slots[kCells]{};
    std::vector<EdgeChange> edges{};
    std::vector<Condition> where{};
    std::optional<std::vector<Key>> pinned{};   // the rows that hooks have asked for
    std::optional<std::vector<Key>> touched{};  // by the write: after it these of them
    std::optional<std::vector<Row>> old_rows{};
    bool executed = false;
    bool may_wait = false, looked = false;  // a row of a bulk; some hook runs around the rest
    std::uint8_t came = kNoConflict;
    const Write* write = nullptr;  // of a Create with OnConflict
    std::shared_ptr<const Plan> plan{};

    bool IsOne() const { return grapnel::Is(op, Op::UpdateOne | Op::DeleteOne); }
    bool IsUpdate() const { return grapnel::Is(op, Op::UpdateOne | Op::Update); }
    bool ChangesField() const {
      return std::any_of(std::begin(slots), std::end(slots), [](auto& s) { return !s.IsIdle(); });
    }
    bool ChangesEdge() const {
      return std::any_of(edges.begin(), edges.end(), [](auto& each) { return !each.IsEmpty(); });
    }
  };

  struct Value {
    bool has_entity = false;
    Row row{};
    std::int64_t count = 1;
  };

  /// The rows of the innermost bulk that wait to be inserted together.
  struct Waiting {
    std::vector<Mutation> rows{};
    std::vector<std::size_t> places{};  // in the bulk
    std::vector<std::pair<std::size_t, Row>> made{};
    std::optional<Fault> fault{};
  };

  // Steps.

  void Do(const Step& step, Outcome& outcome) {
    switch (step.what) {
      case Step::What::Write:
        return Perform(step.write, kCaller, &outcome);
      case Step::What::Begin:
        levels_.push_back({now_, {}});
        return;
      case Step::What::Commit:
      case Step::What::Rollback:
        if (levels_.empty()) return;
        if (step.what == Step::What::Rollback) now_ = levels_.back().before;
        for (const std::size_t hook : levels_.back().hooks) used_.erase(hook);
        levels_.pop_back();
        return;
      case Step::What::Use:
        return Use(step.hook);
      case Step::What::Remove:
        return Remove(step.hook);
    }
  }
  void Use(std::size_t hook, bool always = false) {
    if (program_->hooks[hook].dropped || !used_.insert(hook).second) return;
    (levels_.empty() || always ? registered_ : levels_.back().hooks).push_back(hook);
  }
  void Remove(std::size_t hook) {
    std::erase(registered_, hook);
    for (Level& level : levels_) std::erase(level.hooks, hook);
    used_.erase(hook);
  }

  void Perform(const Write& write, std::uint8_t cause, Outcome* outcome) {
    Flush();
    if (write.what == Write::What::Bulk) return PerformBulk(write, cause, outcome);
    Mutation m = Asked(write);
    m.cause = cause;
    const Value value = Run(m);
    if (outcome == nullptr || write.what == Write::What::DeleteOne) return;
    if (value.has_entity) {
      outcome->rows.push_back(value.row);
    } else {
      outcome->count = value.count;
    }
  }
  void PerformBulk(const Write& write, std::uint8_t cause, Outcome* outcome) {
    const State before = now_;
    const auto plan = MakePlan();
    Waiting waiting;
    Waiting* const outer = std::exchange(waiting_, &waiting);
    std::vector<Row> made;
    try {
      try {
        for (const Write& row : write.rows) {
          Mutation m = Asked(row);
          m.cause = cause;
          m.may_wait = true;
          if (write.entities) {
            for (const std::size_t cell : {kName, kCount, kStamp}) m.slots[cell].set = true;
          }
          made.push_back(Inside(m, plan).row);
          if (!waiting.rows.empty()) waiting.places.resize(waiting.rows.size(), made.size() - 1);
        }
      } catch (const Fault&) {
        Flush();  // an earlier row's fault comes first
        throw;
      }
      Flush();
    } catch (...) {
      now_ = before;
      waiting_ = outer;
      throw;
    }
    waiting_ = outer;
    for (const auto& [place, row] : waiting.made) made[place] = row;
    if (outcome != nullptr) outcome->rows = std::move(made);
  }
  /// Inserts the rows of a bulk that wait: where no hook could look afterwards they are written
  /// together.
  void Flush() {
    if (waiting_ == nullptr) return;
    Waiting& waiting = *waiting_;
    if (waiting.fault) throw *waiting.fault;
    const auto rows = std::exchange(waiting.rows, {});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Mutation m = rows[i];
      try {
        Create(m);
      } catch (const Fault& fault) {
        waiting.fault = fault;
        throw;
      }
      waiting.made.emplace_back(waiting.places[i], AsGiven(m));
    }
    waiting.places.clear();
  }

  static Mutation Asked(const Write& write) {
    constexpr Op kOps[] = {Op::Create, Op::UpdateOne, Op::Update, Op::DeleteOne, Op::Delete};
    Mutation m{write.type, kOps[static_cast<std::size_t>(write.what)]};
    m.id = write.id;
    m.has_id = m.given_id = write.id != 0;
    for (const Change& change : write.changes) Apply(m, change);
    for (const Where& where : write.where) m.where.push_back({where});
    if (write.conflict == OnConflict::None) return m;
    m.came = kPending;
    m.write = &write;
    return m;
  }

  // What is said about a mutation.

  static void Apply(Mutation& m, const Change& change) {
    using Do = Change::Do;
    if (change.IsOfEdge()) return ApplyToEdge(m, change);
    Slot& slot = m.slots[change.at];
    switch (change.what) {
      case Do::Set:
        slot = {true, false, false, false, change.value};
        return;
      case Do::Add:
        if (slot.set || slot.added) {
          slot.value += change.value;
          slot.defaulted = false;
        } else {
          const bool from_nothing = m.op == Op::Create || slot.cleared;
          slot = {from_nothing, !from_nothing, false, false, change.value};
        }
        return;
      case Do::Clear:
        slot = {false, false, true, false, 0};
        return;
      default:
        slot = {};
    }
  }
  static void ApplyToEdge(Mutation& m, const Change& change) {
    using Do = Change::Do;
    const Edge& edge = EdgeOf(m.type, change.at);
    if (edge.kind == Edge::Kind::Own) {
      Slot& slot = m.slots[edge.at];
      const bool sets = change.what == Do::SetEdge || change.what == Do::AddIDs;
      if (sets && !change.ids.empty()) slot = {true, false, false, false, change.ids[0]};
      if (change.what == Do::ClearEdge) slot = {false, false, true, false, 0};
      if (change.what == Do::ResetEdge) slot = {};
      return;
    }
    if (change.what == Do::ResetEdge) {
      std::erase_if(m.edges, [&](const EdgeChange& each) { return each.edge == change.at; });
      return;
    }
    // Of one neighbour at most: another one takes its place.
    const bool one = !edge.many;
    if (one && change.what == Do::AddIDs && change.ids.empty()) return;
    EdgeChange& of = OfEdge(m, change.at);
    const bool sets = change.what == Do::SetEdge || change.what == Do::ClearEdge;
    if (sets || (one && change.what == Do::AddIDs)) {
      // There is nothing to clear of a row that is not there yet.
      const bool clears = m.op != Op::Create && (!one || change.what == Do::ClearEdge);
      of = {change.at, clears, true};
    }
    for (const Key id : change.ids) {
      std::erase(of.added, id);
      std::erase(of.removed, id);
      if (change.what != Do::RemoveIDs) of.added.push_back(id);
      if (change.what == Do::RemoveIDs && m.op != Op::Create) of.removed.push_back(id);
    }
  }
  static EdgeChange& OfEdge(Mutation& m, std::size_t edge) {
    for (EdgeChange& each : m.edges) {
      if (each.edge == edge) return each;
    }
    return m.edges.emplace_back(EdgeChange{edge});
  }

  static void SetOp(Mutation& m, Op to) {
    if (to == m.op) return;
    if (m.op == Op::Create || to == Op::Create) throw Fault{"error"};
    const bool many = grapnel::Is(to, Op::Update | Op::Delete);
    if (!m.IsOne() && !many) throw Fault{"error"};
    if (m.IsOne() && many) {
      m.where.insert(m.where.begin(), Condition{{}, {m.id}});
      m.has_id = false;
    }
    m.op = to;
    ApplyDefaults(m);
  }
  static void ApplyDefaults(Mutation& m) {
    const auto apply = [&](std::size_t cell, std::int64_t value) {
      if (m.slots[cell].IsIdle()) m.slots[cell] = {true, false, false, true, value};
    };
    if (m.op == Op::Create) {
      apply(kCount, 1);
      apply(kStamp, 1);
    } else if (m.IsUpdate() && m.type == kB) {
      apply(kStamp, 9);
    }
  }

  // Rows.

  std::map<Key, Row>& Rows(Type type) { return now_.rows[type]; }
  bool Has(Type type, Key id) const { return now_.rows[type].contains(id); }

  bool Matches(Type type, const Row& row, const Condition& condition) const {
    const auto& ids = condition.ids;
    const auto listed = [&](Key id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); };
    if (condition.points) return listed(row.cells[*condition.points]);
    if (!condition.where) return listed(row.id);
    const Where& where = *condition.where;
    switch (where.what) {
      case Where::What::CountBelow:
        return row.cells[kCount] < where.value;
      case Where::What::NameIs:
        return row.cells[kName] == where.value;
      case Where::What::NoteIsNull:
        return row.cells[kNote] == 0;
      case Where::What::HasEdge:
        break;
    }
    return !Neighbours(type, row.id, static_cast<std::size_t>(where.value)).empty();
  }
  std::vector<Key> Neighbours(Type type, Key id, std::size_t at) const {
    const Edge& edge = EdgeOf(type, at);
    std::vector<Key> found;
    switch (edge.kind) {
      case Edge::Kind::Own: {
        const Key key = now_.rows[type].at(id).cells[edge.at];
        if (key != 0) found.push_back(key);
        break;
      }
      case Edge::Kind::Their:
        for (const auto& [other, row] : now_.rows[edge.target]) {
          if (row.cells[edge.at] == id) found.push_back(other);
        }
        break;
      default:
        for (const auto& [one, other] : now_.pairs[edge.at]) {
          const bool back = edge.kind == Edge::Kind::PairsBack;
          if ((back ? other : one) == id) found.push_back(back ? one : other);
        }
    }
    return found;
  }
  std::vector<Key> Matching(const Mutation& m) const {
    std::vector<Key> found;
    for (const auto& [id, row] : now_.rows[m.type]) {
      if (m.IsOne() && id != m.id) continue;
      const bool matches = std::all_of(m.where.begin(), m.where.end(), [&](const auto& condition) {
        return Matches(m.type, row, condition);
      });
      if (matches) found.push_back(id);
    }
    return found;
  }
  const Row* Find(Type type, Key id) const {
    const auto found = now_.rows[type].find(id);
    return found != now_.rows[type].end() ? &found->second : nullptr;
  }

  // The way of a mutation.

  std::shared_ptr<const Plan> MakePlan() const {
    Plan plan;
    const auto add = [&](const Chain& hooks) {
      for (const std::size_t hook : hooks) {
        for (const Type type : {kA, kB}) {
          if (program_->hooks[hook].IsOf(type)) plan[type].push_back(hook);
        }
      }
    };
    add(registered_);
    for (const Level& level : levels_) add(level.hooks);
    return std::make_shared<const Plan>(std::move(plan));
  }
  bool Runs(const Mutation& m, Type type, Op op) const {
    const Chain& chain = (*m.plan)[type];
    return std::any_of(chain.begin(), chain.end(), [&](std::size_t hook) {
      return grapnel::Is(op, program_->hooks[hook].mask);
    });
  }

  Value Run(Mutation& m) {
    const State before = now_;
    try {
      return Inside(m, m.plan ? m.plan : MakePlan());
    } catch (...) {
      now_ = before;
      throw;
    }
  }
  Value Inside(Mutation& m, std::shared_ptr<const Plan> plan) {
    m.plan = std::move(plan);
    ApplyDefaults(m);
    Value value = From(m, (*m.plan)[m.type], 0);
    const bool wants_entity = grapnel::Is(m.asked, Op::Create | Op::UpdateOne);
    const bool one_of_many = m.asked == Op::DeleteOne && grapnel::Is(m.op, Op::Delete | Op::Update);
    if (one_of_many && m.executed && !value.has_entity && value.count == 0) {
      throw Fault{"not found"};
    }
    if (value.has_entity == wants_entity) return value;
    if (m.asked == m.op) throw Fault{"type mismatch"};
    if (!wants_entity) return {false, {}, 1};
    const Row* row = Find(m.type, m.id);
    if (row == nullptr) throw Fault{"not found"};
    return {true, *row};
  }
  Value From(Mutation& m, const Chain& chain, std::size_t at) {
    for (; at < chain.size(); ++at) {
      const Hook& hook = program_->hooks[chain[at]];
      if (!grapnel::Is(m.op, hook.mask)) continue;
      if (hook.form != Hook::Form::Before) return Around(m, chain, at);
      Before(chain[at], m);
    }
    return Terminal(m);
  }
  Value Next(Mutation& m, const Chain& chain, std::size_t at) {
    const State before = now_;
    const bool executed = m.executed, has_id = m.has_id;
    try {
      return From(m, chain, at + 1);
    } catch (...) {
      now_ = before;
      m.executed = executed;
      if (!executed) m.touched.reset();
      m.has_id = has_id || (m.op == Op::Create && m.given_id);
      if (m.op == Op::Create && !m.given_id) m.id = 0;
      if (m.came != kNoConflict && !executed) {
        if (m.given_id && m.came > kInserted) m.id = m.given;
        m.came = kPending;
        m.old_rows.reset();
      }
      throw;
    }
  }
  Value Around(Mutation& m, const Chain& chain, std::size_t at) {
    const Hook& hook = program_->hooks[chain[at]];
    m.looked = true;
    if (hook.form == Hook::Form::After) {
      Value value = Next(m, chain, at);
      After(chain[at], m, value);
      return value;
    }
    Before(chain[at], m);
    Value value;
    switch (hook.then) {
      case Hook::Then::Next:
        value = Next(m, chain, at);
        break;
      case Hook::Then::Skip:
        if (hook.form == Hook::Form::Any) return {false, {}, -1};
        value = Substitute(m);
        break;
      case Hook::Then::Swallow:
        try {
          value = Next(m, chain, at);
        } catch (const Fault&) {
          Note(chain[at], Event::When::Failed, m);
          value = Substitute(m);
        }
        break;
      case Hook::Then::Retry:
        try {
          value = Next(m, chain, at);
        } catch (const Fault&) {
          Note(chain[at], Event::When::Failed, m);
          value = Next(m, chain, at);
        }
        break;
      case Hook::Then::Again:
        if (grapnel::Is(m.op, Op::Delete | Op::DeleteOne) && --budget_ >= 0) {
          SetOp(m, m.op == Op::Delete ? Op::Update : Op::UpdateOne);
          value = Run(m);
        } else {
          value = Next(m, chain, at);
        }
    }
    After(chain[at], m, value);
    return value;
  }
  static Value Substitute(const Mutation& m) {
    if (!grapnel::Is(m.op, Op::Create | Op::UpdateOne)) return {false, {}, -1};
    return {true, {77, {}}};
  }

  // Hooks.

  void Before(std::size_t at, Mutation& m) {
    const Hook& hook = program_->hooks[at];
    if (hook.ids && m.op != Op::Create) NeedIds(m);
    if (hook.old_rows && m.op != Op::Create) NeedOldRows(m);
    Look(at, Event::When::Before, m);
    for (const Act& act : hook.before) Do(act, at, m);
  }
  void After(std::size_t at, Mutation& m, Value& value) {
    Event& event = Look(at, Event::When::After, m);
    event.count = value.has_entity ? 0 : value.count;
    if (value.has_entity) event.row = value.row;
    if (value.has_entity && program_->hooks[at].form == Hook::Form::Any) {
      event.row = {};
      for (const std::size_t cell : {kName, kCount, kStamp}) {
        event.row.cells[cell] = value.row.cells[cell];
      }
    }
    for (const Act& act : program_->hooks[at].after) {
      if (act.what == Act::What::Replace && grapnel::Is(m.op, act.when)) {
        value = Substitute(m);
      } else if (act.what >= Act::What::Throw) {
        Do(act, at, m);
      }
    }
  }

  void Do(const Act& act, std::size_t at, Mutation& m) {
    if (!grapnel::Is(m.op, act.when)) return;
    switch (act.what) {
      case Act::What::Throw:
        throw Fault{"thrown by hook " + std::to_string(at)};
      case Act::What::Change:
        return Apply(m, act.change);
      case Act::What::Narrow:
        m.where.push_back({act.where});
        return;
      case Act::What::SetOp:
        return SetOp(m, act.to);
      case Act::What::Replace:
        return;
      case Act::What::Use:
        return Use(act.hook, true);
      case Act::What::Remove:
        return Remove(act.hook);
      case Act::What::Write:
        if (--budget_ >= 0) Perform(act.writes.at(0), kHook, nullptr);
        return;
      case Act::What::TryWrite:
        if (--budget_ < 0) return;
        try {
          Perform(act.writes.at(0), kHook, nullptr);
        } catch (const Fault&) {
          Note(at, Event::When::TryFailed, m);
        }
        return;
      case Act::What::TxWrite: {
        if (--budget_ < 0) return;
        Flush();
        const State before = now_;
        Perform(act.writes.at(0), kHook, nullptr);
        if (act.fails) now_ = before;
      }
    }
  }

  void NeedIds(Mutation& m) {
    if (m.pinned) return;
    if (m.executed) throw Fault{"not loaded"};
    Pin(m, Matching(m));
  }
  static void Pin(Mutation& m, std::vector<Key> ids) {
    m.where = {Condition{{}, ids}};
    m.pinned = std::move(ids);
  }
  void NeedOldRows(Mutation& m) {
    if (m.old_rows) return;
    if (m.executed) throw Fault{"not loaded"};
    std::vector<Key> ids = Matching(m);
    m.old_rows.emplace();
    for (const Key id : ids) m.old_rows->push_back(*Find(m.type, id));
    if (!m.pinned) Pin(m, std::move(ids));
  }

  Event& Note(std::size_t at, Event::When when, const Mutation& m) {
    Event& event = events_->emplace_back();
    event.hook = at;
    event.when = when;
    event.type = m.type;
    event.op = m.op;
    event.cause = m.cause;
    event.outcome = m.came;
    return event;
  }
  Event& Look(std::size_t at, Event::When when, const Mutation& m) {
    const Hook& hook = program_->hooks[at];
    Event& event = Note(at, when, m);
    for (std::size_t cell = 0; cell < kFirstKey; ++cell) {
      const std::uint32_t bit = 1U << cell;
      if (m.slots[cell].set) event.set |= bit;
      if (m.slots[cell].added) event.added |= bit;
      if (m.slots[cell].cleared) event.cleared |= bit;
    }
    if (m.op == Op::Create && m.given_id) event.set |= 16U;
    for (std::size_t i = 0; i < kEdgeCount[m.type]; ++i) {
      const Edge& edge = EdgeOf(m.type, i);
      const std::uint32_t bit = 1U << i;
      if (edge.kind != Edge::Kind::Own) continue;
      if (m.slots[edge.at].set) event.edges_added |= bit;
      if (m.slots[edge.at].cleared) event.edges_cleared |= bit;
    }
    for (const EdgeChange& change : m.edges) {
      const std::uint32_t bit = 1U << change.edge;
      if (!change.added.empty()) event.edges_added |= bit;
      if (!change.removed.empty()) event.edges_removed |= bit;
      if (change.cleared) event.edges_cleared |= bit;
    }
    if (hook.ids) {
      if (m.op != Op::Create && m.pinned) event.ids = m.touched ? *m.touched : *m.pinned;
      if (m.op == Op::Create && m.has_id) event.ids = {m.id};
    }
    if (!hook.old_rows || !m.old_rows) return event;
    for (const Row& row : *m.old_rows) {
      const bool stays =
          !m.touched || m.op == Op::Create ||
          std::find(m.touched->begin(), m.touched->end(), row.id) != m.touched->end();
      if (stays) event.old_rows.push_back(row);
    }
    return event;
  }

  // The write.

  Value Terminal(Mutation& m) {
    if (m.executed) throw Fault{"error"};
    Validate(m);
    if (m.may_wait) {
      if (!m.looked && !m.given_id && m.came == kNoConflict && !m.ChangesEdge()) {
        waiting_->rows.push_back(m);
        return {true, {}};
      }
      Flush();
    }
    const Value value = Carry(m);
    m.executed = true;
    return value;
  }
  static void Validate(Mutation& m) {
    if (m.op != Op::Create) return;
    ApplyDefaults(m);
    if (!m.given_id && m.type == kB) throw Fault{"validation"};
    if (!m.slots[kName].set) throw Fault{"validation"};
  }
  Value Carry(Mutation& m) {
    switch (m.op) {
      case Op::Create:
        if (m.came != kNoConflict) return CreateOrUpdate(m);
        Create(m);
        return {true, IsNeighbourOfItself(m) ? *Find(m.type, m.id) : AsGiven(m)};
      case Op::UpdateOne:
      case Op::Update: {
        const std::vector<Key> ids = Touched(m);
        if (m.IsOne() && ids.empty()) RefuseUntouched(m);
        if (m.ChangesField()) WriteFields(m, ids);
        WriteEdges(m, ids);
        if (m.op == Op::Update) return {false, {}, std::ssize(ids)};
        const Row* row = Find(m.type, m.id);
        if (row == nullptr) throw Fault{"not found"};
        return {true, *row};
      }
      default:
        return {false, {}, Delete(m)};
    }
  }
  /// The rows that are written; what hooks have asked for before is exactly these.
  std::vector<Key> Touched(Mutation& m) {
    std::vector<Key> ids = Matching(m);
    if (grapnel::Is(m.op, Op::Delete | Op::DeleteOne) && m.cause != kCascade) {
      std::erase_if(ids, [&](Key id) { return going_.contains({m.type, id}); });
    }
    m.touched = ids;
    return ids;
  }

  [[noreturn]] void RefuseUntouched(Mutation& m) const {
    const bool deletes = grapnel::Is(m.op, Op::Delete | Op::DeleteOne);
    const bool there = Has(m.type, m.id) && !(deletes && going_.contains({m.type, m.id}));
    m.stale = there && !m.where.empty();
    throw Fault{m.stale ? "stale" : "not found"};
  }

  static bool IsNeighbourOfItself(const Mutation& m) {
    return std::any_of(m.edges.begin(), m.edges.end(), [&](const EdgeChange& change) {
      const Edge& edge = EdgeOf(m.type, change.edge);
      return edge.kind == Edge::Kind::Their && edge.target == m.type &&
             std::find(change.added.begin(), change.added.end(), m.id) != change.added.end();
    });
  }
  Row AsGiven(const Mutation& m) const {
    Row row{m.id, {}};
    for (std::size_t cell = 0; cell < kCells; ++cell) {
      if (m.slots[cell].set) row.cells[cell] = m.slots[cell].value;
    }
    return row;
  }
  void Create(Mutation& m) {
    auto& rows = Rows(m.type);
    if (!m.given_id) m.id = rows.empty() ? 1 : rows.rbegin()->first + 1;
    if (rows.contains(m.id)) throw Fault{kUnique};
    m.has_id = true;
    rows[m.id] = AsGiven(m);
    CheckRow(m.type, m.id);
    CheckKeys(m.type, m.id);
    WriteEdges(m, {m.id}, true);
  }
  void CheckRow(Type type, Key id) const {
    const Row& row = *Find(type, id);
    for (const auto& [other, each] : now_.rows[type]) {
      if (other == id) continue;
      const bool same_badge =
          type == kA && row.cells[kBadge] != 0 && row.cells[kBadge] == each.cells[kBadge];
      if (each.cells[kName] == row.cells[kName] || same_badge) throw Fault{kUnique};
    }
  }
  static Type Referred(Type holder, std::size_t cell) {
    if (holder == kA) return cell == kParent ? kA : kB;
    return cell == kWhole ? kB : kA;
  }
  void CheckKeys(Type type, Key id) const {
    const Row& row = *Find(type, id);
    for (std::size_t cell = kFirstKey; cell < kCells; ++cell) {
      if (row.cells[cell] == 0) continue;
      if (!Has(Referred(type, cell), row.cells[cell])) throw Fault{kForeignKey};
    }
  }
  void WriteFields(const Mutation& m, const std::vector<Key>& ids) {
    for (const Key id : ids) {
      for (std::size_t cell = 0; cell < kCells; ++cell) {
        std::int64_t& to = Rows(m.type)[id].cells[cell];
        if (m.slots[cell].set) to = m.slots[cell].value;
        if (m.slots[cell].added) to += m.slots[cell].value;
        if (m.slots[cell].cleared) to = 0;
      }
    }
    for (const Key id : ids) CheckRow(m.type, id);
    for (const Key id : ids) CheckKeys(m.type, id);
  }

  // Edges that are not columns of the row itself.

  /// Of several rows, an Update's, the neighbours that go from any of them go first.
  void WriteEdges(const Mutation& m, const std::vector<Key>& ids, bool is_new = false) {
    const auto edge_of = [&](const EdgeChange& change) -> const Edge& {
      return EdgeOf(m.type, change.edge);
    };
    const bool together = m.op == Op::Update;
    for (const EdgeChange& change : m.edges) {
      const bool theirs = edge_of(change).kind == Edge::Kind::Their;
      if (together && theirs) ReleaseKeys(m, edge_of(change), ids, change);
    }
    for (const Key id : ids) {
      for (const EdgeChange& change : m.edges) {
        const Edge& edge = edge_of(change);
        if (edge.kind != Edge::Kind::Their) {
          WritePairs(edge, id, change, is_new);
          continue;
        }
        if (!together && !is_new) ReleaseKeys(m, edge, {id}, change);
        JoinKeys(m, edge, id, change.added);
      }
    }
  }
  void WritePairs(const Edge& edge, Key id, const EdgeChange& change, bool is_new) {
    const auto pair = [&](Key other, bool add) {
      const bool back = edge.kind == Edge::Kind::PairsBack;
      const std::pair<Key, Key> one{back ? other : id, back ? id : other};
      PairSet& pairs = now_.pairs[edge.at];
      add ? void(pairs.insert(one)) : void(pairs.erase(one));
      if (edge.at == 0) return;
      add ? void(pairs.emplace(other, id))
          : void(pairs.erase({other, id}));  // friends are mirrored
    };
    if (!is_new && (change.cleared || change.replaces)) {
      PairSet& pairs = now_.pairs[edge.at];
      const PairSet there = pairs;
      for (const auto& [one, other] : there) {
        const bool back = edge.kind == Edge::Kind::PairsBack;
        if ((back ? other : one) == id) pair(back ? one : other, false);
      }
    }
    for (const Key other : change.removed) pair(other, false);
    for (const Key other : change.added) {
      if (!Has(edge.target, other)) throw Fault{kForeignKey};
      pair(other, true);
    }
  }

  /// The neighbours that hold the key go from all rows at once, by an update of their own.
  void ReleaseKeys(const Mutation& by, const Edge& edge, const std::vector<Key>& ids,
                   const EdgeChange& change) {
    const auto is_in = [](const std::vector<Key>& list, Key id) {
      return std::find(list.begin(), list.end(), id) != list.end();
    };
    const auto release = [&](auto goes) {
      std::vector<Key> going;
      for (const auto& [other, row] : Rows(edge.target)) {
        if (is_in(ids, row.cells[edge.at]) && goes(other)) going.push_back(other);
      }
      if (!going.empty()) ChangeKeys(by, edge.target, edge.at, 0, going);
      for (const Key other : going) {
        const Row* row = Find(edge.target, other);
        if (row != nullptr && is_in(ids, row->cells[edge.at])) throw Fault{kForeignKey};
      }
    };
    if (change.cleared || change.replaces) {
      release([&](Key other) { return !is_in(change.added, other); });
    }
    release([&](Key other) { return is_in(change.removed, other); });
  }
  void JoinKeys(const Mutation& by, const Edge& edge, Key id, const std::vector<Key>& added) {
    std::vector<Key> free;
    for (const Key other : added) {
      if (!Has(edge.target, other)) throw Fault{kForeignKey};
    }
    for (const Key other : added) {
      const Key there = Find(edge.target, other)->cells[edge.at];
      if (there != 0 && there != id) throw Fault{kUnique};
      if (there == 0) free.push_back(other);
    }
    if (free.empty()) return;
    ChangeKeys(by, edge.target, edge.at, id, free);
    for (const Key other : added) {
      const Row* row = Find(edge.target, other);
      if (row == nullptr || row->cells[edge.at] != id) throw Fault{kForeignKey};
    }
  }
  void ChangeKeys(const Mutation& by, Type holder, std::size_t cell, Key to,
                  const std::vector<Key>& rows) {
    Mutation m{holder, Op::Update};
    m.cause = kCascade;
    m.plan = by.plan;
    m.slots[cell] = {to != 0, false, to == 0, false, to};
    m.where.push_back({{}, rows});
    Run(m);
  }

  // Upserts.

  Value CreateOrUpdate(Mutation& m) {
    const Row* found = FindConflict(m);
    if (found == nullptr) {
      Create(m);
      m.came = kInserted;
      return {true, *Find(m.type, m.id)};
    }
    m.given = m.id;
    m.id = found->id;
    m.has_id = true;
    m.old_rows = {*found};
    m.came = kUnchanged;
    if (m.write->conflict != OnConflict::Ignore) {
      if (const auto value = UpdateConflict(m)) return *value;
    }
    const Row* row = Find(m.type, m.id);
    if (row == nullptr) throw Fault{"not found"};
    return {true, *row};
  }
  const Row* FindConflict(const Mutation& m) const {
    if (m.write->conflict_on_id) return m.given_id ? Find(m.type, m.id) : nullptr;
    for (const auto& [id, row] : now_.rows[m.type]) {
      if (row.cells[kName] == m.slots[kName].value) return &row;
    }
    return nullptr;
  }
  std::optional<Value> UpdateConflict(Mutation& m) {
    Mutation update{m.type, Op::UpdateOne};
    if (m.write->conflict != OnConflict::Update) {
      for (std::size_t cell = 0; cell < kCells; ++cell) {
        const Slot& slot = m.slots[cell];
        if (!slot.defaulted && (cell != kName || m.write->conflict_on_id))
          update.slots[cell] = slot;
      }
      update.edges = m.edges;
      for (EdgeChange& change : update.edges) {
        const bool many = EdgeOf(m.type, change.edge).many;
        change.cleared = change.replaces && (many || change.added.empty());
      }
      std::erase_if(update.edges,
                    [](const EdgeChange& change) { return change.IsEmpty() && !change.replaces; });
    }
    if (m.write->conflict >= OnConflict::Update) {
      for (const Change& change : m.write->update) Apply(update, change);
      for (const Where& where : m.write->update_where) update.where.push_back({where});
    }
    if (!update.ChangesField() && !update.ChangesEdge()) return std::nullopt;
    update.id = m.id;
    update.has_id = true;
    update.cause = kUpsert;
    update.plan = m.plan;
    update.where.insert(update.where.end(), m.where.begin(), m.where.end());
    const State before = now_;
    try {
      const Value value = Run(update);
      if (update.executed) m.came = kUpdated;
      return value;
    } catch (const Fault& fault) {
      if (fault.kind != "stale" || !update.stale) throw;
      now_ = before;
      return std::nullopt;
    }
  }

  // Deletions.

  using Going = std::set<std::pair<Type, Key>>;

  std::int64_t Delete(Mutation& m) {
    const std::vector<Key> ids = Touched(m);
    if (m.IsOne() && ids.empty()) RefuseUntouched(m);
    const Going outer = going_;
    struct PutBack {
      Going& to;
      const Going& from;
      ~PutBack() { to = from; }
    } put_back{going_, outer};
    const auto levels = Collect(m.type, ids);
    for (std::size_t level = levels.size() - 1; level > 0; --level) DeleteLevel(m, levels[level]);
    for (const Type holder : {kA, kB}) {
      for (std::size_t cell = kFirstKey; cell < kCells; ++cell) {
        if (IsKey(holder, cell) && Referred(holder, cell) == m.type && !Cascades(holder, cell)) {
          ReleaseDeleted(m, holder, cell, ids);
        }
      }
    }
    RefuseNew(m, ids);
    std::int64_t count = 0;
    for (const Key id : ids) count += Erase(m.type, id) ? 1 : 0;
    if (m.type == kB || levels.size() > 1) RefuseLeft(outer);
    return count;
  }
  static bool IsKey(Type holder, std::size_t cell) { return holder == kB || cell < kWhole; }
  static bool Cascades(Type holder, std::size_t cell) {
    return holder == kB && (cell == kOwner || cell == kWhole);
  }

  /// All that hangs on the rows, level by level, but what goes already further out.
  std::vector<std::vector<Key>> Collect(Type type, const std::vector<Key>& ids) {
    for (const Key id : ids) going_.emplace(type, id);
    std::vector<std::vector<Key>> levels{ids};
    while (true) {
      const std::size_t cell = levels.size() == 1 && type == kA ? kOwner : kWhole;
      std::vector<Key> next;
      for (const auto& [other, row] : now_.rows[kB]) {
        const auto& last = levels.back();
        const bool refers = std::find(last.begin(), last.end(), row.cells[cell]) != last.end();
        if (refers && !going_.contains({kB, other})) next.push_back(other);
      }
      if (next.empty()) return levels;
      for (const Key id : next) going_.emplace(kB, id);
      levels.push_back(std::move(next));
    }
  }
  void DeleteLevel(const Mutation& by, const std::vector<Key>& ids) {
    const auto is_there = [&](Key id) { return Has(kB, id); };
    if (std::none_of(ids.begin(), ids.end(), is_there)) return;
    Mutation m{kB, Op::Delete};
    m.cause = kCascade;
    m.plan = by.plan;
    m.where.push_back({{}, ids});
    Run(m);
    if (std::any_of(ids.begin(), ids.end(), is_there)) throw Fault{kForeignKey};
  }
  /// Rows that stay lose their neighbour.
  void ReleaseDeleted(const Mutation& by, Type holder, std::size_t cell,
                      const std::vector<Key>& ids) {
    std::vector<Key> losing;
    const auto refers = [&](const Row& row) {
      return std::find(ids.begin(), ids.end(), row.cells[cell]) != ids.end();
    };
    for (const auto& [other, row] : now_.rows[holder]) {
      if (refers(row) && !going_.contains({holder, other})) losing.push_back(other);
    }
    if (losing.empty()) return;
    ChangeKeys(by, holder, cell, 0, losing);
    for (const Key id : losing) {
      const Row* row = Find(holder, id);
      if (row != nullptr && refers(*row)) throw Fault{kForeignKey};
    }
  }
  /// What hooks have made refer to the rows meanwhile would go or change behind the back of its
  /// own.
  void RefuseNew(const Mutation& m, const std::vector<Key>& ids) const {
    for (const Type holder : {kA, kB}) {
      for (std::size_t cell = kFirstKey; cell < kCells; ++cell) {
        if (!IsKey(holder, cell) || Referred(holder, cell) != m.type) continue;
        if (holder == kB && cell == kWhole) continue;  // RefuseLeft
        if (holder == kA && !Runs(m, kA, Op::Update)) continue;
        for (const auto& [other, row] : now_.rows[holder]) {
          if (std::find(ids.begin(), ids.end(), row.cells[cell]) == ids.end()) continue;
          if (Cascades(holder, cell) || !going_.contains({holder, other})) throw Fault{kForeignKey};
        }
      }
    }
  }
  /// A part of a whole that is gone, and that does not go further out.
  void RefuseLeft(const Going& outer) const {
    for (const auto& [id, row] : now_.rows[kB]) {
      const Key whole = row.cells[kWhole];
      if (whole != 0 && !Has(kB, whole) && !outer.contains({kB, id})) throw Fault{kForeignKey};
    }
  }
  bool Erase(Type type, Key id) {
    if (now_.rows[type].erase(id) == 0) return false;
    for (const Type holder : {kA, kB}) {
      for (auto& [other, row] : now_.rows[holder]) {
        for (std::size_t cell = kFirstKey; cell < kCells; ++cell) {
          const bool refers = row.cells[cell] == id && Referred(holder, cell) == type;
          if (refers && (holder != kB || cell != kWhole)) row.cells[cell] = 0;
        }
      }
    }
    std::erase_if(now_.pairs[0],
                  [&](const auto& pair) { return (type == kA ? pair.first : pair.second) == id; });
    if (type == kB) return true;
    std::erase_if(now_.pairs[1],
                  [&](const auto& pair) { return pair.first == id || pair.second == id; });
    return true;
  }

  const Program* program_ = nullptr;
  State now_;
  std::vector<Level> levels_;
  std::vector<std::size_t> registered_;
  std::set<std::size_t> used_;
  Waiting* waiting_ = nullptr;
  Going going_;  // rows that are being deleted
  std::vector<Event>* events_ = nullptr;
  int budget_ = 0;
};

}  // namespace programs
