#include <grapnel/extras/mixins.hpp>

#include <grapnel/sqlite.hpp>
#include <grapnel/store.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace extra_mixins {

struct Bare {
  std::int64_t id = 0;
  std::string name;
};
struct Full : grapnel::extras::Timestamps, grapnel::extras::Versioned {
  std::int64_t id = 0;
  std::string name;
};

}  // namespace extra_mixins

template <>
struct grapnel::Schema<extra_mixins::Bare> {
  using Bare = extra_mixins::Bare;
  static constexpr std::string_view Type = "Row";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Bare::name>("name").Unique()); }
};
template <>
struct grapnel::Schema<extra_mixins::Full> {
  using Full = extra_mixins::Full;
  static constexpr std::string_view Type = "Row";
  using Mixins = grapnel::Mixins<extras::Timestamps, extras::Versioned>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Full::name>("name").Unique()); }
};

namespace {

using grapnel::F;
using grapnel::Op;
using Lines = std::vector<std::string>;

/// The first words of all statements of a program of every kind of write.
template <class E>
Lines StatementsOf() {
  const auto base = grapnel::Open<E>(":memory:");
  base.Migrate();
  Lines words;
  const auto client =
      base.Debug([&](std::string_view sql) { words.emplace_back(sql.substr(0, sql.find(' '))); });
  const auto program = [&](const auto& rows) {
    rows.Create().Set(F<&E::name>, "a").Save();
    rows.CreateBulk(std::vector<E>(1)).Save();
    rows.UpdateOne(1).Set(F<&E::name>, "b").Save();
    rows.Update().Set(F<&E::name>, "c").Where(F<&E::id> == 1).Save();
    for (const auto* name : {"c", "d"}) {
      rows.Create().Set(F<&E::name>, name).OnConflict(F<&E::name>).Ignore().Save();
    }
    rows.DeleteOne(2).Exec();
    rows.Delete().Exec();
  };
  program(client.template Of<E>());
  client.WithTx([&](grapnel::Tx& tx) { program(tx.Of<E>()); });
  return words;
}

TEST_CASE("B207 timestamps and versions take no statement more") {
  const Lines bare = StatementsOf<extra_mixins::Bare>();
  CHECK(std::count(bare.begin(), bare.end(), "UPDATE") == 4);
  CHECK(StatementsOf<extra_mixins::Full>() == bare);
}

TEST_CASE("B207 the mixins' hooks are named") {
  const auto client = grapnel::Open<extra_mixins::Full>(":memory:");
  const auto names = [&](Op op) { return ToString(client.Explain<extra_mixins::Full>(op)); };
  CHECK(names(Op::Create).find("timestamps") != std::string::npos);
  CHECK(names(Op::UpdateOne).find("timestamps") == std::string::npos);
  CHECK(names(Op::UpdateOne).find("versioned") != std::string::npos);
}

TEST_CASE("B207 entities with the mixins stay plain aggregates") {
  STATIC_REQUIRE(std::is_aggregate_v<extra_mixins::Full>);
  const extra_mixins::Full row;
  CHECK(row.version == 0);
  CHECK(row.created_at == grapnel::extras::Clock::Time());
}

}  // namespace
