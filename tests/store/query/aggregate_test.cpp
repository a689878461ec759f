#include <grapnel/store/query/aggregate.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

using grapnel::F;
using grapnel::FieldValue;
using grapnel::store::AggregateKind;
using grapnel::store::Measure;
using model::User;

TEST_CASE("an aggregate has the type of its field, and may be NULL where that may be") {
  using Name = decltype(grapnel::Max(F<&User::name>));
  using Nickname = decltype(grapnel::Max(F<&User::nickname>));
  static_assert(std::is_same_v<Name::Type, std::string>);
  static_assert(std::is_same_v<Nickname::Type, std::optional<std::string>>);
  static_assert(std::is_same_v<decltype(grapnel::Sum(F<&User::age>))::Type, std::int64_t>);
  static_assert(std::is_same_v<decltype(grapnel::Avg(F<&User::age>))::Type, double>);
  static_assert(std::is_same_v<decltype(grapnel::Count(F<&User::nickname>))::Type, std::int64_t>);
  CHECK(Name::Of.kind == grapnel::store::AggregateKind::Max);
  CHECK(Name::Of.field == F<&User::name>.Tag());
}

TEST_CASE("comparisons of aggregates are predicates over groups, whichever side they stand on") {
  const auto many = grapnel::Count() > 3;
  CHECK(many.Node()->kind == grapnel::store::PredicateKind::Greater);
  CHECK(many.Node()->field == &grapnel::store::Aggregate<AggregateKind::Count>::Of.tag);
  CHECK(many.Node()->value == FieldValue(3));
  CHECK((3 < grapnel::Count()).Node()->kind == grapnel::store::PredicateKind::Greater);
  const auto mean = grapnel::Avg(F<&User::age>) <= 3;
  CHECK(mean.Node()->value == FieldValue(3.0));
  const auto both = many && grapnel::Max(F<&User::name>) != "Ada";
  static_assert(std::is_same_v<decltype(both)::Entity, grapnel::store::GroupsOf<User>>);
  CHECK_THROWS(grapnel::Count() > ~std::uint64_t{0});
  const auto order = grapnel::Desc(grapnel::Sum(F<&User::age>));
  CHECK(order.ordering.descending);
  CHECK(Measure::Of(order.ordering.field).field == F<&User::age>.Tag());
}
