#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/sql/migrate/dialect.hpp>
#include <grapnel/store/sql/sql.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// From what tables and columns were called to what they are called.
namespace grapnel::store::sql {

/// What has a name in the schema, and what it was called before, the last first.
struct Naming {
  std::string_view now;
  std::vector<std::string> was;
  std::string who;  // for messages
};

struct Rename {
  std::string from, to;
};

inline bool HoldsName(const std::vector<std::string>& names, std::string_view name,
                      NameRule equal) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& each) { return equal(each, name); });
}

/// Throws: MigrationError unless each old name is claimed by one of them, and none leads back to
/// itself.
inline void CheckOldNames(const std::vector<Naming>& all, NameRule equal) {
  for (const Naming& naming : all) {
    for (const Naming& other : all) {
      if (&other == &naming) break;
      for (const std::string& was : naming.was) {
        if (!HoldsName(other.was, was, equal)) continue;
        throw MigrationError(
            core::Concat({other.who, " and ", naming.who,
                          " both say by WasNamed that they were called ", Quote(was)}));
      }
    }
    std::vector<const Naming*> before{&naming};
    for (std::size_t at = 0; at < before.size(); ++at) {
      for (const Naming& other : all) {
        if (!HoldsName(before[at]->was, other.now, equal)) continue;
        if (&other == &naming) {
          throw MigrationError(
              core::Concat({naming.who, ": the names that WasNamed tells of lead back to ",
                            Quote(naming.now), ", what it is called now"}));
        }
        if (std::find(before.begin(), before.end(), &other) == before.end()) {
          before.push_back(&other);
        }
      }
    }
  }
}

/// What has to be renamed, in this order, so that all have their names: those whose old name is
/// there, and whose new one is not. Throws: MigrationError where both are there, unless both are of
/// those that Grapnel has `made`: then the old one is left over, made anew by an older program.
/// `present`: the names that are there; `where` says where, for the message.
inline std::vector<Rename> FindRenames(const std::vector<Naming>& all,
                                       std::vector<std::string> present, std::string_view where,
                                       NameRule equal, std::vector<std::string> made = {}) {
  std::vector<Rename> renames;
  for (bool found = true; found;) {
    found = false;
    for (const Naming& naming : all) {
      if (HoldsName(present, naming.now, equal)) continue;
      for (const std::string& was : naming.was) {
        const auto old = std::find_if(present.begin(), present.end(),
                                      [&](const std::string& each) { return equal(each, was); });
        if (old == present.end()) continue;
        renames.push_back({*old, std::string(naming.now)});
        if (HoldsName(made, *old, equal)) made.emplace_back(naming.now);
        *old = naming.now;
        found = true;
        break;
      }
    }
  }
  for (const Naming& naming : all) {
    for (const std::string& was : naming.was) {
      const bool others = std::any_of(all.begin(), all.end(),
                                      [&](const Naming& other) { return equal(other.now, was); });
      if (others || !HoldsName(present, was, equal)) continue;
      if (HoldsName(made, was, equal) && HoldsName(made, naming.now, equal)) continue;
      throw MigrationError(
          core::Concat({naming.who, ": ", where, " there are both ", Quote(was),
                        ", which it WasNamed, and ", Quote(naming.now),
                        ": nothing tells which of them holds what it is to hold; drop one of "
                        "them. Nothing was changed"}));
    }
  }
  return renames;
}

}  // namespace grapnel::store::sql
