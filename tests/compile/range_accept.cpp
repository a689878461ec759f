#include "contract/graph_model.hpp"

#include <cstdint>

struct Gauge {
  std::int64_t id = 0;
  std::int64_t level = 0;
  std::uint64_t count = 0;
};

constexpr grapnel::Field<&Gauge::level> level("level");
inline constexpr auto bounded = level.Range(5, 5);
constexpr grapnel::Field<&Gauge::count> count("count");
inline constexpr auto storable = count.Range(std::uint64_t{1} << 62U, ~std::uint64_t{0});
