#include <grapnel/model/table.hpp>

#include "support/catch.hpp"
#include "support/cell.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_view_literals;
using grapnel::FieldKind;
using grapnel::FieldValue;
using grapnel::detail::Column;
using grapnel::detail::kTypeOps;
using grapnel::detail::Table;

namespace {

struct User {
  std::int64_t id = 0;
  std::string name;
};

template <class T>
bool Add(T& value, T delta) {
  return kTypeOps<T>.add(&value, &delta);
}

template <auto Member>
Column MakeColumn(std::string_view name) {
  using Token = grapnel::MemberToken<Member>;
  Column column{};
  column.name = name;
  column.tag = Token::Tag();
  column.ops = &kTypeOps<typename Token::Type>;
  column.at = [](void* entity) -> void* { return &(static_cast<User*>(entity)->*Member); };
  return column;
}

}  // namespace

TEST_CASE("the ops of a type carry its kind and its range") {
  CHECK(kTypeOps<std::optional<std::string>>.kind == FieldKind::Text);
  CHECK(kTypeOps<std::int8_t>.least == -128);
  CHECK(kTypeOps<std::int8_t>.most == 127);
  CHECK(kTypeOps<std::uint64_t>.least == 0);
  CHECK(kTypeOps<std::uint64_t>.most == std::numeric_limits<std::int64_t>::max());
  CHECK(kTypeOps<std::optional<int>>.number);
  CHECK(kTypeOps<double>.number);
  CHECK_FALSE(kTypeOps<bool>.number);
  CHECK(kTypeOps<std::string>.add == nullptr);
}

TEST_CASE("addition stays inside of the type, or says that it does not") {
  std::int64_t number = 1;
  CHECK(Add<std::int64_t>(number, -3));
  CHECK(number == -2);
  number = std::numeric_limits<std::int64_t>::max();
  CHECK_FALSE(Add<std::int64_t>(number, 1));
  CHECK(number == std::numeric_limits<std::int64_t>::max());  // as it was
  std::uint8_t byte = 250;
  CHECK(Add<std::uint8_t>(byte, 5));
  CHECK(byte == 255);
  CHECK_FALSE(Add<std::uint8_t>(byte, 1));
  CHECK(byte == 255);
  double real = 0.5;
  CHECK(Add(real, 0.25));
  CHECK(real == 0.75);
  real = std::numeric_limits<double>::infinity();
  CHECK_FALSE(Add(real, -real));
  CHECK(real == std::numeric_limits<double>::infinity());
}

TEST_CASE("of an optional number it is the value that is added to") {
  std::optional<std::int8_t> maybe = 5;
  CHECK(Add<std::optional<std::int8_t>>(maybe, 2));
  CHECK(maybe == 7);
  CHECK_FALSE(Add<std::optional<std::int8_t>>(maybe, 121));
  CHECK(maybe == 7);
}

TEST_CASE("values are copied, emptied, tested, bound and loaded by their address alone") {
  const auto& ops = kTypeOps<std::optional<std::string>>;
  std::optional<std::string> value("x"), other;
  CHECK_FALSE(ops.is_null(&value));
  CHECK(ops.is_null(&other));
  ops.copy(&other, &value);
  CHECK(other == "x");
  ops.reset(&value);
  CHECK(value == std::nullopt);
  CHECK(ops.from_value(&value, "y"));
  CHECK(ops.to_value(&value) == FieldValue("y"));
  CHECK_FALSE(ops.from_value(&value, 1));
  Cell cell;
  ops.bind(&value, cell, 1);
  CHECK(cell.value == FieldValue("y"));
  ops.load(&other, cell, 0);
  CHECK(other == "y");
}

TEST_CASE("as an id, 0 and the empty text mean that there is none") {
  const std::int64_t zero = 0, one = 1;
  CHECK(kTypeOps<std::int64_t>.is_zero(&zero));
  CHECK_FALSE(kTypeOps<std::int64_t>.is_zero(&one));
  const std::string empty, text = "x";
  CHECK(kTypeOps<std::string>.is_zero(&empty));
  CHECK_FALSE(kTypeOps<std::string>.is_zero(&text));
  CHECK(kTypeOps<double>.is_zero == nullptr);
}

TEST_CASE("a table finds its columns, the id first") {
  std::array columns{MakeColumn<&User::id>("id"), MakeColumn<&User::name>("name")};
  Table table{};
  table.columns = columns;
  table.fields = columns.size();
  CHECK(&table.Id() == &columns[0]);
  CHECK(table.Find("name"sv) == &columns[1]);
  CHECK(table.Find("Name"sv) == nullptr);
  CHECK(table.FindTag(grapnel::F<&User::name>.Tag()) == &columns[1]);
  CHECK(table.FindTag(grapnel::detail::FieldTag{}) == nullptr);
  CHECK(table.PlaceOf(columns[1]) == 1);
  User user{1, "Ada"};
  CHECK(columns[1].at_const(&user) == &user.name);
}

TEST_CASE("the database makes ids that are integers without a default") {
  std::array columns{MakeColumn<&User::id>("id")};
  Table table{};
  table.columns = columns;
  const auto generates_ids = [&] {
    table.SumUp();
    return table.generates_ids;
  };
  CHECK(generates_ids());
  columns[0].set_default = [](void*) {};
  CHECK_FALSE(generates_ids());
  columns[0] = MakeColumn<&User::name>("name");
  CHECK_FALSE(generates_ids());
}

TEST_CASE("a table knows the sets of its columns that matter to every mutation") {
  std::array columns{MakeColumn<&User::id>("id"), MakeColumn<&User::name>("name"),
                     MakeColumn<&User::name>("nickname")};
  columns[0].immutable = true;
  columns[1].set_default = [](void*) {};
  columns[1].validate = [](const void*) { return std::optional<std::string>(); };
  columns[2].nullable = true;
  columns[2].set_update_default = [](void*) {};
  Table table{};
  table.columns = columns;
  table.SumUp();
  const auto places = [](const grapnel::detail::FieldSet& set) {
    std::vector<std::size_t> found;
    set.ForEach([&](std::size_t place) { found.push_back(place); });
    return found;
  };
  using Places = std::vector<std::size_t>;
  CHECK(places(table.immutable) == Places{0});
  CHECK(places(table.defaulted) == Places{1});
  CHECK(places(table.validated) == Places{1});
  CHECK(places(table.required) == Places{1});
  CHECK(places(table.update_defaulted) == Places{2});
}

TEST_CASE("a set of fields holds any of 128, and visits them in their order") {
  using grapnel::detail::FieldSet;
  FieldSet set;
  CHECK(set.none());
  for (const std::size_t place : std::array<std::size_t, 4>{127, 0, 64, 63}) set.set(place);
  std::vector<std::size_t> visited;
  set.ForEach([&](std::size_t place) { visited.push_back(place); });
  CHECK(visited == std::vector<std::size_t>{0, 63, 64, 127});
  FieldSet upper;
  upper.set(64);
  upper.set(127);
  CHECK((set & upper) == upper);
  CHECK((set | upper) == set);
  CHECK_FALSE((set & ~upper).test(127));
  CHECK((set & ~upper).test(63));
  set.reset(64);
  CHECK(set.any());
  CHECK_FALSE(set.test(64));
}
