#include <grapnel/store/query/values.hpp>

#include <grapnel/grapnel.hpp>
#include <grapnel/store/tx/session.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace detail = grapnel::detail;
using grapnel::F;
using model::User;

TEST_CASE("values are put where they belong, row by row") {
  const auto client = grapnel::Open<User>(":memory:");
  client.Migrate();
  for (const char* name : {"Ada", "Bob"}) {
    client.Of<User>().Create().Set(F<&User::name>, name).Save();
  }
  struct Reader : detail::AnyQuery {
    explicit Reader(AnyQuery query) : AnyQuery(std::move(query)) {}
    using AnyQuery::Values;
  };
  using Name = detail::FieldValueOf<&User::name>;
  using Nickname = detail::FieldValueOf<&User::nickname>;
  auto values = Reader(client.Of<User>().Query()).Values();
  values = detail::AnyValues(std::move(values), detail::kValueInfos<Name, Nickname>, false);
  std::tuple<std::string, std::optional<std::string>> row;
  void* to[2];
  detail::ValueRow<Name, Nickname>::Find(row, to);
  CHECK(to[1] == &std::get<1>(row));
  std::vector<std::string> names;
  values.ReadAll(to, [&] { names.push_back(std::get<0>(row)); });
  CHECK(names == std::vector<std::string>{"Ada", "Bob"});
  values.ReadFirst(to);
  CHECK(std::get<0>(row) == "Ada");
  auto& same = values;
  values = std::move(same);
  values.SetLimit(0);
  CHECK_THROWS_AS(values.ReadFirst(to), grapnel::NotFoundError);
}
