// Order: Use(f, g, h) is f(g(h(next))). The first one registered is the outermost: its before-part
// runs first, its after-part last. Runtime hooks stand outside of mixin hooks, and those outside of
// schema hooks, whenever they were registered.
//
// Output:
//   Use(Double, AddTen):  5 becomes 20
//   Use(AddTen, Double):  5 becomes 30
//   Chain(Double, AddTen): 5 becomes 20
//   runtime > mixin > schema > (write) < schema < mixin < runtime

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string>

using grapnel::F;

std::string trail;

// Notes when it is passed on the way in and on the way out; serves every type.
auto Pass(const char* name) {
  return [name]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) {
    trail += fmt::format("{} > ", name);
    auto result = next(m);
    trail += fmt::format(" < {}", name);
    return result;
  };
}

// A mixin: a base struct with a schema of its own, whose fields and hooks an entity takes over.
struct Noted {
  std::string note;
};

struct Item : Noted {
  std::int64_t id = 0;
  std::int64_t price = 0;
};

template <>
struct grapnel::Schema<Noted> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Noted::note>("note").Default(""));
  }
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(Pass("mixin"));
  }
};

template <>
struct grapnel::Schema<Item> {
  static constexpr std::string_view Type = "Item";
  using Mixins = grapnel::Mixins<Noted>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Item::price>("price")); }
  static auto Hooks() {
    const auto write = [](const grapnel::Mutation<Item>&) { trail += "(write)"; };
    return grapnel::Hooks(Pass("schema"), hook::Before(write));
  }
};

void Double(grapnel::Mutation<Item>& m) { m.Set(F<&Item::price>, *m.Get(F<&Item::price>) * 2); }
void AddTen(grapnel::Mutation<Item>& m) { m.Add(F<&Item::price>, 10); }

int main() {
  using grapnel::hook::Before;
  auto client = grapnel::Open<Item>(":memory:");
  client.Migrate();
  const auto items = client.Of<Item>();
  const auto price_of_five = [&] { return items.Create().Set(F<&Item::price>, 5).Save().price; };

  auto hooks = items.Use(Before(Double), Before(AddTen));
  fmt::print("Use(Double, AddTen):  5 becomes {}\n", price_of_five());
  hooks.Remove();
  hooks = items.Use(Before(AddTen), Before(Double));
  fmt::print("Use(AddTen, Double):  5 becomes {}\n", price_of_five());
  hooks.Remove();
  hooks = items.Use(grapnel::hook::Chain(Before(Double), Before(AddTen)));
  fmt::print("Chain(Double, AddTen): 5 becomes {}\n", price_of_five());
  hooks.Remove();

  client.Use(Pass("runtime"));  // registered last, and still outermost
  trail.clear();
  price_of_five();
  fmt::print("{}\n", trail);
}
