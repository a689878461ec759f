#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/concat.hpp>
#include <grapnel/core/error.hpp>
#include <grapnel/model/value.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace grapnel {

GRAPNEL_DEFINE FieldValue::FieldValue(const char* value) {
  if (value == nullptr) throw Error("a null pointer is no text: std::nullopt is NULL");
  ::new (static_cast<void*>(&text_)) std::string(value);
  type_ = Type::Text;
}

GRAPNEL_DEFINE void FieldValue::CopyOwned(const FieldValue& from) {
  if (from.type_ == Type::Text) {
    ::new (static_cast<void*>(&text_)) std::string(from.text_);
  } else {
    ::new (static_cast<void*>(&bytes_)) Bytes(from.bytes_);
  }
  type_ = from.type_;  // last: what throws leaves nothing to drop
}

GRAPNEL_DEFINE void FieldValue::TakeOwned(FieldValue& from) noexcept {
  if (from.type_ == Type::Text) {
    ::new (static_cast<void*>(&text_)) std::string(std::move(from.text_));
  } else {
    ::new (static_cast<void*>(&bytes_)) Bytes(std::move(from.bytes_));
  }
  type_ = from.type_;
}

GRAPNEL_DEFINE void FieldValue::DropOwned() noexcept {
  if (type_ == Type::Text) {
    text_.~basic_string();
  } else {
    bytes_.~vector();
  }
  type_ = Type::Null;
}

GRAPNEL_DEFINE bool operator==(const FieldValue& left, const FieldValue& right) noexcept {
  if (left.type_ != right.type_) return false;
  switch (left.type_) {
    case FieldValue::Type::Bool:
      return left.flag_ == right.flag_;
    case FieldValue::Type::Int:
      return left.integer_ == right.integer_;
    case FieldValue::Type::Real:
      return left.real_ == right.real_;
    case FieldValue::Type::Text:
      return left.text_ == right.text_;
    case FieldValue::Type::Bytes:
      return left.bytes_ == right.bytes_;
    default:
      return true;
  }
}

GRAPNEL_DEFINE std::string ToString(const FieldValue& value) {
  if (const bool* flag = value.As<bool>()) return *flag ? "true" : "false";
  if (const auto* number = value.As<std::int64_t>()) return std::to_string(*number);
  if (const auto* real = value.As<double>()) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.17g", *real);
    return digits;
  }
  if (const auto* text = value.As<std::string>()) return core::Concat({"\"", *text, "\""});
  if (const auto* bytes = value.As<FieldValue::Bytes>()) {
    return core::Concat({"blob(", std::to_string(bytes->size()), " bytes)"});
  }
  return "NULL";
}

namespace detail {

GRAPNEL_DEFINE std::size_t HashOfValue::operator()(const FieldValue& value) const noexcept {
  if (const auto* number = value.As<std::int64_t>()) return std::hash<std::int64_t>()(*number);
  if (const auto* text = value.As<std::string>()) return std::hash<std::string>()(*text);
  if (const auto* bytes = value.As<FieldValue::Bytes>()) {
    return std::hash<std::string_view>()(
        {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  }
  return value.Index();
}

}  // namespace detail
}  // namespace grapnel
