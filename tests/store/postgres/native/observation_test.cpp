#include <grapnel/store/postgres/native/observation.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <vector>

using grapnel::postgres::detail::Observation;
using grapnel::store::Observers;
using grapnel::store::StatementInfo;

TEST_CASE("nobody looks, nothing is observed") {
  const Observers observers;
  CHECK(Observation::Of(observers) == nullptr);
}

TEST_CASE("B157 who looks is told the text, the counts, the error, and values where asked for") {
  Observers observers;
  std::vector<std::string> told;
  const auto note = [&](const StatementInfo& info) {
    told.push_back(std::string(info.text) + " " + std::to_string(info.rows) + " " +
                   std::to_string(info.changes) + " " + std::string(info.error));
    for (const std::string& value : info.values) told.back() += " " + value;
  };
  observers.Add(note, true);
  observers.Add(note, false);
  const auto observation = Observation::Of(observers);
  REQUIRE(observation != nullptr);
  REQUIRE(observation->Values() != nullptr);
  observation->Tell();  // nothing was sent yet
  CHECK(told.empty());
  observation->Values()->assign({"7"});
  observation->NoteSent("SELECT $1");
  observation->Count(2, 3);
  observation->NoteError("words");
  observation->Tell();
  CHECK(told == std::vector<std::string>{"SELECT $1 2 3 words 7", "SELECT $1 2 3 words"});
  Observation::TellRefused(observers, "BEGIN", "refused");
  CHECK(told.back() == "BEGIN 0 0 refused");
}
