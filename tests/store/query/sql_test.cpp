#include <grapnel/store/query/sql.hpp>

#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>

#include "contract/all_kinds.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

using grapnel::FieldValue;
using grapnel::detail::SqlValue;
using grapnel::store::SqlRows;

namespace {

SqlRows Of(std::vector<std::string> columns, std::vector<SqlRows::Row> rows) {
  return SqlRows(grapnel::store::RawResult{std::move(columns), std::move(rows), 3});
}

template <class T>
FieldValue Bound(const T& value) {
  const SqlValue made = SqlValue::Of(value);
  return made.make(made.value);
}

/// What As<Ts...>() throws.
template <class... Ts>
std::string Why(const SqlRows& rows) {
  try {
    static_cast<void>(rows.As<Ts...>());
  } catch (const grapnel::TypeMismatchError& error) {
    CHECK(error.Entity() == "SQL");
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("rows are values, types or tuples of types") {
  const SqlRows rows = Of({"n", "t"}, {{1, "a"}, {2, FieldValue()}});
  CHECK(rows.Changes() == 3);
  CHECK(rows.Columns() == std::vector<std::string>{"n", "t"});
  CHECK(rows.Rows()[1][1].IsNull());
  std::string all;
  for (const auto& row : rows) all += ToString(row[0]);
  CHECK(all == "12");
  using Both = std::tuple<std::int8_t, std::optional<std::string>>;
  CHECK(rows.As<std::int8_t, std::optional<std::string>>() ==
        std::vector{Both{1, "a"}, Both{2, std::nullopt}});
  CHECK(Of({"b"}, {{0}, {1}}).As<bool>() == std::vector<bool>{false, true});
  CHECK(Of({"d"}, {{1}, {0.5}}).As<double>() == std::vector<double>{1.0, 0.5});
  CHECK(Of({"any"}, {{1}, {"x"}}).As<FieldValue>() == std::vector<FieldValue>{1, "x"});
  CHECK(Of({"n"}, {}).As<std::int64_t>().empty());
}

TEST_CASE("B156 a numeric is an integer where it is one, the real next to it, and its text") {
  const auto numeric = [](std::vector<std::vector<FieldValue>> rows) {
    grapnel::store::RawResult result{{"n"}, std::move(rows)};
    result.numerics = {true};
    return SqlRows(std::move(result));
  };
  CHECK(numeric({{"36"}, {"-7"}, {"2.00"}}).As<std::int64_t>() ==
        std::vector<std::int64_t>{36, -7, 2});
  CHECK(numeric({{"36"}, {FieldValue()}}).As<std::optional<std::int64_t>>() ==
        std::vector<std::optional<std::int64_t>>{36, std::nullopt});
  CHECK(numeric({{"38.0000000000000000"}, {"0.1"}}).As<double>() == std::vector{38.0, 0.1});
  CHECK(numeric({{"0.10"}}).As<std::string>() == std::vector<std::string>{"0.10"});
  CHECK(numeric({{"0.10"}}).As<FieldValue>() == std::vector<FieldValue>{"0.10"});
  CHECK(Why<std::int64_t>(numeric({{"2.5"}})) ==
        "SQL.n: the value 2.5 is no integer of 64 bits (row 0, counted from 0)");
  CHECK(Why<std::int64_t>(numeric({{"9223372036854775808"}})) ==
        "SQL.n: the value 9223372036854775808 is no integer of 64 bits (row 0, counted from 0)");
  CHECK_FALSE(Why<std::int64_t>(numeric({{"NaN"}})).empty());
  CHECK_FALSE(Why<double>(numeric({{"NaN"}})).empty());
}

TEST_CASE("what does not fit is told with the column and the row") {
  CHECK(Why<int>(Of({"n", "t"}, {})) ==
        "SQL.t: As<...>() names 1 type, and the statement has 2 columns (n, t)");
  CHECK(Why<int>(Of({}, {})) == "SQL: As<...>() names 1 type, and the statement has 0 columns");
  CHECK(Why<int, int>(Of({"n"}, {{1}})) ==
        "SQL: As<...>() names 2 types, and the statement has 1 column (n)");
  CHECK(Why<int>(Of({"n"}, {{1}, {FieldValue()}})) ==
        "SQL.n: it is NULL, not an integer; a std::optional takes it (row 1, counted from 0)");
  CHECK(Why<int, int>(Of({"n", "t"}, {{1, "x"}})) ==
        "SQL.t: it is a text, not an integer (row 0, counted from 0)");
  CHECK(Why<std::string>(Of({"n"}, {{1}})) ==
        "SQL.n: it is an integer, not a text (row 0, counted from 0)");
  CHECK(Why<std::int8_t>(Of({"n"}, {{128}})) ==
        "SQL.n: the value 128 is out of the field's range (row 0, counted from 0)");
  CHECK_FALSE(Why<std::int64_t>(Of({"n"}, {{0.5}})).empty());
  CHECK_FALSE(Why<double>(Of({"n"}, {{"0.5"}})).empty());
  CHECK_FALSE(Why<std::vector<std::byte>>(Of({"n"}, {{"x"}})).empty());
  CHECK_FALSE(Why<kinds::Mood>(Of({"n"}, {{"none"}})).empty());
  CHECK_FALSE(Why<std::optional<int>>(Of({"n"}, {{"none"}})).empty());
}

TEST_CASE("values of every type become what is stored") {
  CHECK(Bound(7) == FieldValue(7));
  CHECK(Bound(std::uint64_t{7}) == FieldValue(7));
  CHECK(Bound(true) == FieldValue(true));
  CHECK(Bound('a') == FieldValue(97));
  CHECK(Bound(0.5) == FieldValue(0.5));
  CHECK(Bound(0.5F) == FieldValue(0.5));
  CHECK(Bound("text") == FieldValue("text"));
  CHECK(Bound(std::string_view("a\0b", 3)) == FieldValue(std::string("a\0b", 3)));
  CHECK(Bound(std::string("text")) == FieldValue("text"));
  CHECK(Bound(std::nullopt).IsNull());
  CHECK(Bound(std::optional<int>()).IsNull());
  CHECK(Bound(std::optional(3)) == FieldValue(3));
  CHECK(Bound(FieldValue(2.5)) == FieldValue(2.5));
  CHECK(Bound(kinds::Mood::Calm) == FieldValue("calm"));
  CHECK(Bound(kinds::Level::High) == FieldValue(300));
  CHECK(Bound(kinds::Celsius{1.5}) == FieldValue(15));
  CHECK(Bound(kinds::Time(std::chrono::seconds(1))) == FieldValue(1'000'000));
  CHECK(Bound(kinds::Octets{1, 2}) == FieldValue(FieldValue::Bytes{std::byte{1}, std::byte{2}}));
  CHECK_THROWS(Bound(std::numeric_limits<std::uint64_t>::max()));
  CHECK_THROWS(Bound(std::numeric_limits<double>::quiet_NaN()));
  CHECK_THROWS(Bound(kinds::Mood::Odd));
}
