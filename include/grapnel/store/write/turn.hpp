#pragma once

#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/mutation/draft.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace grapnel::detail {

/// Finds out which rows the upserts of a bulk are to meet, as far as their caller has said it, so
/// that bulks of the same rows go one after the other, and none waits for a row of another that
/// waits for one of its own.
class TurnFinder {
 public:
  explicit TurnFinder(const Table& table) { turn_.table = &table; }

  /// A row of the bulk.
  void Note(const Draft& m) noexcept {
    if (!m.conflict) return;
    try {
      std::uint64_t number = 14'695'981'039'346'656'037U;  // FNV-1a, the same in all programs
      for (const std::size_t place : m.conflict->columns) {
        if (!m.set.test(place))
          return;  // NULL meets no row, nor does an id that is still to be made
        const Column& column = m.table->columns[place];
        const FieldValue value = column.ops->to_value(column.at_const(m.entity));
        Mix(number, place);
        Mix(number, value);
      }
      turn_.rows.push_back(static_cast<std::int64_t>(number));
    } catch (...) {  // NOLINT(bugprone-empty-catch): its write tells
    }
  }

  /// Null where no other bulk can be in the way of this one.
  const store::Turn* Find() {
    auto& rows = turn_.rows;
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows.size() < 2 ? nullptr : &turn_;
  }

 private:
  static void Mix(std::uint64_t& number, std::uint64_t eight) noexcept {
    for (int shift = 0; shift < 64; shift += 8) MixByte(number, eight >> shift);
  }
  static void Mix(std::uint64_t& number, const FieldValue& value) {
    if (const auto* integer = value.As<std::int64_t>()) {
      return Mix(number, static_cast<std::uint64_t>(*integer));
    }
    if (const auto* bytes = value.As<FieldValue::Bytes>()) {
      for (const std::byte each : *bytes) MixByte(number, std::to_integer<std::uint64_t>(each));
      return;
    }
    const auto* text = value.As<std::string>();
    for (const char c : text != nullptr ? *text : ToString(value)) {
      MixByte(number, static_cast<unsigned char>(c));
    }
  }
  static void MixByte(std::uint64_t& number, std::uint64_t byte) noexcept {
    number = (number ^ (byte & 0xff)) * 1'099'511'628'211U;
  }

  store::Turn turn_{};
};

}  // namespace grapnel::detail
