#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What is in a database, as far as a migration looks at it.
namespace grapnel::store::sql {

enum class ObjectKind : std::uint8_t { Table, View, Other, Index };

/// What bears a name in the database.
struct Object {
  ObjectKind kind;
  std::string name;
  std::string table{};  // of an index
  std::string sql{};    // its description, where the engine keeps one
  bool gone = false;    // the plan drops it
};

/// A column of a table that is in the database.
struct StoredColumn {
  std::string name, type;
  bool not_null;
  bool has_default;
  bool is_key;     // the primary key, alone or with others
  bool makes_ids;  // the engine makes its values
  bool in_view;    // which has no key
  bool generated;
};

struct StoredIndex {
  bool plain = true;  // whole columns, in their order, as CREATE INDEX makes it
  bool unique = false;
  bool partial = false;
  bool made = false;           // as Grapnel makes it, whatever its condition is
  bool of_constraint = false;  // the table's description makes it
  bool keeps_unique = false;   // at once, whoever made it and however, where the engine tells that
  std::vector<std::string> columns{};
  std::string where{};  // of one that is made and partial: what was asked for
};

/// A foreign key.
struct StoredKey {
  std::string holder;                  // the table that has it
  std::vector<std::string> columns{};  // of the holder
  std::string table{};                 // that it refers to
  std::vector<std::string> to{};       // columns of that one; "" for its primary key
  std::string action{};                // when the row goes that it refers to
};

}  // namespace grapnel::store::sql
