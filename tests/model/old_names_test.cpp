#include <grapnel/model/old_names.hpp>

#include "support/catch.hpp"

#include <string_view>
#include <vector>

using grapnel::detail::OldNames;

TEST_CASE("B160 old names are kept in the order in which they are said") {
  constexpr OldNames kNone{};
  CHECK(kNone.empty());
  constexpr OldNames kTwo = [] {
    OldNames names;
    names.Add("b");
    names.Add("a");
    return names;
  }();
  CHECK_FALSE(kTwo.empty());
  CHECK(std::vector<std::string_view>(kTwo.begin(), kTwo.end()) ==
        std::vector<std::string_view>{"b", "a"});
}
