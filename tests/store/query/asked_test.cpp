#include <grapnel/store/query/asked.hpp>

#include <grapnel/grapnel.hpp>
#include <grapnel/store/query/narrower.hpp>

#include "contract/graph_model.hpp"
#include "support/catch.hpp"

namespace detail = grapnel::detail;
using detail::Asked;
using detail::kTable;
using detail::Narrower;
using graph::User;
using grapnel::F;
using grapnel::store::PredicateKind;

TEST_CASE("what is asked for adds up; a limit is lowered and never raised") {
  Asked asked((F<&User::age> > 3).Node());
  asked.AddWhere((F<&User::name> == "Ada").Node());
  asked.AddOrder({{kTable<User>.Id().tag, true}});
  asked.SetOffset(2);
  CHECK(Narrower::AsAsked(asked).where->kind == PredicateKind::And);
  CHECK(Narrower::AsAsked(asked).order.size() == 1);
  CHECK(Narrower::AsAsked(asked).offset == 2);
  CHECK_FALSE(Narrower::AsAsked(asked).limit);
  CHECK(Narrower::AsAsked(asked.AtMost(2)).limit == 2);
  asked.SetLimit(1);
  CHECK(Narrower::AsAsked(asked.AtMost(2)).limit == 1);
  CHECK(Narrower::AsAsked(asked.AtMost(0)).limit == 0);

  Asked other;
  other.AddOrder({{kTable<User>.Find("name")->tag, false}});
  other.Join(asked);
  CHECK(Narrower::AsAsked(other).where == Narrower::AsAsked(asked).where);
  REQUIRE(Narrower::AsAsked(other).order.size() == 2);
  CHECK(Narrower::AsAsked(other).order[1].descending);
}

TEST_CASE("neighbours of what is asked for are told as it was asked for") {
  const Asked asked((F<&User::age> > 3).Node());
  const auto along = asked.Along(*kTable<User>.FindEdge("cards"));
  CHECK(along->kind == PredicateKind::ReachedBy);
  CHECK(along->reaches);
  CHECK(along->from->where == Narrower::AsAsked(asked).where);
}

TEST_CASE("a number of rows is not negative") {
  CHECK_NOTHROW(detail::CheckRows("Limit", 0));
  CHECK_THROWS_WITH(detail::CheckRows("Limit", -1), "Limit takes a number of rows, not -1");
}
