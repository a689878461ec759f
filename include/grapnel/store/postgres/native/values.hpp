#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/row.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/postgres/native/text.hpp>
#include <grapnel/store/postgres/native/types.hpp>

#include <libpq-fe.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::postgres::detail {

/// An array of one dimension in binary.
/// Source: src/backend/utils/adt/arrayfuncs.c, array_recv
inline std::string ArrayBytes(std::span<const FieldValue> values, Oid type) {
  std::string bytes;
  const auto put = [&](auto number) {
    const auto swapped = Swapped(static_cast<std::make_unsigned_t<decltype(number)>>(number));
    bytes.append(reinterpret_cast<const char*>(&swapped), sizeof(swapped));
  };
  bytes.reserve(20 + values.size() * 12);
  put(std::int32_t{values.empty() ? 0 : 1});
  put(std::int32_t{1});  // some may be NULL
  put(static_cast<std::int32_t>(type));
  if (values.empty()) return bytes;
  put(static_cast<std::int32_t>(values.size()));
  put(std::int32_t{1});  // counted from 1
  for (const FieldValue& value : values) {
    if (const auto* number = value.As<std::int64_t>()) {
      put(std::int32_t{8});
      put(*number);
    } else if (const auto* flag = value.As<bool>()) {
      put(std::int32_t{1});
      bytes += *flag ? '\1' : '\0';
    } else if (const auto* real = value.As<double>()) {
      put(std::int32_t{8});
      put(std::bit_cast<std::int64_t>(*real));
    } else if (const auto* text = value.As<std::string>()) {
      RefuseText(*text);
      put(static_cast<std::int32_t>(text->size()));
      bytes += *text;
    } else if (const auto* blob = value.As<FieldValue::Bytes>()) {
      put(static_cast<std::int32_t>(blob->size()));
      bytes.append(reinterpret_cast<const char*>(blob->data()), blob->size());
    } else {
      put(std::int32_t{-1});
    }
  }
  return bytes;
}

/// The parameters of a statement, counted from 1, in binary. Throws: BadValue for a text that
/// PostgreSQL cannot hold.
class Parameters final : public grapnel::detail::Binder {
 public:
  /// For so many, all NULL of any type. `shown`: the values as observers are told them, each hidden
  /// until it is shown; null where nobody asks.
  void Reset(std::size_t count, std::vector<std::string>* shown) {
    types_.assign(count, kAnyType);
    values_.assign(count, nullptr);
    lengths_.assign(count, 0);
    formats_.assign(count, 1);
    numbers_.resize(count);
    owned_.clear();
    shown_ = shown;
    if (shown_ != nullptr) shown_->assign(count, "***");
  }
  std::size_t Count() const noexcept { return types_.size(); }

  /// NULL of any type, or of the type that was expected.
  void Null(int at) override { values_[Place(at)] = nullptr; }
  void Null(int at, Oid type) { Expect(at, type); }
  /// What is bound there is of that type, a NULL too.
  void Expect(int at, Oid type) {
    types_[Place(at)] = type;
    values_[Place(at)] = nullptr;
  }
  void Bool(int at, bool value) override {
    *reinterpret_cast<char*>(&numbers_[Place(at)]) = value ? '\1' : '\0';
    SetNumber(at, kBool, 1);
  }
  void Int(int at, std::int64_t value) override {
    numbers_[Place(at)] = Swapped(static_cast<std::uint64_t>(value));
    SetNumber(at, kInt8, 8);
  }
  void Real(int at, double value) override {
    numbers_[Place(at)] = Swapped(std::bit_cast<std::uint64_t>(value));
    SetNumber(at, kFloat8, 8);
  }
  void Text(int at, std::string_view value, bool temporary) override {
    RefuseText(value);
    Set(at, kText, value, temporary);
  }
  /// A text that is no value of anybody: where it is none, the server says so.
  void Name(int at, std::string_view name) { Set(at, kText, name, false); }
  void Blob(int at, std::span<const std::byte> value, bool temporary) override {
    Set(at, kBytea, {reinterpret_cast<const char*>(value.data()), value.size()}, temporary);
  }
  /// An array of the values, all of one type or NULL; without any, of `type`.
  void List(int at, std::span<const FieldValue> values, Oid type = kText) {
    for (const FieldValue& value : values) {
      if (!value.IsNull()) type = OidOf(value);
    }
    Set(at, ArrayOf(type), owned_.emplace_back(ArrayBytes(values, type)), false);
  }
  /// A text that stands for a value of whatever type the server finds out.
  void Untyped(int at, std::string_view value) {
    RefuseText(value);
    Set(at, kAnyType, value, false);
    formats_[Place(at)] = 0;
  }

 private:
  void Set(int at, Oid type, std::string_view bytes, bool temporary) {
    if (temporary) bytes = owned_.emplace_back(bytes);
    types_[Place(at)] = type;
    values_[Place(at)] = bytes.data() == nullptr ? "" : bytes.data();
    lengths_[Place(at)] = static_cast<int>(bytes.size());
  }

 public:
  /// Whether values are shown to observers, to which nothing is of a sensitive field.
  bool Shows() const noexcept { return shown_ != nullptr; }
  [[gnu::cold]] void Show(int at, std::string value) {
    if (shown_ != nullptr && Place(at) < shown_->size()) (*shown_)[Place(at)] = std::move(value);
  }

  const std::vector<Oid>& Types() const noexcept { return types_; }
  const char* const* Values() const noexcept { return values_.data(); }
  const int* Lengths() const noexcept { return lengths_.data(); }
  const int* Formats() const noexcept { return formats_.data(); }

 private:
  static std::size_t Place(int at) noexcept { return static_cast<std::size_t>(at) - 1; }
  void SetNumber(int at, Oid type, int length) noexcept {
    types_[Place(at)] = type;
    values_[Place(at)] = reinterpret_cast<const char*>(&numbers_[Place(at)]);
    lengths_[Place(at)] = length;
  }

  std::vector<Oid> types_;
  std::vector<const char*> values_;
  std::vector<int> lengths_, formats_;
  std::vector<std::uint64_t> numbers_;  // as they are sent
  std::deque<std::string> owned_;
  std::vector<std::string>* shown_ = nullptr;
};

struct ClearResult {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

/// A whole number or a real of a numeric in binary.
/// Source: src/backend/utils/adt/numeric.c, numeric_send
struct NumericBytes {
  const char* bytes;

  double Real() const noexcept {
    const auto digits = Word(0);
    const int weight = Word(1);
    if (static_cast<std::uint16_t>(Word(2)) >= 0xC000) return __builtin_nan("");
    double value = 0;
    for (int i = 0; i < digits; ++i) value = value * 10000 + Word(4 + i);
    for (int i = digits - 1; i < weight; ++i) value *= 10000;
    for (int i = weight; i < digits - 1; ++i) value /= 10000;
    return Word(2) != 0 ? -value : value;
  }
  /// False where it is no whole number of 64 bits.
  bool Whole(std::int64_t& value) const noexcept {
    const int digits = Word(0), weight = Word(1);
    const auto sign = static_cast<std::uint16_t>(Word(2));
    if (sign >= 0xC000 || digits > weight + 1) return false;
    value = 0;
    for (int i = 0; i <= weight; ++i) {
      if (__builtin_mul_overflow(value, 10000, &value)) return false;
      const std::int64_t digit = i < digits ? Word(4 + i) : 0;
      if (__builtin_add_overflow(value, sign != 0 ? -digit : digit, &value)) return false;
    }
    return true;
  }

 private:
  std::int16_t Word(int at) const noexcept {
    return ReadNumber<std::int16_t>(bytes + std::ptrdiff_t{2} * at);
  }
};

/// Reads one row of a result in binary, columns counted from 0.
class ResultRow : public grapnel::detail::Row {
 public:
  explicit ResultRow(const PGresult* result, int row = 0) noexcept : result_(result), row_(row) {}

  const PGresult* Get() const noexcept { return result_; }
  int At() const noexcept { return row_; }
  void MoveTo(int row) noexcept { row_ = row; }

  std::size_t Rows() const noexcept override {
    return static_cast<std::size_t>(PQntuples(result_));
  }
  bool IsNull(int at) override { return PQgetisnull(result_, row_, at) != 0; }
  bool Bool(int at) override {
    if (TypeOf(at) != kBool) return Int(at) != 0;
    return *Bytes(at, "a boolean") != 0;
  }
  std::int64_t Int(int at) override {
    const char* bytes = Bytes(at, "an integer");
    switch (TypeOf(at)) {
      case kInt8:
        return ReadNumber<std::int64_t>(bytes);
      case kInt4:
        return ReadNumber<std::int32_t>(bytes);
      case kInt2:
        return ReadNumber<std::int16_t>(bytes);
      case kOid:
        return ReadNumber<std::uint32_t>(bytes);
      case kNumeric:
        if (std::int64_t value = 0; NumericBytes{bytes}.Whole(value)) return value;
        [[fallthrough]];
      default:
        Refuse(at, "an integer");
    }
  }
  double Real(int at) override {
    const char* bytes = Bytes(at, "a real");
    switch (TypeOf(at)) {
      case kFloat8:
        return ReadReal(bytes);
      case kFloat4:
        return std::bit_cast<float>(ReadNumber<std::uint32_t>(bytes));
      case kNumeric:
        return NumericBytes{bytes}.Real();
      case kInt8:
      case kInt4:
      case kInt2:
        return static_cast<double>(Int(at));
      default:
        Refuse(at, "a real");
    }
  }
  std::string_view Text(int at) override {
    const char* bytes = Bytes(at, "a text");
    if (!IsTextual(TypeOf(at))) Refuse(at, "a text");
    return {bytes, Size(at)};
  }
  std::span<const std::byte> Blob(int at) override {
    const char* bytes = Bytes(at, "a bytea");
    if (TypeOf(at) != kBytea) Refuse(at, "a bytea");
    return {reinterpret_cast<const std::byte*>(bytes), Size(at)};
  }

 private:
  Oid TypeOf(int at) const noexcept { return PQftype(result_, at); }
  std::size_t Size(int at) const noexcept {
    return static_cast<std::size_t>(PQgetlength(result_, row_, at));
  }
  const char* Bytes(int at, std::string_view wanted) const {
    if (PQgetisnull(result_, row_, at) != 0) [[unlikely]]
      throw BadValue(core::Concat({"it is NULL, not ", wanted}));
    return PQgetvalue(result_, row_, at);
  }
  [[noreturn, gnu::cold]] void Refuse(int at, std::string_view wanted) const {
    throw BadValue(core::Concat({"it is ", NameOf(TypeOf(at)), ", not ", wanted}));
  }

  const PGresult* result_;
  int row_;
};

}  // namespace grapnel::postgres::detail
