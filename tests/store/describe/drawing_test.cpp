#include <grapnel/store/describe/drawing.hpp>

#include "support/catch.hpp"

namespace drawing = grapnel::store::drawing;

TEST_CASE("texts are told apart from the language of the picture") {
  CHECK(drawing::InMermaid("a \"b\"\n<c>#;") == "a #34;b#34;<br/>#60;c#62;#35;#59;");
  CHECK(drawing::WordInMermaid("Ab1_ -\"") == "Ab1____");
  CHECK(drawing::InDot("a\"b\\c\nd{") == "a\\\"b\\\\c\\nd{");
  CHECK(drawing::InDot("a {b}|<c> \"\\", true) == "a\\ \\{b\\}\\|\\<c\\>\\ \\\"\\\\");
}
