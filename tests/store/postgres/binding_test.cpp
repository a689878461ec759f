#include <grapnel/store/postgres/binding.hpp>

#include "store/postgres/person.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace grapnel::postgres::detail;
using grapnel::FieldValue;
namespace store = grapnel::store;

TEST_CASE("values and lists are bound behind a parameter, and shown where they may be") {
  const grapnel::store::Statement of{&unit::People()};
  const FieldValue number(7), text("secret");
  const std::vector<FieldValue> values{1, 2};
  const store::sql::ValueList list(values);
  std::vector<std::string> shown;
  Parameters to;
  to.Reset(4, &shown);
  BindAll(of, {{&number, nullptr, true}, {&text, nullptr, false}, {nullptr, &list, true}}, to, 1);
  CHECK(to.Types() == std::vector<Oid>{kAnyType, kInt8, kText, kInt8Array});
  CHECK(shown == std::vector<std::string>{"***", "7", "***", "list(1, 2)"});
  const FieldValue nul(std::string("\0", 1));
  CHECK_THROWS_AS(BindAll(of, {{&nul, nullptr}}, to, 0), grapnel::ValidationError);
}

TEST_CASE("a sum has the bounds of its field") {
  const auto& table = unit::People();
  CHECK(BoundsOf(table.columns[2]) == 2);
  CHECK(BoundsOf(table.columns[5]) == 0);
  Parameters to;
  to.Reset(2, nullptr);
  int at = 0;
  BindBounds(table.columns[2], to, at);
  CHECK(at == 2);
  CHECK(ReadNumber<std::int64_t>(to.Values()[0]) == -1000);
  CHECK(ReadNumber<std::int64_t>(to.Values()[1]) == 1000);
}

TEST_CASE("a sum out of range names the fields that were added to") {
  grapnel::store::Update update{{&unit::People(), grapnel::Op::Update}};
  update.added.set(2);
  update.added.set(5);
  try {
    RefuseSum(update);
  } catch (const grapnel::ValidationError& error) {
    CHECK(error.Field() == "age, score");
  }
}
