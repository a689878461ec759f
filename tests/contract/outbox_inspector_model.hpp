#pragma once

/// What the tests of the example outbox_inspector share: an outbox with all that there is to see,
/// and the program, which is run from outside.

#include <grapnel/extras/outbox.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "contract/fixture.hpp"
#include "support/program.hpp"

namespace inspected {

namespace outbox = grapnel::extras::outbox;
using grapnel::F;
using outbox::Event;
using outbox::Lane;
using namespace std::chrono_literals;

/// The path of the program that was built; "" where the examples are not.
inline std::string Inspector() {
  const char* path = std::getenv("GRAPNEL_TEST_INSPECTOR");
  return path == nullptr ? "" : path;
}

/// Ends the test as skipped, before it begins, where there is nothing to run.
struct HasInspector {
  HasInspector() {
    if (!Inspector().empty()) return;
    std::puts("skipped: the examples are not built");
    std::fflush(stdout);
    std::_Exit(77);
  }
};
inline const HasInspector kHasInspector;

struct Inspected : Fixture<Event, Lane> {
  std::vector<std::string> Database() const {
    const std::string file = scratch.File("test.db");
    if (engine::Current() == engine::Kind::Postgres) return {"--postgres", engine::Url(file)};
    return {"--db", file};
  }
  Ran Inspect(std::vector<std::string> options = {}) const {
    std::vector<std::string> command{Inspector()};
    for (std::string& word : Database()) command.push_back(std::move(word));
    for (std::string& word : options) command.push_back(std::move(word));
    return RunProgram(std::move(command));
  }

  Lines AllRows() const {
    Lines rows = Raw("SELECT * FROM \"OutboxEvent\"");
    for (std::string& row : Raw("SELECT * FROM \"OutboxLane\"")) rows.push_back(std::move(row));
    return rows;
  }

  void Append(const std::string& sink, const std::string& key, std::string payload) const {
    client.WithTx(
        [&](grapnel::Tx& tx) { outbox::Append(tx, sink, key, "changed", std::move(payload)); });
  }
  /// The first event of each of these keys is a dead letter then.
  void Refuse(const std::string& sink, const std::string& error) const {
    outbox::Relay relay(
        client, sink,
        [&](const Event&, const std::stop_token&) { throw std::runtime_error(error); },
        {.attempts = 1});
    relay.RunOnce();
  }
  Lines Left(const std::string& sink) const {
    Lines left;
    const auto events = client.Of<Event>().Query().Where(F<&Event::sink> == sink);
    auto ordered = events;
    for (const Event& event : ordered.Order(grapnel::Asc(F<&Event::id>)).All()) {
      left.push_back(event.key + (event.dead ? " dead" : ""));
    }
    return left;
  }
};

/// What the relay of an outbox may meet, and a page must not run.
inline const std::string kHostile =
    "\"><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "</bdi></td></table>' onmouseover='x&amp;\x1b[2J\x1b]0;owned\x07\r\n\t\u202e\u200b"
    "</style><!--";
/// The same with what is no text, where the database takes it.
inline std::string Hostile() {
  if (engine::Current() == engine::Kind::Postgres) return kHostile;
  return kHostile + "\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82" + std::string(1, '\0') +
         "end";
}

}  // namespace inspected
