#include <grapnel/store/postgres/native/text.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <string_view>

using namespace grapnel::postgres::detail;
using namespace std::string_view_literals;

namespace {

/// Wherever the text stands among others: some are looked at eight bytes at a time.
void CheckEverywhere(std::string_view text, const char* reason) {
  for (std::size_t before = 0; before < 18; ++before) {
    for (const std::size_t behind : {0U, 1U, 7U, 16U}) {
      const std::string whole =
          std::string(before, 'a') + std::string(text) + std::string(behind, '~');
      INFO(before << " " << behind);
      if (reason == nullptr) {
        CHECK_NOTHROW(RefuseText(whole));
      } else {
        CHECK_THROWS_WITH(RefuseText(whole), reason);
      }
    }
  }
}

}  // namespace

TEST_CASE("UTF-8 is held: none at all, and the ends of each length") {
  CHECK_NOTHROW(RefuseText(""));
  for (const auto text :
       {"\x01"sv, "\x7F"sv, "\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv, "\xED\x9F\xBF"sv,
        "\xEE\x80\x80"sv, "\xEF\xBF\xBF"sv, "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
    INFO(text);
    CheckEverywhere(text, nullptr);
  }
}

TEST_CASE("B178 NUL is refused, and so is what is no UTF-8") {
  CheckEverywhere("\0"sv, kNulText);
  CheckEverywhere("\xC3\xA4\0"sv, kNulText);
  for (const auto text : {"\x80"sv, "\xBF"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC2"sv, "\xC2\x20"sv,
                          "\xE0\x80\x80"sv, "\xE0\x9F\xBF"sv, "\xE2\x82"sv, "\xED\xA0\x80"sv,
                          "\xED\xBF\xBF"sv, "\xF0\x80\x80\x80"sv, "\xF0\x8F\xBF\xBF"sv,
                          "\xF0\x9F\x98"sv, "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\xFF"sv}) {
    CheckEverywhere(text, kNotUtf8);
  }
}
