#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace grapnel::detail {

inline constexpr std::size_t kMaxFields = 128;

/// A set of an entity's fields, by their place in Table::columns.
class FieldSet {
 public:
  constexpr void set(std::size_t place) noexcept { Word(place) |= Bit(place); }
  constexpr void reset(std::size_t place) noexcept { Word(place) &= ~Bit(place); }
  constexpr bool test(std::size_t place) const noexcept {
    return (words_[place / 64] & Bit(place)) != 0;
  }
  constexpr bool any() const noexcept { return (words_[0] | words_[1]) != 0; }
  constexpr bool none() const noexcept { return !any(); }

  friend constexpr FieldSet operator|(FieldSet left, FieldSet right) noexcept {
    return {left.words_[0] | right.words_[0], left.words_[1] | right.words_[1]};
  }
  friend constexpr FieldSet operator&(FieldSet left, FieldSet right) noexcept {
    return {left.words_[0] & right.words_[0], left.words_[1] & right.words_[1]};
  }
  friend constexpr FieldSet operator~(FieldSet set) noexcept {
    return {~set.words_[0], ~set.words_[1]};
  }
  friend constexpr bool operator==(FieldSet, FieldSet) noexcept = default;

  /// Calls `visit(place)` for each field of the set, in their order.
  template <class Visitor>
  constexpr void ForEach(Visitor visit) const {
    for (std::size_t word = 0; word < 2; ++word) {
      for (std::uint64_t rest = words_[word]; rest != 0; rest &= rest - 1) {
        visit(word * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
      }
    }
  }

  constexpr FieldSet() = default;

 private:
  constexpr FieldSet(std::uint64_t low, std::uint64_t high) noexcept : words_{low, high} {}
  constexpr std::uint64_t& Word(std::size_t place) noexcept { return words_[place / 64]; }
  static constexpr std::uint64_t Bit(std::size_t place) noexcept {
    return std::uint64_t{1} << (place % 64);
  }

  std::uint64_t words_[2] = {};
};

}  // namespace grapnel::detail
