#include <grapnel/store/sql/terms.hpp>

#include "store/sql/rendered.hpp"
#include "support/catch.hpp"

namespace sql = grapnel::store::sql;
using grapnel::F;
using texts::User;
using texts::Where;

TEST_CASE("B166 a negation goes down to the leaves") {
  CHECK(Where(!!!(F<&User::age> > 1 && !(F<&User::age> < 5))).text ==
        R"( WHERE (NOT ("users"."age" > ?1) OR "users"."age" < ?2))");
}

TEST_CASE("B166 of a large chain each term is taken but once, and none of a smaller one is lost") {
  const auto one = F<&User::age> > 1;
  auto all = one || F<&User::age> < 5;
  CHECK(sql::TermsOf({all.Node().Get(), false}).size() == 2);
  for (int i = 0; i < 7; ++i) all = all || all;
  CHECK(sql::TermsOf({all.Node().Get(), false}).size() < 64);
  CHECK(sql::TermsOf({all.Node().Get(), true}).size() < 64);
}

TEST_CASE("B166 a condition is as high as AND and OR alternate in it") {
  const auto leaf = F<&User::age> > 1;
  const auto flat = leaf && (leaf && !!leaf);
  const auto deep = flat || (leaf && (leaf || leaf));
  sql::Heights heights;
  heights.Measure({flat.Node().Get(), false});
  heights.Measure({deep.Node().Get(), false});
  CHECK(heights.Of({leaf.Node().Get(), false}) == 0);
  CHECK(heights.Of({flat.Node().Get(), false}) == 1);
  CHECK(heights.Of({deep.Node().Get(), false}) == 3);
}
