#include <grapnel/store/sql/migrate/planner.hpp>

#include <grapnel/schema/schema.hpp>
#include <grapnel/store/sqlite/migrate/planner.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace planner_test {

struct Note {
  std::int64_t id = 0;
  std::string text;
  std::int64_t stars = 0;
};

}  // namespace planner_test

template <>
struct grapnel::Schema<planner_test::Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr std::string_view WasNamed = "notice";
  static constexpr auto Fields() {
    using planner_test::Note;
    return grapnel::Fields(Field<&Note::text>("text").WasNamed("body"),
                           Field<&Note::stars>("stars").Default(3));
  }
  static constexpr auto Indexes() { return grapnel::Indexes(Index<&planner_test::Note::stars>()); }
};

TEST_CASE("B160 a plan renames, adds, fills, and makes indexes last") {
  using grapnel::store::StepKind;
  grapnel::sqlite::detail::NativeConnection db({":memory:", ":memory:", true, false});
  db.Execute("CREATE TABLE notice (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
  db.Execute("INSERT INTO notice VALUES (1, 'a')");
  const std::vector<const grapnel::detail::Table*> tables{
      &grapnel::detail::kTable<planner_test::Note>};
  const auto plan = grapnel::sqlite::detail::SqlitePlanner(db, false, tables).Plan().plan;
  std::vector<StepKind> kinds;
  for (const auto& step : plan.steps) kinds.push_back(step.kind);
  CHECK(kinds == std::vector<StepKind>{StepKind::RenameTable, StepKind::RenameColumn,
                                       StepKind::AddColumn, StepKind::FillColumns,
                                       StepKind::ChangeTable, StepKind::CreateIndex});
  CHECK(plan.hindrances.empty());
}
