#pragma once

#include <grapnel/model/codec.hpp>
#include <grapnel/model/value.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// One cell of a database that there is none of: holds what was bound last, and reads it back as an
/// engine does, refusing another storage class.
class Cell final : public grapnel::detail::Binder, public grapnel::detail::Row {
 public:
  using Value = grapnel::FieldValue;
  using Bytes = Value::Bytes;

  Cell() = default;
  explicit Cell(Value stored) : value(std::move(stored)) {}

  Value value;
  bool temporary = false;

  void Null(int) override { value = {}; }
  void Int(int, std::int64_t v) override { value = v; }
  void Real(int, double v) override { value = v; }
  void Text(int, std::string_view v, bool copy) override { value = v, temporary = copy; }
  void Blob(int, std::span<const std::byte> v, bool copy) override {
    value = Bytes(v.begin(), v.end());
    temporary = copy;
  }

  bool IsNull(int) override { return value.IsNull(); }
  std::int64_t Int(int) override { return As<std::int64_t>(); }
  double Real(int) override { return As<double>(); }
  std::string_view Text(int) override { return As<std::string>(); }
  std::span<const std::byte> Blob(int) override { return As<Bytes>(); }

 private:
  template <class T>
  const T& As() const {
    if (const T* held = value.As<T>()) return *held;
    throw grapnel::detail::BadValue("it is " + ToString(value));
  }
};
