#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/model/field_set.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/builders/create.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>

#include <cstddef>
#include <exception>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::detail {

class BulkRun;
class TurnFinder;
struct AllAsGiven;
struct TypeActions;

/// A bulk, its type forgotten: compiled once for all types.
class AnyBulk {
 public:
  AnyBulk(AnyBulk&&) noexcept = default;
  AnyBulk& operator=(AnyBulk&&) noexcept = default;

  /// What runs the rows, one after the other.
  class Rows {
   public:
    /// Creates one of this entity.
    GRAPNEL_DECLARE void Add(const void* entity);
    /// Creates the one that a builder says.
    GRAPNEL_DECLARE void Add(AnyBuilder& builder);

   private:
    friend AnyBulk;
    Rows(const AnyBulk& bulk, const HandlePtr& handle, BulkRun* run, const TypeActions& actions,
         AllAsGiven* given, TurnFinder* finder) noexcept
        : bulk_(bulk),
          handle_(handle),
          run_(run),
          actions_(actions),
          given_(given),
          finder_(finder) {}

    const AnyBulk& bulk_;
    const HandlePtr& handle_;
    BulkRun* run_;  // null: a finder only looks at them
    const TypeActions& actions_;
    AllAsGiven* given_;  // to builders, where the bulk may have to run again
    TurnFinder* finder_;
    std::size_t builders_ = 0;
  };

  /// Runs deletions: this does not compile.
  template <class... Ts>
  requires CreateAndUpdateAreRunBySave<Ts...>
  void Exec(const Ts&...) = delete;

 protected:
  /// `of`: of the object that makes the bulk. Throws: Error when that was moved from; StorageError
  /// in a child of fork().
  GRAPNEL_DECLARE AnyBulk(const HandlePtr& of, const Table& table);
  ~AnyBulk() = default;

  /// Whether the rows may be asked for more than once.
  GRAPNEL_DECLARE bool MayRunAgain() const;
  void OmitField(std::size_t place) noexcept { omitted_.set(place); }
  /// `reset(entity)`: empties the member.
  GRAPNEL_DECLARE void OmitEdge(void (*reset)(void* entity));
  /// Runs `rows(to)` in one transaction; what comes back goes to `made`, a std::vector of entities.
  /// `of_builders`: where the bulk may run again they are looked at before.
  GRAPNEL_DECLARE void Save(void* made, core::FunctionRef<void(Rows&)> rows, bool of_builders);

 private:
  HandlePtr handle_;
  const Table* table_;
  FieldSet omitted_;
  std::vector<void (*)(void* entity)> omitted_edges_;
};

namespace range {

using std::begin;
template <class Range>
auto Begin(Range& range) {
  return begin(range);
}
using std::end;
template <class Range>
auto End(Range& range) {
  return end(range);
}
/// What a loop over the range is given.
template <class Range>
using Element = decltype(*begin(std::declval<Range&>()));

}  // namespace range

template <class Row, class E>
concept EntityRow = requires(Row row, void (&take)(const E&)) {
  take(static_cast<Row&&>(row));
};

}  // namespace grapnel::detail

namespace grapnel::store {

template <class E, class Range>
class [[nodiscard("nothing is written before Save()")]] CreateBulk;

/// Creates a row for each element of a range, of builders or of entities: all of them or none. Runs
/// once. Builders say what is set, and are of the client, transaction and view that the bulk is of.
/// Of entities every member is taken as it is given, but an id of 0 or "": a `created_at` that
/// nobody has filled in is written as it stands, std::nullopt as NULL; Omit leaves them to their
/// defaults and to hooks.
template <class E, class Range>
class CreateBulk : public detail::AnyBulk {
  using Row = detail::range::Element<std::remove_reference_t<Range>>;

 public:
  CreateBulk(const detail::HandlePtr& of, Range&& rows)
      : AnyBulk(of, detail::kTable<E>), rows_(std::forward<Range>(rows)) {}

  /// Leaves these fields and edges of entities unset, as if they were no members: their defaults
  /// and hooks set them. `CreateBulk(users).Omit(F<&User::created_at>).Save()`
  template <auto... Ms>
  CreateBulk& Omit(MemberToken<Ms>...) & {
    static_assert(detail::EntityRow<Row, E>,
                  "Omit is for entities: a builder sets nothing but what it is told to");
    (OmitOne<Ms>(), ...);
    return *this;
  }
  template <auto... Ms>
  CreateBulk&& Omit(MemberToken<Ms>... members) && {
    return std::move(Omit(members...));
  }

  /// Runs the hooks of each row and inserts it, row by row, in one transaction: before 1, write 1,
  /// after 1, before 2, and so on. Returns: the entities in the range's order, or what hooks
  /// returned in their place. An empty range runs no hook. Threads: where writers run beside each
  /// other, bulks in transactions of their own whose builders are to meet the same rows, by
  /// OnConflict, go one after the other, whatever their order; one of more than 64 such rows goes
  /// when no other one of its type does. Throws: as Create::Save; of a ConstraintError or
  /// ValidationError, Row() tells the row, from 0.
  std::vector<E> Save() {
    std::vector<E> made;
    if constexpr (requires { rows_.size(); }) {
      made.reserve(static_cast<std::size_t>(rows_.size()));
    }
    constexpr bool of_builders = std::is_same_v<std::remove_cvref_t<Row>, Create<E>>;
    if constexpr (!std::forward_iterator<decltype(detail::range::Begin(rows_))> ||
                  !std::is_lvalue_reference_v<Row>) {
      // The range is passed through once: what makes its rows may have moved them out of others.
      if (MayRunAgain()) {
        Passed passed;
        AnyBulk::Save(
            &made, [&](Rows& to) { Run(passed, to); }, of_builders);
        return made;
      }
    }
    AnyBulk::Save(
        &made, [this](Rows& to) { Run(rows_, to); }, of_builders);
    return made;
  }

 private:
  template <auto M>
  void OmitOne() {
    static_assert(detail::FieldOf<E, M> || detail::EdgeOf<E, M>,
                  "this member is neither a field nor an edge of this entity");
    if constexpr (detail::FieldOf<E, M>) {
      OmitField(detail::kPlaceOf<E, M>);
    } else {
      OmitEdge([](void* entity) { static_cast<E*>(entity)->*M = typename MemberToken<M>::Type{}; });
    }
  }

  /// How far a range was passed through, the rows that it gave, and how it failed.
  struct Passed {
    std::vector<std::vector<std::remove_cvref_t<Row>>> rows{};  // each stays where it is
    std::optional<decltype(detail::range::Begin(std::declval<std::remove_reference_t<Range>&>()))>
        at{};
    bool is_taken = false;  // the row at which it is
    std::exception_ptr thrown{};
  };

  void Run(Passed& passed, Rows& to) {
    for (auto& row : passed.rows) Add(row.front(), to);
    while (TakeNext(passed)) Add(passed.rows.back().front(), to);
  }
  bool TakeNext(Passed& passed) {
    if (passed.thrown) std::rethrow_exception(passed.thrown);
    try {
      if (!passed.at) passed.at.emplace(detail::range::Begin(rows_));
      if (std::exchange(passed.is_taken, false)) ++*passed.at;
      if (*passed.at == detail::range::End(rows_)) return false;
      std::vector<std::remove_cvref_t<Row>> row;
      row.push_back(**passed.at);
      passed.rows.push_back(std::move(row));
      return passed.is_taken = true;
    } catch (...) {
      passed.thrown = std::current_exception();
      throw;
    }
  }
  template <class From>
  void Run(From& rows, Rows& to) {
    for (auto&& row : rows) Add(row, to);
  }
  template <class Each>
  static void Add(Each& row, Rows& to) {
    if constexpr (std::is_same_v<std::remove_cvref_t<Row>, Create<E>>) {
      to.Add(row);
    } else {
      static_assert(detail::EntityRow<Row, E>,
                    "CreateBulk takes a range of entities or of their Create() builders");
      const E& entity = row;
      to.Add(&entity);
    }
  }

  Range rows_;
};

}  // namespace grapnel::store

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/builders/impl/create_bulk.hpp>  // IWYU pragma: keep
#endif
