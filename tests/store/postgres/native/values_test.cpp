#include <grapnel/store/postgres/native/values.hpp>

#include "store/postgres/server.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace grapnel::postgres::detail;
using grapnel::FieldValue;

namespace {

/// The one row of a query, in binary.
Result Ask(const OwnSchema& schema, const std::string& sql, Parameters& with) {
  Result result(PQexecParams(schema.Handle(), sql.c_str(), static_cast<int>(with.Count()),
                             with.Types().data(), with.Values(), with.Lengths(), with.Formats(),
                             1));
  INFO(PQresultErrorMessage(result.get()));
  REQUIRE(PQntuples(result.get()) == 1);
  return result;
}
Result Ask(const OwnSchema& schema, const std::string& sql) {
  Parameters none;
  return Ask(schema, sql, none);
}

std::string Refusal(ResultRow& row, int at) {
  try {
    row.Int(at);
    return "read";
  } catch (const BadValue& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("B79 a value of each kind comes back as it was sent") {
  const OwnSchema schema;
  Parameters to;
  to.Reset(7, nullptr);
  to.Bool(1, true);
  to.Int(2, std::numeric_limits<std::int64_t>::min());
  to.Real(3, -0.1);
  to.Text(4, "\xc3\xa4 \xe2\x82\xac", true);
  const std::vector<std::byte> bytes{std::byte{0}, std::byte{255}};
  to.Blob(5, bytes, false);
  to.Null(6, kInt8);
  to.Text(7, "", false);
  const Result result = Ask(schema, "SELECT $1, $2, $3, $4, $5, $6, $7", to);
  ResultRow row(result.get());
  CHECK(row.Bool(0));
  CHECK(row.Int(1) == std::numeric_limits<std::int64_t>::min());
  CHECK(row.Real(2) == -0.1);
  CHECK(row.Text(3) == "\xc3\xa4 \xe2\x82\xac");
  CHECK(std::vector<std::byte>(row.Blob(4).begin(), row.Blob(4).end()) == bytes);
  CHECK(row.IsNull(5));
  CHECK(row.Text(6).empty());
}

TEST_CASE("smaller numbers, numerics and texts of other types are read as well") {
  const OwnSchema schema;
  const Result result = Ask(schema,
                            "SELECT 7::int4, -7::int2, 1.5::float4, 12345678901234::numeric, "
                            "-20000::numeric, 1.25::numeric, 'x'::varchar, '{}'::json, 3::int4");
  ResultRow row(result.get());
  CHECK(row.Int(0) == 7);
  CHECK(row.Int(1) == -7);
  CHECK(row.Real(2) == 1.5);
  CHECK(row.Int(3) == 12345678901234);
  CHECK(row.Int(4) == -20000);
  CHECK(row.Real(5) == 1.25);
  CHECK(row.Text(6) == "x");
  CHECK(row.Text(7) == "{}");
  CHECK(row.Real(8) == 3);
  CHECK(Refusal(row, 5) == "it is a numeric, not an integer");
}

TEST_CASE("a value of another type is refused, and says which it is") {
  const OwnSchema schema;
  const Result result =
      Ask(schema, "SELECT 'x'::text, NULL::int8, 1.5::float8, 9223372036854775808::numeric");
  ResultRow row(result.get());
  CHECK(Refusal(row, 0) == "it is a text, not an integer");
  CHECK(Refusal(row, 1) == "it is NULL, not an integer");
  CHECK(Refusal(row, 2) == "it is a real, not an integer");
  CHECK(Refusal(row, 3) == "it is a numeric, not an integer");
  CHECK_THROWS_AS(row.Text(2), BadValue);
  CHECK_THROWS_AS(row.Blob(0), BadValue);
  CHECK_THROWS_AS(row.Real(0), BadValue);
}

TEST_CASE("B178 a text with a NUL, or that is no UTF-8, is refused, alone and in a list") {
  Parameters to;
  to.Reset(1, nullptr);
  for (const std::string& text : {std::string("a\0b", 3), std::string("\xFF")}) {
    CHECK_THROWS_AS(to.Text(1, text, false), BadValue);
    CHECK_THROWS_AS(to.Untyped(1, text), BadValue);
    CHECK_THROWS_AS(to.List(1, std::vector<FieldValue>{FieldValue(text)}), BadValue);
    CHECK_NOTHROW(to.Name(1, text));  // it is nobody's value: the server says what is wrong
  }
}

TEST_CASE("a list of values is one array") {
  const OwnSchema schema;
  const auto joined = [&](const std::vector<FieldValue>& values, const char* sql) {
    Parameters to;
    to.Reset(1, nullptr);
    to.List(1, values, kInt8);
    const Result result = Ask(schema, sql, to);
    return std::string(ResultRow(result.get()).Text(0));
  };
  const char* all = "SELECT array_to_string($1, ',', 'NULL')";
  CHECK(joined({7, FieldValue(), -1}, all) == "7,NULL,-1");
  CHECK(joined({"a", ""}, all) == "a,");
  CHECK(joined({true, false}, all) == "t,f");
  CHECK(joined({1.5}, all) == "1.5");
  CHECK(joined({FieldValue::Bytes{std::byte{1}}}, all) == "\\x01");
  CHECK(joined({}, "SELECT array_to_string($1::bigint[], ',')").empty());
}

TEST_CASE("values are shown to who asks for them, each once it is shown") {
  std::vector<std::string> shown;
  Parameters to;
  to.Reset(2, &shown);
  REQUIRE(to.Shows());
  to.Int(1, 7);
  to.Show(1, "7");
  CHECK(shown == std::vector<std::string>{"7", "***"});
  to.Reset(1, nullptr);
  CHECK_FALSE(to.Shows());
}
