#include <grapnel/store/describe/drawing.hpp>

#include "support/catch.hpp"

namespace drawing = grapnel::store::drawing;

TEST_CASE("texts are told apart from the language of the picture") {
  CHECK(drawing::InMermaid("a \"b\"\n<c>#;") == "a #34;b#34;<br/>#60;c#62;#35;#59;");
  CHECK(drawing::InMermaid("`a` %%{b}") == "#96;a#96; #37;#37;{b}");
  CHECK(drawing::WordInMermaid("Ab1_ -\"") == "Ab1____");
  CHECK(drawing::WordInMermaid("pk") == "_pk");
  CHECK(drawing::WordInMermaid("UK") == "_UK");
  CHECK(drawing::WordInMermaid("ok") == "ok");
  CHECK(drawing::WordInMermaid("2fa") == "_2fa");
  CHECK(drawing::WordInMermaid("") == "_");
  CHECK(drawing::InDot("a\"b\\c d{") == "a\\\"b\\\\c d{");
  CHECK(drawing::InDot({"a\0b", 3}) == "ab");
  CHECK(drawing::InDotHtml("a {b}<c> & \"\\\n\x01\u00e4") ==
        "a {b}&#60;c&#62; &#38; &#34;\\<br/>?\u00e4");
}
