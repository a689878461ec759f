#pragma once

#include <grapnel/core/op.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/builders/create.hpp>
#include <grapnel/store/detail/run.hpp>
#include <grapnel/store/error.hpp>

#include <concepts>
#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel::store {

/// Creates a row for each element of a range, of builders or of entities: all of them or none. Runs once.
template <class E, class Range>
class CreateBulk {
 public:
  CreateBulk(detail::HandlePtr handle, Range&& rows)
      : handle_(std::move(handle)), rows_(std::forward<Range>(rows)) {}
  CreateBulk(CreateBulk&&) noexcept = default;
  CreateBulk& operator=(CreateBulk&&) noexcept = default;

  /// Runs the hooks of each row and inserts it, row by row, in one transaction: before 1, write 1,
  /// after 1, before 2, and so on. Returns: the entities in the range's order, or what hooks returned in
  /// their place. An empty range runs no hook.
  /// Throws: as Create::Save; of a ConstraintError, Row() tells the row, counted from 0.
  std::vector<E> Save() {
    if (!handle_) throw Error(std::string(detail::kTable<E>.entity) + ": this bulk is spent");
    const detail::HandlePtr handle = std::move(handle_);
    return detail::Atomically(
        handle, false, [&](const detail::HandlePtr& inside) { return Run(inside); },
        [](CommittedError& error, const std::vector<E>& made) { error.SetValue(made); });
  }

 private:
  std::vector<E> Run(const detail::HandlePtr& inside) {
    const detail::Run<E> run(*inside->store, *inside->GetLevel());
    std::vector<E> made;
    if constexpr (std::ranges::sized_range<std::remove_reference_t<Range>>) {
      made.reserve(static_cast<std::size_t>(std::ranges::size(rows_)));
    }
    for (auto&& row : rows_) {
      try {
        if constexpr (std::same_as<std::remove_cvref_t<decltype(row)>, Create<E>>) {
          auto& m = row.Target();
          static_cast<void>(row.Take());
          made.push_back(std::move(detail::RunInside(inside, run, m).Entity()));
        } else {
          static_assert(std::convertible_to<decltype(row), const E&>,
                        "CreateBulk takes a range of entities or of their Create() builders");
          auto m = FromEntity(row);
          made.push_back(std::move(detail::RunInside(inside, run, m).Entity()));
        }
      } catch (const ConstraintError& error) {
        if (error.Row() || error.Entity() != detail::kTable<E>.entity) throw;
        throw error.InRow(made.size());
      }
    }
    return made;
  }

  /// A mutation that sets every field but those that are std::nullopt.
  static Mutation<E> FromEntity(const E& row) {
    using Access = typename Mutation<E>::Access;
    auto m = Access::Make(Op::Create);
    E& entity = Access::Entity(m);
    entity = row;
    detail::MutationCore& core = Access::Core(m);
    for (std::size_t i = 0; i < detail::kTable<E>.columns.size(); ++i) {
      const detail::Column& column = detail::kTable<E>.columns[i];
      core.Normalize(i, [&] { column.ops->normalize(column.at(&entity)); });
      if (!column.ops->is_null(column.at(&entity))) core.MarkSet(i);
    }
    for (std::size_t i = 0; i < detail::kTable<E>.edges.size(); ++i) {
      const detail::EdgeInfo& edge = detail::kTable<E>.edges[i];
      const FieldValue neighbour = edge.ops->unload(edge.at(&entity));
      if (neighbour.IsNull()) continue;
      core.CheckIds(i, {neighbour});
      core.AddIDs(i, {neighbour}, &entity);
    }
    detail::kTable<E>.AttachEdges(&entity);
    const detail::Column& id = detail::kTable<E>.Id();
    if (id.ops->is_zero != nullptr && id.ops->is_zero(id.at(&entity))) core.Reset(0, &entity);
    return m;
  }

  detail::HandlePtr handle_;
  Range rows_;
};

}  // namespace grapnel::store
