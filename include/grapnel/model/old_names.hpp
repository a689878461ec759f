#pragma once

#include <cstddef>
#include <string_view>

namespace grapnel::detail {

/// What a column or a table was called before, the last of its names first.
class OldNames {
 public:
  static constexpr std::size_t kMost = 3;

  constexpr void Add(std::string_view name) {
    if (size_ == kMost) throw "WasNamed can be said three times of one field or edge";
    names_[size_++] = name;
  }
  constexpr const std::string_view* begin() const noexcept { return names_; }
  constexpr const std::string_view* end() const noexcept { return names_ + size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }

 private:
  std::string_view names_[kMost]{};
  std::size_t size_ = 0;
};

}  // namespace grapnel::detail
