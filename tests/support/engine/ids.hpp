#pragma once

#include <string>

#include "support/engine/raw.hpp"
#include "support/engine/traits.hpp"

namespace engine {

/// Has the ids of a table follow on the largest that is there on every engine, for models that make
/// them so.
inline void LetIdsFollow(const std::string& where, const std::string& table) {
  if (IdsFollowTheLargest()) return;
  const std::string name = "\"" + table + "\"", sequence = "\"ids_of_" + table + "\"",
                    next = "\"next_id_of_" + table + "\"()";
  RawRows(
      where,
      Forms{"", "CREATE SEQUENCE " + sequence + "; CREATE FUNCTION " + next +
                    " RETURNS regclass LANGUAGE plpgsql AS $$ BEGIN PERFORM setval('" + sequence +
                    "', (SELECT greatest(max(id) + 1, 1) FROM " + name + "), false); RETURN '" +
                    sequence + "'::regclass; END $$; ALTER TABLE " + name +
                    " ALTER id DROP IDENTITY, ALTER id SET DEFAULT nextval(" + next + ")"});
}

}  // namespace engine
