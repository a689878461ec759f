#include <grapnel/store/write/turn.hpp>

#include <grapnel/grapnel.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace turns {

struct Account {
  std::int64_t id = 0;
  std::string owner;
  std::int64_t branch = 0;
};

}  // namespace turns

template <>
struct grapnel::Schema<turns::Account> {
  static constexpr std::string_view Type = "Account";
  static constexpr auto Fields() {
    using turns::Account;
    return grapnel::Fields(Field<&Account::owner>("owner").Unique(),
                           Field<&Account::branch>("branch"));
  }
  static constexpr auto Indexes() {
    using turns::Account;
    return grapnel::Indexes(Index<&Account::owner, &Account::branch>().Unique());
  }
};

namespace {

using grapnel::F;
using turns::Account;
using Numbers = std::vector<std::int64_t>;

struct World : Opened<Account> {
  grapnel::detail::TurnFinder finder{grapnel::detail::kTable<Account>};

  auto Create(const std::string& owner) const {
    return Of<Account>().Create().Set(F<&Account::owner>, owner);
  }
  auto Upsert(const std::string& owner) const {
    auto create = Create(owner);
    create.OnConflict(F<&Account::owner>).Ignore();
    return create;
  }
  template <class B>
  void Note(const B& builder) {
    finder.Note(builder.Said()->Core());
  }
  Numbers Found() {
    const grapnel::store::Turn* turn = finder.Find();
    return turn == nullptr ? Numbers{} : turn->rows;
  }
  Numbers Of2(const std::string& first, const std::string& second) const {
    World world;
    world.Note(world.Upsert(first));
    world.Note(world.Upsert(second));
    return world.Found();
  }
};

}  // namespace

TEST_CASE_METHOD(World, "the rows of upserts are told by the values that they would meet by") {
  const Numbers rows = Of2("Ada", "Bob");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0] < rows[1]);
  CHECK(Of2("Bob", "Ada") == rows);
  CHECK(Of2("Bob", "Cy") != rows);
  Note(Upsert("Bob").Set(F<&Account::branch>, 7));
  Note(Upsert("Ada"));
  Note(Upsert("Ada"));
  CHECK(Found() == rows);
}

TEST_CASE_METHOD(World, "all fields of an index tell them") {
  for (const std::int64_t branch : {1, 2}) {
    auto create = Create("Ada").Set(F<&Account::branch>, branch);
    create.OnConflict(F<&Account::owner>, F<&Account::branch>).Ignore();
    Note(create);
  }
  CHECK(Found().size() == 2);
}

TEST_CASE_METHOD(World, "no turn is taken for one row, nor for what meets none") {
  Note(Upsert("Ada"));
  Note(Upsert("Ada"));
  Note(Create("Bob"));  // says what is unique by an error
  auto create = Of<Account>().Create();
  create.OnConflict(F<&Account::owner>).Ignore();
  Note(create);
  CHECK(Found().empty());
}
