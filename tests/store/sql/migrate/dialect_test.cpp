#include <grapnel/store/sql/migrate/dialect.hpp>

#include <grapnel/store/sqlite/migrate/dialect.hpp>

#include "support/catch.hpp"

namespace {

/// An engine that says no more than it has to.
struct Plain final : grapnel::store::sql::MigrationDialect {
  Plain() : MigrationDialect(grapnel::sqlite::detail::kDialect) {}
  grapnel::store::sql::NameRule Equal() const noexcept override {
    return [](std::string_view left, std::string_view right) { return left == right; };
  }
  Fault ObjectNameFault(std::string_view) const override { return std::nullopt; }
  Fault ColumnNameFault(std::string_view) const override { return std::nullopt; }
  bool Fits(const std::string& declared, std::string_view wanted) const override {
    return declared == wanted;
  }
  std::string MakesNoIds(std::string_view, std::string_view) const override { return ""; }
  std::string IdText(const grapnel::detail::Column&) const override { return ""; }
  std::string BytesText(std::string_view) const override { return ""; }
  std::string InfinityText(bool) const override { return ""; }
  std::string NulText(std::string_view) const override { return ""; }
};

}  // namespace

TEST_CASE("B160 an engine that says no more describes columns by their names and types alone") {
  const Plain plain;
  CHECK((!plain.KeyNameFault("any") && plain.CollationText("TEXT").empty()));
  CHECK((plain.CommentText("words").empty() && plain.KeyText().empty()));
  CHECK((plain.Engine() == "SQLite" && plain.TypeName(grapnel::FieldKind::Int) == "INTEGER"));
  CHECK(plain.IndexedText("a \"b\"", true) == R"("a ""b""")");
}
