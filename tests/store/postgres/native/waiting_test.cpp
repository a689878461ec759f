#include <grapnel/store/postgres/native/waiting.hpp>

#include "store/postgres/server.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <stop_token>
#include <thread>

using namespace grapnel::postgres::detail;
using namespace std::chrono_literals;
using grapnel::core::Context;

namespace {

/// How long it takes until the server has ended a long statement.
std::chrono::milliseconds Cancelled(const OwnSchema& schema, const Context& context) {
  Waiting waiting;
  waiting.Watch(&context);
  waiting.Start(Patience::Work);
  const auto begun = Clock::now();
  PQsendQuery(schema.Handle(), "SELECT pg_sleep(20)");
  while (PQisBusy(schema.Handle()) == 1) {
    REQUIRE(waiting.Wait(schema.Handle(), false));
    PQconsumeInput(schema.Handle());
  }
  CHECK(waiting.Finish());
  PGresult* result = PQgetResult(schema.Handle());
  CHECK(std::string(PQresultErrorField(result, PG_DIAG_SQLSTATE)) == "57014");
  PQclear(result);
  while (PGresult* more = PQgetResult(schema.Handle())) PQclear(more);
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
}

}  // namespace

TEST_CASE("B177 a deadline cancels on the server") {
  const OwnSchema schema;
  CHECK(Cancelled(schema, Context().With(100ms)) < 5s);
  CHECK(schema.Run("SELECT 1") == Rows{"1"});  // the one behind it is not cancelled
}

TEST_CASE("B177 a stop token cancels on the server") {
  const OwnSchema schema;
  std::stop_source source;
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(100ms);
    source.request_stop();
  });
  CHECK(Cancelled(schema, Context().With(source.get_token())) < 5s);
}

TEST_CASE("B177 a statement that the server begins with later is cancelled too") {
  const OwnSchema schema;
  const Context context = Context().With(1ms);
  Waiting waiting;
  waiting.Watch(&context);
  waiting.Start(Patience::Work);
  std::jthread sender([&] {
    std::this_thread::sleep_for(200ms);  // by then it has been asked to cancel, in vain
    PQsendQuery(schema.Handle(), "SELECT pg_sleep(20)");
  });
  REQUIRE(waiting.Wait(schema.Handle(), false));
  sender.join();
  CHECK(waiting.Finish());
  PGresult* result = PQgetResult(schema.Handle());
  CHECK(std::string(PQresultErrorField(result, PG_DIAG_SQLSTATE)) == "57014");
  PQclear(result);
  CHECK(PQgetResult(schema.Handle()) == nullptr);
  CHECK(schema.Run("SELECT 1") == Rows{"1"});
}

TEST_CASE("B177 a server that does not answer is given up") {
  const OwnSchema schema;           // which nobody asks anything
  const auto begun = Clock::now();  // what it waits for is reckoned from a later one
  const Context context = Context().With(50ms);
  Waiting waiting;
  waiting.Watch(&context);
  waiting.Start(Patience::Work);
  CHECK_FALSE(waiting.Wait(schema.Handle(), false));
  CHECK(Clock::now() - begun >= Waiting::kGrace);
}

TEST_CASE("B177 a COMMIT is cancelled too, but not before it had a moment") {
  const OwnSchema schema;
  const Context context = Context().With(-1ms);
  Waiting waiting;
  waiting.Watch(&context);
  waiting.Start(Patience::Commit);
  PQsendQuery(schema.Handle(), "SELECT 1");
  CHECK(waiting.Wait(schema.Handle(), false));
  CHECK_FALSE(waiting.IsCancelling());
  PQclear(PQgetResult(schema.Handle()));
  CHECK(PQgetResult(schema.Handle()) == nullptr);
  waiting.Start(Patience::Commit);
  PQsendQuery(schema.Handle(), "SELECT pg_sleep(20)");
  PQflush(schema.Handle());
  CHECK(waiting.Wait(schema.Handle(), false));
  CHECK(waiting.IsCancelling());
  CHECK(waiting.Finish());
  while (PGresult* more = PQgetResult(schema.Handle())) PQclear(more);
  CHECK(schema.Run("SELECT 1") == Rows{"1"});
}

TEST_CASE("B177 without a context a COMMIT is waited for as long as it takes") {
  const OwnSchema schema;
  Waiting waiting;
  waiting.Start(Patience::Commit);
  PQsendQuery(schema.Handle(), "SELECT pg_sleep(0.3)");
  CHECK(waiting.Wait(schema.Handle(), false));
  CHECK_FALSE(waiting.IsCancelling());
  while (PGresult* more = PQgetResult(schema.Handle())) PQclear(more);
}
