#include <grapnel/store/driver/loading.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/cell.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace detail = grapnel::detail;
using detail::kTable;
using grapnel::FieldValue;
using model::User;

namespace {

const detail::Column& ColumnOf(std::string_view name) { return *kTable<User>.Find(name); }

}  // namespace

TEST_CASE("a value that cannot be read is an error with its field, its row and what is stored") {
  std::int64_t age = 0;
  Cell text(FieldValue("old"));
  CHECK_THROWS_WITH(
      detail::LoadColumn(kTable<User>, ColumnOf("age"), &age, text, 1),
      Catch::Contains("User.age: in the row with id \"old\"") && Catch::EndsWith("it is \"old\""));
  std::optional<std::string> password;
  Cell number(FieldValue(42));
  CHECK_THROWS_WITH(detail::LoadColumn(kTable<User>, ColumnOf("password"), &password, number, 1),
                    Catch::EndsWith("it is not valid"));  // nothing of a sensitive one
}

TEST_CASE("a NULL empties an optional field, and is none of a field that needs a value") {
  std::optional<std::string> nickname = "ada";
  std::int64_t age = 0;
  Cell null;
  detail::LoadColumn(kTable<User>, ColumnOf("nickname"), &nickname, null, 1);
  CHECK_FALSE(nickname);
  CHECK_THROWS_AS(detail::LoadColumn(kTable<User>, ColumnOf("age"), &age, null, 1),
                  grapnel::SchemaError);
}

TEST_CASE("what is stored is described whatever it is") {
  Cell null, number(FieldValue(7)), text(FieldValue("x")), blob(FieldValue(FieldValue::Bytes(2)));
  CHECK(detail::DescribeStored(null, 0) == "NULL");
  CHECK(detail::DescribeStored(number, 0) == "7");
  CHECK(detail::DescribeStored(text, 0) == "\"x\"");
  CHECK(detail::DescribeStored(blob, 0) == "that is neither a number nor a text");
  CHECK(detail::LoadId(kTable<User>, number, 0) == FieldValue(7));
  CHECK_THROWS_AS(detail::LoadId(kTable<User>, text, 0), grapnel::SchemaError);
}
