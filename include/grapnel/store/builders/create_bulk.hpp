#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/builders/create.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/write/run.hpp>

#include <concepts>
#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::store {

/// Creates a row for each element of a range, of builders or of entities: all of them or none. Runs
/// once. Builders say what is set, and are of the client, transaction and view that the bulk is of.
/// Of entities every member is taken as it is given, but an id of 0 or "": a `created_at` that
/// nobody has filled in is written as it stands, std::nullopt as NULL; Omit leaves them to their
/// defaults and to hooks.
template <class E, class Range>
class [[nodiscard]] CreateBulk {
 public:
  CreateBulk(detail::HandlePtr handle, Range&& rows)
      : handle_(std::move(handle)), rows_(std::forward<Range>(rows)) {}
  CreateBulk(CreateBulk&&) noexcept = default;
  CreateBulk& operator=(CreateBulk&&) noexcept = default;

  /// Leaves these fields and edges of entities unset, as if they were no members: their defaults
  /// and hooks set them. `CreateBulk(users).Omit(F<&User::created_at>).Save()`
  template <auto... Ms>
  CreateBulk& Omit(MemberToken<Ms>...) & {
    static_assert(std::convertible_to<std::ranges::range_reference_t<Range>, const E&>,
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
  /// returned in their place. An empty range runs no hook. Throws: as Create::Save; of a
  /// ConstraintError or ValidationError, Row() tells the row, from 0.
  std::vector<E> Save() {
    if (!handle_) {
      throw Error(std::string(detail::kTable<E>.entity) +
                  ": this bulk is spent: it ran already, or was moved from; make a new one");
    }
    handle_->store->driver->CheckNotInherited();
    const detail::HandlePtr handle = std::move(handle_);
    std::vector<E> made;
    if constexpr (std::ranges::sized_range<std::remove_reference_t<Range>>) {
      made.reserve(static_cast<std::size_t>(std::ranges::size(rows_)));
    }
    detail::RunBulk(handle, detail::kTable<E>, &made,
                    [&](detail::BulkRun& bulk) { Run(handle, bulk); });
    return made;
  }

 private:
  template <auto M>
  void OmitOne() {
    static_assert(detail::FieldOf<E, M> || detail::EdgeOf<E, M>,
                  "this member is neither a field nor an edge of this entity");
    omitted_members_.push_back(
        [](E& entity) { entity.*M = std::remove_reference_t<decltype(entity.*M)>{}; });
    if constexpr (detail::FieldOf<E, M>) omitted_.set(detail::kPlaceOf<E, M>);
  }

  void Run(const detail::HandlePtr& handle, detail::BulkRun& bulk) {
    for (auto&& row : rows_) {
      if constexpr (std::same_as<std::remove_cvref_t<decltype(row)>, Create<E>>) {
        auto& m = row.Target();
        row.TakeFor(handle);
        bulk.Run(m);
      } else {
        static_assert(std::convertible_to<decltype(row), const E&>,
                      "CreateBulk takes a range of entities or of their Create() builders");
        auto m = Mutation<E>::Access::Make(Op::Create);
        E& entity = Mutation<E>::Access::Entity(m);
        entity = row;
        for (const auto empty : omitted_members_) empty(entity);
        m.Core().SetAll();
        omitted_.ForEach([&](std::size_t place) { m.Core().Reset(place); });
        bulk.Run(m);
      }
    }
  }

  detail::HandlePtr handle_;
  Range rows_;
  std::vector<void (*)(E&)> omitted_members_;
  detail::FieldSet omitted_;
};

}  // namespace grapnel::store
