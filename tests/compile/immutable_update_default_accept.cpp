#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string_view>

struct First {
  std::int64_t id = 0;
  std::int64_t seen = 0;
};
struct Base {
  std::int64_t seen = 0;
};
struct Second : Base {
  std::int64_t id = 0;
};
struct Third {
  std::int64_t id = 0;
};

template <>
struct grapnel::Schema<First> {
  static constexpr std::string_view Type = "First";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&First::seen>("seen").UpdateDefault([] { return 3; }));
  }
};
template <>
struct grapnel::Schema<Base> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Base::seen>("seen").Default(3).Immutable());
  }
};
template <>
struct grapnel::Schema<Second> {
  static constexpr std::string_view Type = "Second";
  using Mixins = grapnel::Mixins<Base>;
};
template <>
struct grapnel::Schema<Third> {
  static constexpr std::string_view Type = "Third";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Third::id>("id").Default(3)); }
};

auto OpenFirst() { return grapnel::Open<First>(":memory:"); }
auto OpenSecond() { return grapnel::Open<Second>(":memory:"); }
auto OpenThird() { return grapnel::Open<Third>(":memory:"); }
