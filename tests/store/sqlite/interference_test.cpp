#include <grapnel/store/sqlite/interference.hpp>

#include "support/catch.hpp"

namespace sqlite = grapnel::sqlite::detail;

TEST_CASE("what others do to a table is looked up once for each version of the schema") {
  sqlite::NativeConnection native({":memory:", ":memory:", true, false});
  for (const char* sql :
       {"CREATE TABLE t (a)", "CREATE TABLE strange (a UNIQUE ON CONFLICT IGNORE)",
        "CREATE TABLE computed (a, b AS (a + 1))"}) {
    native.Execute(sql);
  }
  sqlite::Interference interference(native);
  sqlite::Interference::Known t, strange, computed;
  interference.Begin();
  CHECK(interference.WritesPlainly("T", t));
  CHECK_FALSE(interference.WritesPlainly("strange", strange));
  CHECK_FALSE(interference.WritesPlainly("computed", computed));
  CHECK(t.seen_in == strange.seen_in);

  native.Execute("CREATE TRIGGER theirs AFTER INSERT ON t BEGIN SELECT 1; END");
  CHECK(interference.WritesPlainly("t", t));  // of the same transaction, as far as it was told
  interference.NoteChange();
  CHECK_FALSE(interference.WritesPlainly("t", t));
  native.Execute("DROP TRIGGER theirs");
  CHECK(interference.WritesPlainly("t", t));
  native.Execute("CREATE TRIGGER theirs AFTER INSERT ON t BEGIN SELECT 1; END");
  interference.Begin();
  CHECK_FALSE(interference.WritesPlainly("t", t));
}
