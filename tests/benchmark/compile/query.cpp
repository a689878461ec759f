// The source of a program with the least that such a source holds: one type and one query. The type
// is opened elsewhere.
#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct Tag {
  std::int64_t id = 0;
  std::string name;
};

template <>
struct grapnel::Schema<Tag> {
  static constexpr std::string_view Type = "Tag";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Tag::name>("name")); }
};

std::vector<Tag> AllTags(const grapnel::Client& client) { return client.Of<Tag>().Query().All(); }
