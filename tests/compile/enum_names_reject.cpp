// expect: EnumNames names the values in its member Values: static constexpr std::pair
#include "contract/graph_model.hpp"

#include <string_view>
#include <utility>

enum class Color : char { Red = 'r', Green = 'g' };
enum class Switch : bool { Off, On };

template <>
struct grapnel::EnumNames<Color> {
  static constexpr std::pair<Color, std::string_view> Names[] = {{Color::Red, "red"},
                                                                 {Color::Green, "green"}};
};

struct Lamp {
  std::int64_t id = 0;
  Color color = Color::Red;
  Switch lit = Switch::Off;
};

template <>
struct grapnel::Schema<Lamp> {
  static constexpr std::string_view Type = "Lamp";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Lamp::color>("color"),
                           Field<&Lamp::lit>("lit").Default(Switch::Off));
  }
};

using grapnel::F;

void Use(const grapnel::Database<Lamp>& client) {
  client.Of<Lamp>().Create().Set(F<&Lamp::color>, Color::Green).Save();
  client.Of<Lamp>().Update().Where(F<&Lamp::lit> == Switch::On).Set(F<&Lamp::lit>, {}).Save();
}
