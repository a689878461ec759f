#include <grapnel/store/write/pending_rows.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace detail = grapnel::detail;
using detail::PendingRows;
using grapnel::F;
using grapnel::Op;
using model::Card;

namespace {

/// A bulk of cards whose statements are logged.
struct World : Opened<Card> {
  std::vector<std::string> log{};
  Running<Card> run{Traced(log), Op::Create};
  std::vector<Card> rows = std::vector<Card>(300);
  PendingRows pending{run.bound, *this};

  World() {
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].number = std::to_string(i);
    CHECK(run.Client().Of<Card>().Query().Count() == 0);
    log.clear();
  }
  /// Where the bulk's i-th row is.
  void* operator()(std::size_t at) { return &rows[at]; }
  /// What the row's mutation says.
  static detail::Draft Draft() {
    detail::Draft m(detail::kTable<Card>, Op::Create, nullptr);
    for (const char* field : {"number", "created_at", "in_hook", "owner_id"})
      m.set.set(m.PlaceOf(field));
    return m;
  }
  void Add(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(pending.Takes(Draft()));
      pending.Done();
    }
  }
  std::int64_t Inserts() {
    const std::int64_t count = CountOf(log, "INSERT");
    log.clear();
    return count;
  }
  std::int64_t Stored() { return detail::CountRows(run.core, detail::kTable<Card>, nullptr); }
};

}  // namespace

TEST_CASE_METHOD(World, "rows wait, and are inserted by one statement, their ids in their order") {
  Add(20);
  CHECK(log.empty());
  pending.Flush();
  CHECK(Inserts() == 1);
  CHECK((rows[0].id == 1 && rows[19].id == 20));
  CHECK(run.Client().Of<Card>().Get(20).number == "19");
  pending.Flush();
  CHECK(Inserts() == 0);
}

TEST_CASE_METHOD(World, "they are inserted once there are enough of them") {
  Add(127);
  CHECK(Inserts() == 0);
  Add(1);
  CHECK(Inserts() == 1);
  Add(172);
  pending.Flush();
  CHECK(Stored() == 300);
  CHECK(rows[299].id == 300);
}

TEST_CASE_METHOD(World, "a few go one by one, unless others of the bulk went just before") {
  Add(2);
  pending.Flush();
  CHECK(Inserts() == 2);
  Add(20);
  pending.Flush();
  Add(2);
  Inserts();
  pending.Flush();
  CHECK(Inserts() == 1);
  Add(2);
  run.Client().Of<Card>().Create().Set(F<&Card::number>, "x").Set(F<&Card::in_hook>, "").Save();
  CHECK(Inserts() == 2);  // the two together, and behind them what somebody wrote
  CHECK(rows[25].id == 26);
  Add(2);
  pending.Flush();
  CHECK(Inserts() == 2);
  CHECK((rows[26].id == 28 && rows[27].id == 29));
}

TEST_CASE_METHOD(World, "whoever uses the transaction finds them there") {
  Add(20);
  CHECK(run.Client().Of<Card>().Query().Count() == 20);
}

TEST_CASE_METHOD(World, "a row that its database refuses is named, and from then on nothing goes") {
  rows[17].number = "3";
  Add(20);
  for (int i = 0; i < 2; ++i) {
    try {
      pending.Flush();
      FAIL("nothing was thrown");
    } catch (const grapnel::ConstraintError& error) {
      CHECK(error.Row() == std::optional<std::size_t>(17));
      CHECK(error.Fields() == std::vector<std::string>{"number"});
    }
  }
  CHECK_THROWS_AS(pending.FlushIfOpen(), grapnel::ConstraintError);
  run.handle->transaction->Rollback();
  CHECK_NOTHROW(pending.FlushIfOpen());
}

TEST_CASE_METHOD(World, "a row does not wait that is more than a new row without an id") {
  CHECK(pending.Takes(Draft()));
  auto with_id = Draft();
  with_id.set.set(0);
  CHECK_FALSE(pending.Takes(with_id));
  auto conflict = Draft();
  conflict.conflict = grapnel::core::MakeShared<grapnel::store::Conflict>();
  CHECK_FALSE(pending.Takes(conflict));
  CHECK_FALSE(pending.Takes(detail::Draft(detail::kTable<Card>, Op::Update, nullptr)));
}

TEST_CASE("a row of a call that was cancelled does not wait: its write says so") {
  const Opened<Card> db;
  std::stop_source stop;
  const auto base = detail::MakeHandle(
      {db.Handle()->store, nullptr, nullptr, db.Handle()->context.With(stop.get_token())});
  Running<Card> run(base, Op::Create);
  const auto row = [](std::size_t) -> void* { return nullptr; };
  PendingRows pending(run.bound, row);
  CHECK(pending.Takes(run.core));
  stop.request_stop();
  CHECK_FALSE(pending.Takes(run.core));
}
