#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/query/sql.hpp>
#include <grapnel/store/tx/guard.hpp>
#include <grapnel/store/tx/impl/tx.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace grapnel::detail {

/// One value that was read, as an engine gives it.
class ReadValue final : public Row {
 public:
  /// `numeric`: a text is a number.
  ReadValue(const FieldValue& value, bool numeric) noexcept
      : value_(value), number_(numeric ? value.As<std::string>() : nullptr) {}

  bool IsNull(int) override { return value_.IsNull(); }
  bool Bool(int at) override {
    const auto* flag = value_.As<bool>();
    return flag != nullptr ? *flag : Int(at) != 0;
  }
  std::int64_t Int(int) override {
    if (number_ != nullptr) return WholeNumber();
    return Get<std::int64_t>("an integer");
  }
  double Real(int) override {
    if (number_ != nullptr) return RealNumber();
    const auto* whole = value_.As<std::int64_t>();
    return whole != nullptr ? static_cast<double>(*whole) : Get<double>("a real");
  }
  std::string_view Text(int) override { return Get<std::string>("a text"); }
  std::span<const std::byte> Blob(int) override { return Get<FieldValue::Bytes>("a blob"); }

 private:
  template <class T>
  const T& Get(std::string_view wanted) const {
    if (const T* value = value_.As<T>()) return *value;
    constexpr std::string_view names[] = {"NULL",   "a bool", "an integer",
                                          "a real", "a text", "a blob"};
    throw BadValue(core::Concat({"it is ", names[value_.Index()], ", not ", wanted,
                                 value_.IsNull() ? "; a std::optional takes it" : ""}));
  }

  std::int64_t WholeNumber() const {
    std::int64_t whole = 0;
    const char* const end = number_->data() + number_->size();
    const auto [rest, failed] = std::from_chars(number_->data(), end, whole);
    const bool fraction = rest != end && std::string_view(rest, end).find_first_not_of(".0") !=
                                             std::string_view::npos;
    if (failed == std::errc() && !fraction) return whole;
    throw BadValue(core::Concat({"the value ", *number_, " is no integer of 64 bits"}));
  }
  double RealNumber() const {
    double real = 0;
    const auto parsed = std::from_chars(number_->data(), number_->data() + number_->size(), real);
    if (parsed.ec != std::errc()) {
      throw BadValue(core::Concat({"the value ", *number_, " leaves the range of reals"}));
    }
    if (std::isnan(real)) throw BadValue("it is NaN, not a real");
    return real;
  }

  const FieldValue& value_;
  const std::string* number_;  // null: it is none
};

/// What stands for the name of an entity in errors about SQL.
inline constexpr std::string_view kSql = "SQL";

inline std::vector<FieldValue> MakeValues(std::initializer_list<SqlValue> given) {
  std::vector<FieldValue> values;
  values.reserve(given.size());
  for (const SqlValue& each : given) {
    try {
      const FieldValue& value = values.emplace_back(each.make(each.value));
      const auto* real = value.As<double>();
      if (real != nullptr && std::isnan(*real)) RefuseNan();
    } catch (const BadValue& error) {
      const std::size_t at = static_cast<std::size_t>(&each - given.begin()) + 1;
      throw ValidationError(kSql, core::Concat({"?", std::to_string(at)}), grapnel::Op{},
                            error.what());
    }
  }
  return values;
}

GRAPNEL_DEFINE store::SqlRows RunSql(const HandlePtr& handle, std::string_view text,
                                     std::initializer_list<SqlValue> given, bool only_reads) {
  const std::vector<FieldValue> values = MakeValues(given);
  const store::RawSql sql{text, values};
  if (handle->transaction) {
    const Tx::Access::Finish finish{handle};
    return store::SqlRows(
        handle->transaction->Run(*handle->GetLevel(), handle->context, sql, only_reads));
  }
  Marks::Guard(*handle->store);
  handle->context.ThrowIfCancelled();
  const store::Lease lease = handle->store->driver->Reader(handle->context);
  lease->Watch(&handle->context);
  if (lease->Prepare(sql).writes) {
    const TxError error(
        "SQL that writes was run outside of a transaction, where it only reads: "
        "client.WithTx([&](grapnel::Tx& tx) { tx.Sql(...); })");
    lease->TellRefused(sql, error.what());
    throw error;
  }
  return store::SqlRows(lease->Run(sql));
}

}  // namespace grapnel::detail

namespace grapnel::store {

GRAPNEL_DEFINE SqlRows::SqlRows(RawResult&& result) noexcept
    : columns_(std::move(result.columns)),
      rows_(std::move(result.rows)),
      numerics_(std::move(result.numerics)),
      changes_(result.changes),
      was_run_(result.was_run) {}

GRAPNEL_DEFINE void SqlRows::CheckColumns(std::size_t wanted) const {
  if (wanted == columns_.size() || !was_run_) return;
  std::string names;
  for (const std::string& column : columns_) {
    core::Append(names, {names.empty() ? " (" : ", ", column});
  }
  if (!names.empty()) names += ')';
  throw TypeMismatchError(
      detail::kSql, wanted < columns_.size() ? columns_[wanted] : "",
      core::Concat({"As<...>() names ", core::Counted(wanted, "type"), ", and the statement has ",
                    core::Counted(columns_.size(), "column"), names}));
}

GRAPNEL_DEFINE void SqlRows::Load(std::size_t row, std::size_t column, void* into,
                                  void (*load)(void* into, detail::Row& from)) const {
  detail::ReadValue value(rows_[row][column], column < numerics_.size() && numerics_[column]);
  try {
    load(into, value);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw TypeMismatchError(
        detail::kSql, columns_[column],
        core::Concat({error.what(), " (row ", std::to_string(row), ", counted from 0)"}));
  }
}

}  // namespace grapnel::store
