#include <grapnel/store/sqlite/condition.hpp>

#include "store/sqlite/texts.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sql = grapnel::sqlite::detail;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::detail::kTable;
using texts::User;

namespace {

struct Rendered {
  std::string text;
  std::vector<FieldValue> values;
  friend bool operator==(const Rendered&, const Rendered&) = default;
};

template <class E>
Rendered Where(const grapnel::store::Predicate<E>& predicate, int first_parameter = 1) {
  sql::Sql made(kTable<User>, first_parameter);
  made.Where(predicate.Node().get());
  Rendered rendered{made.text, {}};
  for (const FieldValue* value : made.parameters) rendered.values.push_back(*value);
  return rendered;
}

using Values = std::vector<FieldValue>;

}  // namespace

TEST_CASE("B79 a name is quoted, whatever it holds") {
  CHECK(sql::Quote("name") == "\"name\"");
  CHECK(sql::Quote("a\"b") == "\"a\"\"b\"");
  CHECK(sql::Quote("") == "\"\"");
}

TEST_CASE("B79 a condition holds parameters, and never a value") {
  CHECK(Where(F<&User::name> == "'; DROP") == Rendered{R"( WHERE "name" = ?1)", Values{"'; DROP"}});
  CHECK(Where((F<&User::age> >= 5 && !(F<&User::name> != "x")) || F<&User::photo>.IsNull(), 4) ==
        Rendered{R"( WHERE (("age" >= ?4 AND NOT ("name" <> ?5)) OR "picture" IS NULL))",
                 Values{5, "x"}});
  sql::Sql none(kTable<User>);
  none.Where(nullptr);
  CHECK(none.text.empty());
}

TEST_CASE("parts of texts are compared as bytes, the part being one parameter") {
  CHECK(Where(F<&User::name>.Contains("%")) ==
        Rendered{R"( WHERE instr(CAST("name" AS BLOB), CAST(?1 AS BLOB)) > 0)", Values{"%"}});
  CHECK(Where(F<&User::name>.HasPrefix("a")).values == Values{"a"});
  CHECK(Where(F<&User::name>.HasSuffix("a")).values == Values{"a"});
}

TEST_CASE("B98 a list is padded with its last value, so that few texts serve all lengths") {
  CHECK(Where(F<&User::age>.In(std::vector<int>{})) == Rendered{" WHERE 0", {}});
  CHECK(Where(F<&User::age>.In(7)) == Rendered{R"( WHERE "age" IN (?1))", Values{7}});
  CHECK(Where(F<&User::age>.In(1, 2, 3)) ==
        Rendered{R"( WHERE "age" IN (?1, ?2, ?3, ?4))", Values{1, 2, 3, 3}});
  CHECK(Where(F<&User::age>.In(1, 2, 3)).text == Where(F<&User::age>.In(4, 5, 6, 7)).text);
}

TEST_CASE("B98 a long list is one parameter, whatever its length") {
  const auto list = [](std::size_t count) {
    return Where(F<&User::name>.In(std::vector<std::string>(count, "ab")));
  };
  const Rendered packed = list(1025);
  REQUIRE(packed.values.size() == 1);
  const auto* bytes = packed.values[0].As<FieldValue::Bytes>();
  REQUIRE(bytes != nullptr);
  CHECK(bytes->size() == std::size_t{1025} * 12);
  CHECK(std::string(reinterpret_cast<const char*>(bytes->data()), 24) ==
        "0000000002ab0000000002ab");
  CHECK(packed.text == list(5000).text);
  CHECK(list(1024).values.size() == 1024);
}

TEST_CASE("an order names its columns") {
  sql::Sql made(kTable<User>);
  const std::vector<grapnel::store::Ordering> order{grapnel::Desc(F<&User::photo>).ordering,
                                                    grapnel::Asc(F<&User::id>).ordering};
  made.OrderBy(order);
  CHECK(made.text == R"( ORDER BY "picture" DESC, "id")");
}

TEST_CASE("a member that is no field of the type is refused") {
  sql::Sql made(kTable<texts::Alone>);
  CHECK_THROWS_AS(made.Where((F<&User::age> == 1).Node().get()), grapnel::SchemaError);
}

