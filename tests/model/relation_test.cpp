#include <grapnel/model/relation.hpp>

#include <grapnel/model/error.hpp>

#include "support/catch.hpp"
#include "support/cell.hpp"

#include <string>

using grapnel::DeleteAction;
using grapnel::FieldValue;
using grapnel::detail::EdgeEnd;
using grapnel::detail::Relation;

namespace {

EdgeEnd MakeEdge() {
  EdgeEnd edge{};
  edge.entity = "User";
  edge.name = "cards";
  edge.key = EdgeEnd::kNoKey;
  return edge;
}

}  // namespace

TEST_CASE("what a deletion does to those that refer has a name") {
  CHECK(Name(DeleteAction::Cascade) == "cascade");
  CHECK(Name(DeleteAction::SetNull) == "set null");
  CHECK(Name(DeleteAction::Restrict) == "restrict");
  CHECK(grapnel::Cascade == DeleteAction::Cascade);  // as schemas write it
}

TEST_CASE("an edge holds a key when it has the place of one") {
  EdgeEnd edge = MakeEdge();
  CHECK_FALSE(edge.HoldsKey());
  edge.key = 0;
  CHECK(edge.HoldsKey());
}

TEST_CASE("an edge is described by its entity and name, or by what it leads to") {
  const EdgeEnd edge = MakeEdge();
  CHECK(Describe(&edge, "Card") == "User.cards");
  CHECK(grapnel::detail::Describe(nullptr, "Card") == "an edge to Card");
  Relation relation;
  relation.edge = &edge;
  CHECK(relation.Name() == "User.cards");
  try {
    RefuseNotLoaded(&edge, "Card");
  } catch (const grapnel::NotLoadedError& error) {
    CHECK(error.What() == "User.cards");
    CHECK(std::string(error.what()) ==
          "User.cards: the edge was not loaded: ask for it in the query, .With(F<&...>)");
    return;
  }
  FAIL("nothing was thrown");
}

TEST_CASE("a value of any kind is bound as what it is") {
  Cell cell;
  const auto bound = [&](const FieldValue& value) {
    cell.temporary = true;
    BindValue(value, cell, 1);
    return cell.value;
  };
  CHECK(bound(7) == FieldValue(7));
  CHECK(bound(1.5) == FieldValue(1.5));
  CHECK(bound(true) == FieldValue(1));
  CHECK(bound(FieldValue()) == FieldValue());
  CHECK(bound(std::string("a\0b", 3)) == FieldValue(std::string("a\0b", 3)));
  CHECK_FALSE(cell.temporary);
  CHECK(bound(FieldValue::Bytes{std::byte{0}, std::byte{1}}) ==
        FieldValue(FieldValue::Bytes{std::byte{0}, std::byte{1}}));
  CHECK_FALSE(cell.temporary);
}
