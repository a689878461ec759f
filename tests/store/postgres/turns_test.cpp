#include <grapnel/store/postgres/turns.hpp>

#include "store/postgres/opened.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

using grapnel::postgres::detail::PostgresConnection;
using grapnel::postgres::detail::Turns;
using grapnel::store::Turn;
using unit::Opened;
using namespace std::chrono_literals;

namespace {

using Numbers = std::vector<std::int64_t>;

struct Two : Opened {
  PostgresConnection other{options, nullptr};

  /// Whether the other one waits for these rows while this connection is in its turn.
  bool Waits(const Numbers& mine, const Numbers& others) {
    connection.TakeTurn(Turn{&unit::People(), mine});
    connection.BeginWrite();
    Insert("a" + std::to_string(++names));
    auto taken = std::async(std::launch::async, [&] {
      other.TakeTurn(Turn{&unit::People(), others});
      other.BeginWrite();
      other.Rollback();
    });
    const bool waits = taken.wait_for(100ms) == std::future_status::timeout;
    connection.Commit();
    taken.get();
    return waits;
  }
  int names = 0;
};

Numbers Many(std::int64_t from) {
  Numbers many;
  for (std::size_t i = 0; i <= Turns::kMost; ++i) {
    many.push_back(from + static_cast<std::int64_t>(i));
  }
  return many;
}

}  // namespace

TEST_CASE_METHOD(Two, "a turn waits for another one of the same rows, and not for one of others") {
  CHECK(Waits({1, 2}, {2, 3}));
  CHECK_FALSE(Waits({1, 2}, {3, 4}));
  CHECK(Waits(Many(1), {5000, 5001}));  // of so many it is the whole table's
  CHECK(Waits({5000, 5001}, Many(1)));
  CHECK(Waits({}, {}));
}

TEST_CASE_METHOD(Two, "a turn ends with what it was taken for, however that ends") {
  const Turn turn{&unit::People(), {1, 2}};
  const auto held = [&] {
    return schema.Run("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = " +
                      std::to_string(PQbackendPID(native.GetSession().Handle())));
  };
  connection.TakeTurn(turn);
  CHECK(held() == Rows{"3"});
  connection.BeginWrite();
  connection.Commit();  // nothing was sent
  CHECK(held() == Rows{"0"});
  connection.TakeTurn(turn);
  connection.BeginWrite();
  Insert("a");
  connection.Rollback();
  CHECK(held() == Rows{"0"});
  connection.TakeTurn(turn);
  connection.Rollback();  // it never began
  CHECK(held() == Rows{"0"});
}

TEST_CASE_METHOD(Two, "B208 a turn is waited for as long as the call says") {
  const Turn turn{&unit::People(), {1, 2}};
  connection.TakeTurn(turn);
  const auto context = grapnel::core::Context().With(grapnel::LockWait(std::chrono::seconds(0)));
  other.Watch(&context);
  CHECK_THROWS_AS(other.TakeTurn(turn), grapnel::BusyError);
  other.Watch(nullptr);
  other.Rollback();
  const auto setting = other.Native().Ask("SELECT current_setting('lock_timeout')");
  CHECK(std::string(PQgetvalue(setting.get(), 0, 0)) == "5s");
  connection.Rollback();
  other.Watch(&context);
  CHECK_NOTHROW(other.TakeTurn(turn));
  other.Watch(nullptr);
  other.Rollback();
}

TEST_CASE_METHOD(Two, "a turn that is waited for too long is as any lock, and leaves none behind") {
  const Turn turn{&unit::People(), {1, 2}};
  connection.TakeTurn(turn);
  other.Native().Execute("SET lock_timeout = 50");
  CHECK_THROWS_AS(other.TakeTurn(turn), grapnel::BusyError);
  other.Rollback();
  connection.Rollback();
  CHECK_NOTHROW(connection.TakeTurn(turn));
  connection.Rollback();
}
