#pragma once

/// What is in the database of the engine under test, told alike of each.

#include <string>

#include "support/engine/raw.hpp"

namespace engine {

/// Changes whenever the description of anything does.
Lines Version(const std::string& where);
/// The descriptions of everything.
Lines Described(const std::string& where);
/// Both, and the rows of `rows`, where there is such a table.
Lines State(const std::string& where, const std::string& rows = "");
/// "name|type|not null" of each column of a table, in their order; types by SQLite's names.
Lines Columns(const std::string& where, const std::string& table);
/// "name|unique|columns" of each index of a table, but that of its key, by their names.
Lines Indexes(const std::string& where, const std::string& table);
/// The columns of a table that have a DEFAULT.
Lines Defaulted(const std::string& where, const std::string& table);
/// "table|column|column there|what happens when the row there is deleted" of each foreign key of a
/// table, by their columns.
Lines Keys(const std::string& where, const std::string& table);
/// The first of what a "|" divides, of each row.
Lines Firsts(const Lines& rows);
/// What is broken: rows whose foreign keys refer to nothing, and what the engine itself finds.
Lines Broken(const std::string& where);
/// "kind|name" of what others have made, by their names: triggers, views.
Lines Others(const std::string& where);

}  // namespace engine
