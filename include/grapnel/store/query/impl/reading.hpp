#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/store/predicate/tree.hpp>
#include <grapnel/store/query/reading.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel {

GRAPNEL_DEFINE void AnyReading::CheckOpen() const {
  if (!done_) return;
  throw Error(core::Concat(
      {Type(),
       ": an interceptor narrowed a read that was carried out already: say it before next"}));
}

GRAPNEL_DEFINE void AnyReading::AddWhere(const store::PredicatePtr& where) {
  CheckOpen();
  where_ = store::Both(std::move(where_), where);
}

GRAPNEL_DEFINE void AnyReading::WhereField(std::string_view name, const FieldValue& value) {
  AddWhere(store::FieldIs(table_, name, value));
}

GRAPNEL_DEFINE void AnyReading::AtMost(std::int64_t rows) {
  if (rows < 0) throw Error("AtMost takes a number of rows, not " + std::to_string(rows));
  CheckOpen();
  if (!at_most_ || *at_most_ > rows) at_most_ = rows;
}

/// For the machine.
struct AnyReading::Access {
  static const store::PredicatePtr& Where(const AnyReading& r) noexcept { return r.where_; }
  static const std::optional<std::int64_t>& Limit(const AnyReading& r) noexcept {
    return r.at_most_;
  }
  static void SetDone(AnyReading& r, bool done) noexcept { r.done_ = done; }
};

namespace detail {

GRAPNEL_DEFINE void ReaderHooks::Add(const core::StoredHook& hook) {
  all.push_back(hook);
  all.back().SetMixin(mixin);
}

[[noreturn]] GRAPNEL_DEFINE void RefuseFound(const AnyReading& r) {
  throw TypeMismatchError(
      r.Type(), "",
      core::Concat(
          {"an interceptor returned something else than was asked for: ", Name(r.Kind())}));
}

}  // namespace detail
}  // namespace grapnel
