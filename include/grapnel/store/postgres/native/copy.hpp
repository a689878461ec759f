#pragma once

#include <grapnel/model/row.hpp>
#include <grapnel/store/postgres/native/text.hpp>
#include <grapnel/store/postgres/native/types.hpp>
#include <grapnel/store/postgres/native/values.hpp>

#include <libpq-fe.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace grapnel::postgres::detail {

/// Rows as COPY takes them in binary.
/// Source: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"
class CopyRows final : public grapnel::detail::Binder {
 public:
  CopyRows() {
    using namespace std::string_view_literals;
    bytes_ = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"sv;
  }

  void BeginRow(std::size_t columns) { Put(static_cast<std::uint16_t>(columns)); }
  void End() { Put(std::uint16_t{0xFFFF}); }

  void Null(int) override { Put(std::uint32_t{0xFFFFFFFF}); }
  void Null(int at, Oid) { Null(at); }
  static void Expect(int, Oid) noexcept {}
  void Bool(int, bool value) override {
    Put(std::uint32_t{1});
    bytes_ += value ? '\1' : '\0';
  }
  void Int(int, std::int64_t value) override {
    Put(std::uint32_t{8});
    Put(static_cast<std::uint64_t>(value));
  }
  void Real(int, double value) override {
    Put(std::uint32_t{8});
    Put(std::bit_cast<std::uint64_t>(value));
  }
  void Text(int, std::string_view value, bool) override {
    RefuseText(value);
    Put(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
  }
  void Blob(int, std::span<const std::byte> value, bool) override {
    Put(static_cast<std::uint32_t>(value.size()));
    bytes_.append(reinterpret_cast<const char*>(value.data()), value.size());
  }
  static constexpr bool Shows() noexcept { return false; }
  static void Show(int, const std::string&) noexcept {}

  std::string_view Bytes() const noexcept { return bytes_; }
  void Clear() noexcept { bytes_.clear(); }

 private:
  template <class N>
  void Put(N number) {
    const N swapped = Swapped(number);
    bytes_.append(reinterpret_cast<const char*>(&swapped), sizeof(swapped));
  }

  std::string bytes_;
};

}  // namespace grapnel::postgres::detail
