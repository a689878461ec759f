#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/raw.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Types, tables and fields that bear the names that SQL and Grapnel itself use.
namespace names {

struct Top;
struct Listed {
  std::int64_t id = 0;
  std::int64_t type = 0, list = 0, value = 0, place = 0, rowid = 0, depth = 0;
  std::optional<std::string> source{};
  grapnel::Many<Top> tops{};
  grapnel::Many<Listed> later{};
};
struct Top {
  std::string id;
  std::int64_t grapnel_value = 0, grapnel_source = 0, grapnel_listed = 0, temp = 0;
  grapnel::One<Listed> listed{};
};

}  // namespace names

template <>
struct grapnel::Schema<names::Listed> {
  static constexpr std::string_view Type = "listed";
  static constexpr std::string_view Table = "LISTED";
  static constexpr auto Fields() {
    using names::Listed;
    return grapnel::Fields(Field<&Listed::type>("type"), Field<&Listed::list>("list"),
                           Field<&Listed::value>("value"), Field<&Listed::place>("place"),
                           Field<&Listed::rowid>("rowid"), Field<&Listed::depth>("select"),
                           Field<&Listed::source>("grapnel.source"));
  }
  static constexpr auto Edges() {
    using names::Listed;
    return grapnel::Edges(To<&Listed::tops>("tops").OnDelete(Cascade), To<&Listed::later>("later"));
  }
  static constexpr auto Indexes() {
    using names::Listed;
    return grapnel::Indexes(Index<&Listed::type, &Listed::list>().StorageKey("grapnel_lists_list"));
  }
};
template <>
struct grapnel::Schema<names::Top> {
  static constexpr std::string_view Type = "top";
  static constexpr std::string_view Table = "temp";
  static constexpr auto Fields() {
    using names::Top;
    return grapnel::Fields(Field<&Top::id>("id").Default([] { return std::string("made"); }),
                           Field<&Top::grapnel_value>("grapnel_value").Default(0),
                           Field<&Top::grapnel_source>("grapnel_source").Default(0),
                           Field<&Top::grapnel_listed>("grapnel_listed").Default(0),
                           Field<&Top::temp>("temp").Default(0));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&names::Top::listed>("listed").Ref<&names::Listed::tops>());
  }
};

namespace {

using grapnel::Asc;
using grapnel::F;
using names::Listed;
using names::Top;
using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("B167 no name of a user's type, table, field or index meets one of Grapnel's own") {
  const Scratch scratch;
  const bool memory = GENERATE(true, false);
  const auto client = engine::Open<Listed, Top>(memory ? ":memory:" : scratch.File("db"));
  client.Migrate();
  client.Migrate();
  int seen = 0;
  const bool hooked = GENERATE(true, false);
  if (hooked) {
    client.Use(grapnel::hook::Before([&](auto& m) {
      if (m.Op() != grapnel::Op::Create) seen += static_cast<int>(m.IDs().size());
    }));
  }
  std::vector<Listed> rows(1200);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto number = static_cast<std::int64_t>(i);
    rows[i].type = number % 7;
    rows[i].list = number % 5;
    rows[i].value = number;
    rows[i].place = 1'000'000;
    rows[i].rowid = -number;
    rows[i].depth = 3;
  }
  const auto made = client.Of<Listed>().CreateBulk(rows).Save();
  REQUIRE(made.size() == rows.size());
  const auto of = client.Of<Listed>();
  of.UpdateOne(1).AddIDs(F<&Listed::later>, {2, 3}).Save();
  for (const std::string id : {"a", "b", "c"}) {
    client.Of<Top>()
        .Create()
        .Set(F<&Top::id>, id)
        .Set(F<&Top::grapnel_value>, 5)
        .Set(F<&Top::grapnel_source>, id == "c" ? 1 : 2)
        .Set(F<&Top::listed>, id == "c" ? 2 : 1)
        .Save();
  }

  const auto count = [&](const auto& predicate) { return of.Query().Where(predicate).Count(); };
  CHECK(count(F<&Listed::type> == 3 && F<&Listed::list> == 2) == 34);
  CHECK(count(F<&Listed::rowid> == -7) == 1);
  std::vector<std::int64_t> many;
  for (std::int64_t i = 0; i < 3000; i += 2) many.push_back(i);
  CHECK(count(F<&Listed::value>.In(many)) == 600);
  CHECK(count(F<&Listed::list>.In(many) && F<&Listed::place> > 9) == 720);
  auto chain = F<&Listed::value> < 0;
  for (std::int64_t i = 0; i < 40; ++i) chain = chain || F<&Listed::value> > 1160 + i;
  CHECK(count(chain) == 39);
  CHECK(count(F<&Listed::tops>.Has(F<&Top::grapnel_source> == 2 && F<&Top::listed>.Has())) == 1);
  CHECK(count(F<&Listed::later>.Has(F<&Listed::tops>.Has(F<&Top::temp> == 0))) == 3);

  const auto loaded =
      of.Query()
          .Where(F<&Listed::id> < 3)
          .Order(Asc(F<&Listed::id>))
          .With(F<&Listed::tops>,
                [](auto& t) {
                  t.Where(F<&Top::grapnel_value> == 5)
                      .Order(Asc(F<&Top::grapnel_listed>), Asc(F<&Top::id>));
                })
          .With(F<&Listed::later>,
                [](auto& l) { l.Where(F<&Listed::place> > 5).Order(Asc(F<&Listed::rowid>)); })
          .All();
  REQUIRE(loaded.size() == 2);
  REQUIRE(loaded[0].tops.size() == 2);
  CHECK(loaded[0].tops[1].id == "b");
  REQUIRE(loaded[0].later.size() == 2);
  CHECK(loaded[0].later[0].id == 3);
  REQUIRE(loaded[1].later.size() == 1);  // from either end
  CHECK(loaded[1].later[0].id == 1);
  CHECK(of.Query().Where(F<&Listed::id> == 1).Traverse(F<&Listed::tops>).Count() == 2);
  CHECK(of.Query()
            .Where(F<&Listed::id> == 1)
            .Traverse(F<&Listed::later>)
            .Traverse(F<&Listed::tops>)
            .Only()
            .id == "c");

  CHECK(of.Update()
            .Where(F<&Listed::list> == 4)
            .Set(F<&Listed::type>, 99)
            .Add(F<&Listed::place>, 1)
            .Save() == 240);
  CHECK(count(F<&Listed::type> == 99 && F<&Listed::place> == 1'000'001) == 240);
  CHECK(of.Delete().Where(F<&Listed::tops>.Has(F<&Top::grapnel_source> > 0)).Exec() == 2);
  CHECK(client.Of<Top>().Query().Count() == 0);
  CHECK(of.Delete().Where(F<&Listed::value>.In(many)).Exec() == 599);
  CHECK(of.Query().Count() == 599);
  CHECK((seen > 0) == hooked);
}
