/// Whether the number of entity types matters: 60 in a database, against 1.

#include <array>
#include <cstddef>
#include <utility>

#include "benchmark/account.hpp"

namespace benchmark {
namespace {

template <int>
struct Thing {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  std::optional<std::string> nickname{};
  double score = 0;
};

template <int N>
inline constexpr std::array<char, 7> kThingName{
    'T', 'h', 'i', 'n', 'g', static_cast<char>('0' + N / 10), static_cast<char>('0' + N % 10)};

}  // namespace
}  // namespace benchmark

template <int N>
struct grapnel::Schema<benchmark::Thing<N>> {
  using Thing = benchmark::Thing<N>;
  static constexpr std::string_view Type{benchmark::kThingName<N>.data(),
                                         benchmark::kThingName<N>.size()};
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Thing::name>("name"), Field<&Thing::age>("age"),
                           Field<&Thing::nickname>("nickname"), Field<&Thing::score>("score"));
  }
};

namespace benchmark {
namespace {

using First = Thing<0>;

/// A database of so many types: First, and others.
template <int... Ns>
auto OpenTypes(std::integer_sequence<int, Ns...>) {
  auto client = grapnel::Open<Thing<Ns>...>(kInMemory);
  client.Migrate();
  return client;
}

/// Creates things in a transaction, which is rolled back unless it is to fill the table.
/// Returns: nanoseconds of each.
double CreateThings(const grapnel::Client& client, std::size_t count, bool commit = false) {
  auto tx = client.Tx();
  const auto things = tx.Of<First>();
  const double each = NanosecondsOf(count, [&](std::size_t i) {
    const Account& input = Input(i);
    Keep(things.Create()
             .Set(F<&First::name>, input.name)
             .Set(F<&First::age>, input.age)
             .Set(F<&First::nickname>, *input.nickname)
             .Set(F<&First::score>, input.score)
             .Save());
  });
  if (commit) tx.Commit();
  return each;
}

void MeasureTypes(Report& report) {
  constexpr std::size_t kCount = 8'000;
  const auto many = OpenTypes(std::make_integer_sequence<int, 60>());
  const auto one = OpenTypes(std::make_integer_sequence<int, 1>());
  CreateThings(many, kRows, true);
  CreateThings(one, kRows, true);
  const Compared all = Interleave([&] { return CreateThings(many, kCount); },
                                  [&] { return CreateThings(one, kCount); });
  report.push_back({"types_flat", all.ratio, AtMost(1.05), Duration(all.ours), Duration(all.theirs),
                    "Create in a database of 60 types, and of 1"});
}

const Registration types({"types_flat", MeasureTypes});

}  // namespace
}  // namespace benchmark
