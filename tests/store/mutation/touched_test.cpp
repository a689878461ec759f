#include <grapnel/store/mutation/touched.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

#include <string>
#include <vector>

namespace detail = grapnel::detail;
using detail::kTable;
using grapnel::F;
using grapnel::FieldValue;
using grapnel::Op;
using model::User;

namespace {

using Ids = std::vector<FieldValue>;

/// Three users: Ada, Bob and Eve, 1 to 3.
struct World : Opened<User> {
  World() {
    for (const char* name : {"Ada", "Bob", "Eve"})
      Of<User>().Create().Set(F<&User::name>, name).Save();
  }
  static grapnel::store::PredicatePtr Named(const char* name) {
    return (F<&User::name> == name).Node();
  }
};

}  // namespace

TEST_CASE_METHOD(World, "the rows that a mutation touches are asked for once, and then pinned") {
  std::vector<std::string> log;
  Running<User> run(Traced(log), Op::Update);
  run.core.where = Named("Bob");
  log.clear();
  CHECK(detail::PinnedIds(run.core) == Ids{2});
  run.Client().Of<User>().Create().Set(F<&User::name>, "Bob").Save();
  CHECK(detail::PinnedIds(run.core) == Ids{2});
  CHECK(CountOf(log, "SELECT") == 1);
  CHECK(detail::SelectIds(run.core, kTable<User>, run.core.where) == Ids{2});
  CHECK(detail::CountRows(run.core, kTable<User>, Named("Bob")) == 2);
}

TEST_CASE_METHOD(World,
                 "after the write they are those that it touched, and cannot be asked for first") {
  Running<User> late(Handle(), Op::Delete);
  late.core.executed = true;
  CHECK_THROWS_AS(detail::PinnedIds(late.core), grapnel::NotLoadedError);
  late.core.executed = false;
  CHECK(detail::PinnedIds(late.core) == Ids{1, 2, 3});
  late.core.pinned->touched = Ids{1};
  CHECK(detail::PinnedIds(late.core).size() == 3);
  late.core.executed = true;
  CHECK(detail::PinnedIds(late.core) == Ids{1});
}

TEST_CASE_METHOD(World,
                 "why a One form touched nothing: no row, a row that does not match, or others") {
  Running<User> run(Handle(), Op::UpdateOne);
  run.entity.id = 9;
  CHECK_THROWS_WITH(detail::RefuseUntouched(run.core), "User not found: id 9");
  CHECK_FALSE(run.core.stale);
  run.entity.id = 2;
  try {
    detail::RefuseUntouched(run.core);
  } catch (const grapnel::ConstraintError& error) {
    CHECK(error.Kind() == grapnel::ConstraintKind::Skipped);
  }
  run.core.where = Named("Ada");
  CHECK_THROWS_AS(detail::RefuseUntouched(run.core), grapnel::StaleError);
  CHECK(run.core.stale);
  const auto alive = Named("Eve");  // those alone count as there
  CHECK_THROWS_WITH(detail::RefuseUntouched(run.core, alive), "User not found: id 2");
}
