#pragma once

#include <grapnel/base/shared.hpp>
#include <grapnel/base/type.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/value.hpp>

#include <cstddef>
#include <vector>

namespace grapnel {

/// One end of an edge, as a member of an entity: any number of neighbours of type T, which may
/// still be incomplete. Describe it by To or From in `Schema<E>::Edges()`. It is never written with
/// its entity: builders and mutations change the edge by its token, `.AddIDs(F<&User::friends>, {7,
/// 9})`. A copy shares the loaded neighbours, which nobody changes.
///
/// Throws, from all that reads: NotLoadedError unless a query asked for the neighbours,
/// `.With(F<&User::friends>)`.
template <class T>
class Many {
 public:
  using Neighbour = T;

  /// Whether the neighbours were asked for, be there any or not.
  bool IsLoaded() const noexcept { return neighbours_ != nullptr; }
  const std::vector<T>& Get() const& {
    if (!neighbours_) detail::RefuseNotLoaded(edge_, core::TypeName<T>());
    return *neighbours_;
  }
  /// Of a temporary, a copy, which outlives it.
  std::vector<T> Get() && { return Get(); }

  auto begin() const { return Get().begin(); }
  auto end() const { return Get().end(); }
  std::size_t size() const { return Get().size(); }
  bool empty() const { return Get().empty(); }
  const T& operator[](std::size_t at) const { return Get()[at]; }

 private:
  friend detail::ManyOps<T>;

  core::Shared<std::vector<T>> neighbours_;
  const detail::EdgeEnd* edge_ = nullptr;
};

namespace detail {

/// What is done with a Many at an address.
template <class T>
struct ManyOps {
  static void Attach(void* member, const EdgeEnd& edge) {
    static_assert(CheckComplete<T>());
    Of(member).edge_ = &edge;
  }
  static FieldValue Unload(void* member) {
    Of(member).neighbours_.Reset();
    return {};
  }
  static void Start(void* member) { Of(member).neighbours_ = core::MakeShared<std::vector<T>>(); }
  static void* Emplace(void* member) {
    return kEntityOps<T>.AppendRow(Of(member).neighbours_.Get());
  }
  static std::size_t Size(const void* member) {
    return static_cast<const Many<T>*>(member)->neighbours_->size();
  }
  static void* At(void* member, std::size_t at) { return &(*Of(member).neighbours_)[at]; }
  static void Take(void* member, void* rows) {
    kEntityOps<T>.SwapRows(Of(member).neighbours_.Get(), rows);
  }
  static void Give(void* member, void* rows) { Take(member, rows); }

 private:
  static Many<T>& Of(void* member) { return *static_cast<Many<T>*>(member); }
};

}  // namespace detail
}  // namespace grapnel
