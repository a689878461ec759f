#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

/// What a migration may do beyond what keeps everything that is there.
enum class Allow : std::uint8_t {
  Drop = 1,  // columns and tables of Grapnel's own making that the schema does not have go, with
             // what is in them: those of a newer program too
};

namespace store {

/// What a step of a migration does.
enum class StepKind : std::uint8_t {
  RenameTable,
  RenameColumn,
  DropIndex,
  CreateTable,
  AddColumn,
  FillColumns,   // the rows that are there get the Defaults of new columns
  ChangeTable,   // its description alone: no row is touched
  RebuildTable,  // it is made anew, and its rows are copied
  DropColumn,
  DropTable,
  CreateIndex,
  CheckKeys,  // that every foreign key of a table, and to it, still refers to a row
};

/// "rename table", "add column" and so on.
constexpr std::string_view Name(StepKind kind) noexcept {
  constexpr std::string_view names[] = {"rename table", "rename column", "drop index",
                                        "create table", "add column",    "fill columns",
                                        "change table", "rebuild table", "drop column",
                                        "drop table",   "create index",  "check keys"};
  return names[static_cast<std::size_t>(kind)];
}

/// One step of a migration. Names are those in the database; those of tables and columns are the
/// names that they have in the end.
struct Step {
  StepKind kind;
  std::string table;
  std::string name{};    // of the column or the index
  std::string was{};     // of what is renamed: its name before
  std::string reason{};  // why, or what changes, where the statements do not say it by themselves
  std::vector<std::string> statements{};  // in the engine's own language, in their order
};

/// A column or a table in the database that the schema does not have, and that stays.
struct Leftover {
  std::string table;
  std::string column;  // "" : the whole table
  bool droppable;      // Grapnel has made it: it goes with Allow::Drop
};

/// What brings a database to the schema.
struct Plan {
  std::vector<Step> steps{};
  std::vector<Leftover> leftovers{};
  std::vector<std::string> hindrances{};  // rows that break what the schema asks: each refuses it
};

}  // namespace store
}  // namespace grapnel
