#include <grapnel/schema.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace {
struct Tag {
  std::int64_t id = 0;
  std::string name;
};
}  // namespace

template <>
struct grapnel::Schema<Tag> {
  static constexpr std::string_view Type = "Tag";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Tag::name>("name").NotEmpty().StorageKey("tag_name"));
  }
};

TEST_CASE("the schema's umbrella describes an entity, and needs no store") {
  const auto& table = grapnel::detail::kTable<Tag>;
  CHECK(table.entity == "Tag");
  REQUIRE(table.Find("name") != nullptr);
  CHECK(table.Find("name")->storage == "tag_name");
}
