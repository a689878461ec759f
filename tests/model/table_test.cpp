#include <grapnel/model/table.hpp>

#include "support/catch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std::string_view_literals;
using grapnel::FieldKind;
using grapnel::detail::Column;
using grapnel::detail::kTypeOps;
using grapnel::detail::PlainColumn;
using grapnel::detail::Table;

namespace {

struct User {
  std::int64_t id = 0;
  std::string name;
};

template <auto Member>
Column MakeColumn(std::string_view name) {
  using Type = std::remove_cvref_t<decltype(std::declval<User&>().*Member)>;
  Column column = PlainColumn(name, &grapnel::detail::kFieldTag<Member>, &kTypeOps<Type>, false);
  column.at = [](void* entity) -> void* { return &(static_cast<User*>(entity)->*Member); };
  return column;
}

}  // namespace

TEST_CASE("a table finds its columns, the id first") {
  std::array columns{MakeColumn<&User::id>("id"), MakeColumn<&User::name>("name")};
  Table table{};
  table.columns = {columns.data(), columns.size()};
  table.fields = columns.size();
  CHECK(&table.Id() == &columns[0]);
  CHECK(table.Find("name"sv) == &columns[1]);
  CHECK(table.Find("Name"sv) == nullptr);
  CHECK(table.FindTag(&grapnel::detail::kFieldTag<&User::name>) == &columns[1]);
  CHECK(table.FindTag(grapnel::detail::FieldTag{}) == nullptr);
  CHECK(table.PlaceOf(columns[1]) == 1);
  User user{1, "Ada"};
  CHECK(columns[1].at_const(&user) == &user.name);
}

TEST_CASE("the database makes ids that are integers without a default") {
  std::array columns{MakeColumn<&User::id>("id")};
  Table table{};
  table.columns = {columns.data(), columns.size()};
  const auto generates_ids = [&] {
    table.SumUp();
    return table.generates_ids;
  };
  CHECK(generates_ids());
  columns[0].set_default = [](void*, const void*) {};
  CHECK_FALSE(generates_ids());
  columns[0] = MakeColumn<&User::name>("name");
  CHECK_FALSE(generates_ids());
}

TEST_CASE("a table knows the sets of its columns that matter to every mutation") {
  std::array columns{MakeColumn<&User::id>("id"), MakeColumn<&User::name>("name"),
                     MakeColumn<&User::name>("nickname")};
  columns[0].immutable = true;
  columns[1].set_default = [](void*, const void*) {};
  columns[1].validate = [](const void*, const void*) { return true; };
  columns[2].nullable = true;
  columns[2].set_update_default = [](void*, const void*) {};
  Table table{};
  table.columns = {columns.data(), columns.size()};
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
