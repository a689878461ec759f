#include <grapnel/core/op.hpp>

#include "support/catch.hpp"

#include <string_view>

using grapnel::AnyOp;
using grapnel::Is;
using grapnel::Op;

TEST_CASE("ops are bits, so that a mask holds several of them") {
  constexpr Op mask = Op::Create | Op::UpdateOne;
  STATIC_REQUIRE(Is(Op::Create, mask));
  STATIC_REQUIRE(Is(Op::UpdateOne, mask));
  STATIC_REQUIRE_FALSE(Is(Op::Update, mask));
  STATIC_REQUIRE((mask & Op::Create) == Op::Create);
  STATIC_REQUIRE_FALSE(Is(Op::Create, Op{}));
}

TEST_CASE("the complement of a mask holds all other ops, and nothing that is no op") {
  STATIC_REQUIRE(~Op{} == AnyOp);
  STATIC_REQUIRE(~AnyOp == Op{});
  STATIC_REQUIRE(~~Op::Delete == Op::Delete);
  constexpr Op others = ~Op::UpdateOne;
  STATIC_REQUIRE_FALSE(Is(Op::UpdateOne, others));
  for (const Op op : {Op::Create, Op::Update, Op::Delete, Op::DeleteOne}) CHECK(Is(op, others));
}

TEST_CASE("an op has a name, a mask has a text") {
  STATIC_REQUIRE(Name(Op::Create) == "Create");
  STATIC_REQUIRE(Name(Op::Create | Op::Update) == std::string_view());
  CHECK(ToString(Op::Update) == "Update");
  CHECK(ToString(Op::UpdateOne) == "UpdateOne");
  CHECK(ToString(Op::Delete) == "Delete");
  CHECK(ToString(Op::DeleteOne) == "DeleteOne");
  CHECK(ToString(Op::UpdateOne | Op::Update) == "Update|UpdateOne");
  CHECK(ToString(AnyOp) == "Create|Update|UpdateOne|Delete|DeleteOne");
  CHECK(ToString(Op{}) == "none");
}
