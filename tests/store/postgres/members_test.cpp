#include <grapnel/store/postgres/members.hpp>

#include "store/postgres/person.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace grapnel::postgres::detail;
using unit::Person;

TEST_CASE("an entity is bound and read back") {
  const OwnSchema schema;
  const auto& table = unit::People();
  Members members(table);
  Parameters to;
  to.Reset(table.columns.size(), nullptr);
  const Person ada = unit::Ada();
  const grapnel::store::Statement statement{&table, grapnel::Op::Create};
  auto set = unit::AllButId();
  set.set(0);
  CHECK(members.BindRow(statement, set, 0, &ada, to, 0) == 7);
  CHECK(to.Types() == std::vector<Oid>{kInt8, kText, kInt8, kText, kBool, kFloat8, kBytea});
  Result result(PQexecParams(schema.Handle(), "SELECT $1, $2, $3, $4, $5, $6, $7", 7,
                             to.Types().data(), to.Values(), to.Lengths(), to.Formats(), 1));
  Person read;
  read.mail = "old";
  EntityRow row(result.get(), members);
  members.Load(&read, row);
  CHECK(read.name == "Ada");
  CHECK(read.age == 36);
  CHECK_FALSE(read.mail);
  CHECK(read.on);
  CHECK(read.score == 1.5);
  CHECK(read.face == ada.face);
}

TEST_CASE("what is not set is NULL of its column's type") {
  const auto& table = unit::People();
  Members members(table);
  Parameters to;
  to.Reset(6, nullptr);
  const Person ada = unit::Ada();
  members.BindRow({&table}, {}, 1, &ada, to, 0);
  CHECK(to.Types() == std::vector<Oid>{kText, kInt8, kText, kBool, kFloat8, kBytea});
  for (int at = 0; at < 6; ++at) CHECK(to.Values()[at] == nullptr);
}

TEST_CASE("B178 a text with a NUL names its field") {
  const auto& table = unit::People();
  Members members(table);
  Parameters to;
  to.Reset(1, nullptr);
  Person ada = unit::Ada();
  ada.name = std::string("A\0a", 3);
  try {
    members.Bind({&table, grapnel::Op::Create}, 1, &ada, to, 1);
    FAIL();
  } catch (const grapnel::ValidationError& error) {
    CHECK(error.Field() == "name");
  }
}

TEST_CASE("a stored value that does not fit names its field and its row") {
  const OwnSchema schema;
  Members members(unit::People());
  Result result(PQexecParams(schema.Handle(),
                             "SELECT 7::bigint, 'x'::text, 'y'::text, NULL, true, 1::float8, "
                             "''::bytea",
                             0, nullptr, nullptr, nullptr, nullptr, 1));
  Person read;
  EntityRow row(result.get(), members);
  try {
    members.Load(&read, row);
    FAIL();
  } catch (const grapnel::SchemaError& error) {
    CHECK(error.Field() == "age");
    CHECK(error.Reason().find("id 7") != std::string::npos);
  }
}
