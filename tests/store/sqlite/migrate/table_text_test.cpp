#include <grapnel/store/sqlite/migrate/table_text.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

using grapnel::sqlite::detail::TableText;

namespace {

/// The text after a change.
template <class F>
std::string Changed(std::string_view text, F change) {
  TableText table{std::string(text)};
  change(table);
  return table.Text();
}

}  // namespace

TEST_CASE("B160 a NOT NULL is taken out of a column, and nothing else is touched") {
  const auto allow = [](std::string_view text) {
    return Changed(text, [](TableText& t) { t.AllowNull("a"); });
  };
  CHECK(
      allow(R"(CREATE TABLE "t" ("id" INTEGER NOT NULL, "a" TEXT NOT NULL /* c */, b NOT NULL))") ==
      R"(CREATE TABLE "t" ("id" INTEGER NOT NULL, "a" TEXT /* c */, b NOT NULL))");
  CHECK(allow("CREATE TABLE t(A)") == "CREATE TABLE t(A)");
  CHECK(allow("CREATE TABLE t(x,[A]varchar(9, 2)NOT/*,*/NULL ON CONFLICT FAIL,y)STRICT") ==
        "CREATE TABLE t(x,[A]varchar(9, 2),y)STRICT");
  CHECK(
      allow("CREATE TABLE t(`a` TEXT CONSTRAINT \"x y\" not\nnull DEFAULT 'NOT NULL' CHECK (a NOT "
            "NULL))") == "CREATE TABLE t(`a` TEXT DEFAULT 'NOT NULL' CHECK (a NOT NULL))");
  CHECK(
      allow("CREATE TABLE t(-- a NOT NULL, (\n'a' TEXT REFERENCES x ON DELETE SET NULL NOT "
            "DEFERRABLE NOT NULL)") ==
      "CREATE TABLE t(-- a NOT NULL, (\n'a' TEXT REFERENCES x ON DELETE SET NULL NOT DEFERRABLE)");
  CHECK(allow("CREATE TABLE t(b NOT NULL, CHECK (a NOT NULL), a TEXT NOT NULL NOT NULL)") ==
        "CREATE TABLE t(b NOT NULL, CHECK (a NOT NULL), a TEXT)");
}

TEST_CASE("B160 a column's type is changed, whatever it was") {
  const auto real = [](std::string_view text) {
    return Changed(text, [](TableText& t) { t.SetType("a\"b", "REAL"); });
  };
  CHECK(real(R"(CREATE TABLE t (x, "a""b" INTEGER NOT NULL))") ==
        R"(CREATE TABLE t (x, "a""b" REAL NOT NULL))");
  CHECK(real(R"(CREATE TABLE t ("a""b" unsigned big int (3) DEFAULT 3, x))") ==
        R"(CREATE TABLE t ("a""b" REAL DEFAULT 3, x))");
  CHECK(real(R"(CREATE TABLE t ("a""b"))") == R"(CREATE TABLE t ("a""b" REAL))");
}

TEST_CASE("B161 a column's foreign key is taken away, and only that") {
  const auto drop = [](std::string_view text) {
    return Changed(text, [](TableText& t) { t.DropKey("a"); });
  };
  CHECK(drop("CREATE TABLE t (a, b, CONSTRAINT \"t_a\" FOREIGN KEY (\"A\") REFERENCES p (x) ON "
             "DELETE CASCADE, FOREIGN KEY (b) REFERENCES p)") ==
        "CREATE TABLE t (a, b, FOREIGN KEY (b) REFERENCES p)");
  CHECK(drop("CREATE TABLE t (a, b, FOREIGN KEY (a, b) REFERENCES p)") ==
        "CREATE TABLE t (a, b, FOREIGN KEY (a, b) REFERENCES p)");
}

TEST_CASE("B161 what Grapnel has made bears its mark, column by column") {
  const std::string text =
      Changed(R"(CREATE TABLE "t" ("id" INTEGER /* (, */, "a" TEXT, PRIMARY KEY ("id")))",
              [](TableText& t) { t.Mark(); });
  CHECK(text == R"(CREATE TABLE "t" ("id" INTEGER /*Grapnel*/ /* (, */, "a" TEXT /*Grapnel*/, )"
                R"(PRIMARY KEY ("id")))");
  CHECK((TableText(text).IsMade() && TableText(text).IsMade("A") && TableText(text).IsMade("id")));
  CHECK_FALSE(TableText(text).IsMade("b"));
  const TableText theirs(
      R"(CREATE TABLE t (id, a /*Grapnel*/, "/*Grapnel*/", b '/*Grapnel*/', c -- /*Grapnel*/)"
      "\n)");
  CHECK_FALSE(theirs.IsMade());
  CHECK(theirs.IsMade("a"));
  CHECK_FALSE((theirs.IsMade("/*Grapnel*/") || theirs.IsMade("b") || theirs.IsMade("c")));
  CHECK(theirs.HasColumn("/*grapnel*/"));
}

TEST_CASE("B160 constraints and the table get other names") {
  const auto renamed = [](const std::string& text) {
    return Changed(text, [](TableText& t) { t.RenameKey("a", "x", "y"); });
  };
  CHECK(renamed("CREATE TABLE t (\"CONSTRAINT x\", a CONSTRAINT x REFERENCES p, b CONSTRAINT x "
                "REFERENCES p, CONSTRAINT x FOREIGN KEY (b) REFERENCES p)") ==
        "CREATE TABLE t (\"CONSTRAINT x\", a CONSTRAINT \"y\" REFERENCES p, b CONSTRAINT x "
        "REFERENCES p, CONSTRAINT x FOREIGN KEY (b) REFERENCES p)");
  CHECK(renamed("CREATE TABLE t (a CONSTRAINT x NOT NULL, CONSTRAINT 'x' FOREIGN KEY ([A]) "
                "REFERENCES p, CONSTRAINT x CHECK (a))") ==
        "CREATE TABLE t (a CONSTRAINT x NOT NULL, CONSTRAINT \"y\" FOREIGN KEY ([A]) "
        "REFERENCES p, CONSTRAINT x CHECK (a))");
  const std::string other =
      "CREATE TABLE t (a CONSTRAINT z REFERENCES p, CONSTRAINT x FOREIGN KEY (a, b) REFERENCES p)";
  CHECK(renamed(other) == other);
  CHECK(Changed("CREATE TABLE \"a (b\"(x)", [](TableText& t) { t.SetName("n"); }) ==
        "CREATE TABLE \"n\"(x)");
  CHECK(Changed("CREATE TABLE t (a CHECK (t.a > 't.a'), b CHECK (\"T\" . b > t), c DEFAULT 't.a')",
                [](TableText& t) { t.SetName("n"); }) ==
        "CREATE TABLE \"n\" (a CHECK (a > 't.a'), b CHECK (b > t), c DEFAULT 't.a')");
}

TEST_CASE("B161 it is told what names a column, and what CHECKs ask for") {
  const TableText text(
      "CREATE TABLE t (a CHECK (a > (1)), b REFERENCES p (a) CHECK (c), c AS ('a'), CONSTRAINT k "
      "CHECK (d), UNIQUE (e, f), x DEFAULT (a))");
  CHECK(text.UserOf("A") == "column \"b\"");
  CHECK(text.UserOf("c") == "column \"b\"");
  CHECK(text.UserOf("d") == "constraint \"k\"");
  CHECK(text.UserOf("f") == "a UNIQUE of the table");
  CHECK(text.UserOf("b") == std::nullopt);
  CHECK(text.Checks() == std::vector<std::string>{"a > (1)", "c", "d"});
}

TEST_CASE("B160 texts of any bytes are read to their end") {
  for (const std::string text :
       {"", "CREATE TABLE t", "CREATE TABLE t (", "(", "((,",
        "CREATE TABLE t (a, "
        "'",
        "/*", "CREATE TABLE t (CONSTRAINT", "CREATE TABLE t (CONSTRAINT x FOREIGN",
        "CREATE TABLE t (a NOT", "--", "CREATE TABLE t ()"}) {
    TableText table(text);
    if (table.HasColumn("a")) table.AllowNull("a");
    table.DropKey("a");
    table.Mark();
    table.RenameKey("a", "x", "b");
    table.SetName("b");
    static_cast<void>(table.UserOf("a"));
    static_cast<void>(table.Checks());
    static_cast<void>(table.Text());
  }
}
