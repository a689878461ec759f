// expect: this edge is Immutable: it can be set only by Create
#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string_view>

struct Page {
  std::int64_t id = 0;
  grapnel::One<Page> origin;
};

template <>
struct grapnel::Schema<Page> {
  static constexpr std::string_view Type = "Page";
  static constexpr auto Edges() { return grapnel::Edges(To<&Page::origin>("origin").Immutable()); }
};

void Move(const grapnel::Database<Page>& client) {
  client.Of<Page>().UpdateOne(2).Set(grapnel::F<&Page::origin>, 1).Save();
}
