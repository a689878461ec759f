// The example outbox_inspector in a terminal, as a program of its own: what it shows and does.
#include "../../examples/outbox_inspector/text.hpp"

#include "contract/outbox_inspector_model.hpp"
#include "support/catch.hpp"
#include "support/engine/catalog.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace inspected;

namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
/// UTF-8, whether it is a character or not.
std::string Encoded(char32_t c) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80U | (c >> shift & 0x3FU)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0U | c >> 6U), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0U | c >> 12U), tail(6), tail(0)};
  return {static_cast<char>(0xF0U | c >> 18U), tail(12), tail(6), tail(0)};
}
/// Whether a row begins with these cells.
bool HasRow(const std::string& text, const std::string& cells) {
  std::string narrow = "\n";
  for (const char c : text) {
    if (c == ' ' && (narrow.back() == ' ' || narrow.back() == '\n')) continue;
    narrow += c;
  }
  return Has(narrow, "\n" + cells + " ");
}

}  // namespace

TEST_CASE_METHOD(Inspected, "B257 the inspector shows what waits, behind what, and what is dead") {
  CHECK(Has(Inspect().out, "nothing waits, and there are no dead letters\n"));

  Append("mail", "7", "a");
  Refuse("mail", "550 no such mailbox");
  Append("mail", "7", "b");
  Append("mail", "8", "c");
  Append("search", "7", "d");
  const Ran ran = Inspect();
  INFO(ran.out << ran.err);
  CHECK(ran.code == 0);
  CHECK(ran.err.empty());
  CHECK(HasRow(ran.out, "SINK PENDING LAG DEAD BLOCKED"));
  CHECK(HasRow(ran.out, "mail 2"));
  CHECK(HasRow(ran.out, "search 1"));
  CHECK(Has(ran.out, "blocked by a dead letter\n"));
  CHECK(Has(ran.out, "waits for a relay\n"));
  CHECK(Has(ran.out, "550 no such mailbox\n"));
  CHECK_FALSE(Has(ran.out, "PAYLOAD"));
  CHECK(Has(Inspect({"--payloads"}).out, " a\n"));
  const std::string one = Inspect({"--top", "1"}).out;
  CHECK(HasRow(one, "mail 7 1"));
  CHECK_FALSE(HasRow(one, "search 7 1"));
}

TEST_CASE_METHOD(Inspected, "B257 the inspector reads beside a writer, and changes nothing") {
  Append("mail", "7", "a");
  const auto before = AllRows();
  CHECK_THROWS_AS(client.WithTx([&](grapnel::Tx& tx) {  // holds the lock to write
    outbox::Append(tx, "mail", "8", "changed", "b");
    const Ran ran = Inspect();
    INFO(ran.out << ran.err);
    CHECK(ran.code == 0);
    CHECK(HasRow(ran.out, "mail 1"));
    throw std::runtime_error("undone");
  }),
                  std::runtime_error);
  CHECK(AllRows() == before);
  Append("mail", "8", "b");
  CHECK(HasRow(Inspect().out, "mail 2"));
}

TEST_CASE_METHOD(Inspected, "B257 the inspector migrates nothing, and says what it misses") {
  const std::string path = scratch.File("test.db");
  Append("mail", "7", "a");
  RawRows(path, "DROP INDEX \"OutboxLane_sink_key\"");
  const auto before = engine::Described(path);
  CHECK(Inspect().code == 0);
  CHECK(engine::Described(path) == before);

  RawRows(path, "DROP TABLE \"OutboxEvent\"");
  const Ran ran = Inspect();
  CHECK(ran.code == 1);
  CHECK(ran.out.empty());
  CHECK(Has(ran.err, "no outbox in it"));
  CHECK(Has(ran.err, "no table"));
}

TEST_CASE_METHOD(Inspected, "B257 the inspector replays, discards and prunes what it is told to") {
  for (const char* key : {"1", "2", "3"}) Append("mail", key, "a");
  Refuse("mail", "timeout");
  for (const char* key : {"4", "5", "6"}) Append("mail", key, "a");
  Refuse("mail", "550");
  Append("search", "1", "a");
  Refuse("search", "550");
  CHECK(Left("mail") == Lines{"1 dead", "2 dead", "3 dead", "4 dead", "5 dead", "6 dead"});

  CHECK(Inspect({"--replay", "mail", "--error", "time"}).out == "replayed: 0\n");
  CHECK(Inspect({"--replay", "mail", "--error", "timeout", "--key", "2"}).out == "replayed: 1\n");
  CHECK(Inspect({"--replay", "mail", "--error", "timeout"}).out == "replayed: 2\n");
  CHECK(Inspect({"--discard", "mail", "--key", "4"}).out == "discarded: 1\n");
  const auto fifth = client.Of<Event>().Query().Where(F<&Event::key> == "5").Only().id;
  CHECK(Inspect({"--discard", "mail", "--id", std::to_string(fifth)}).out == "discarded: 1\n");
  CHECK(Left("mail") == Lines{"1", "2", "3", "6 dead"});
  CHECK(Inspect({"--prune", "1"}).out == "pruned: 0 dead letters, 0 keys\n");
  CHECK(Inspect({"--prune", "0"}).out == "pruned: 2 dead letters, 4 keys\n");
  CHECK(Left("mail") == Lines{"1", "2", "3"});
  CHECK(Left("search").empty());

  Refuse("mail", "timeout");
  CHECK(Inspect({"--replay", "mail"}).out == "replayed: 3\n");
  int delivered = 0;
  outbox::Relay relay(client, "mail", [&](const Event&, const std::stop_token&) { ++delivered; });
  relay.RunOnce();
  CHECK(delivered == 3);
}

TEST_CASE_METHOD(Inspected, "B257 what is hostile in the outbox does nothing to a terminal") {
  client.Of<Event>()
      .Create({.sink = Hostile(),
               .key = Hostile(),
               .type = Hostile(),
               .payload = Hostile(),
               .error = Hostile(),
               .dead = true})
      .Save();
  Append("mail", Hostile(), Hostile());
  for (const bool with_payloads : {false, true}) {
    const Ran ran = Inspect(with_payloads ? Lines{"--payloads"} : Lines{});
    CHECK(ran.code == 0);
    for (const char c : ran.out) CHECK((c == '\n' || (c & 0x80) != 0 || (c >= ' ' && c <= '~')));
    CHECK_FALSE(Has(ran.out, "\u202e"));
    CHECK_FALSE(Has(ran.out, "\xff"));
    CHECK(Has(ran.out, "\\u001b[2J"));
  }
  // What the sink is called can still be said.
  if (engine::Current() == engine::Kind::Postgres) {
    CHECK(Inspect({"--replay", Hostile()}).out == "replayed: 1\n");
  }
}

TEST_CASE("B257 what is shown is text, whatever it was, and text is shown as it is") {
  std::mt19937 random(257);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 12, '\0');
    for (char& c : bytes)
      c = static_cast<char>(random() % 3 == 0 ? random() : 0x80 | random() % 128);
    const std::string shown = Visible(bytes);
    INFO(i << " " << shown);
    CHECK(Visible(shown) == shown);
    CHECK(std::none_of(shown.begin(), shown.end(),
                       [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }));
    CHECK(Columns(shown) <= shown.size());
  }
  for (const char32_t c : {U' ', U'~', U'\\', U'\u00e4', U'\u0645', U'\u65e5', U'\U0001f600'}) {
    CHECK(Visible(Encoded(c)) == Encoded(c));
  }
  CHECK(Visible(Encoded(0xD800)) == "\uFFFD\uFFFD\uFFFD");
  CHECK(Visible(Encoded(0x110000)) == "\uFFFD\uFFFD\uFFFD\uFFFD");
  CHECK(Visible(Encoded(0x202E) + Encoded(0x85) + Encoded(0xE0041)) == "\\u202e\\u0085\\U000e0041");
  CHECK(Visible("abc", 3) == "abc");
  CHECK(Visible("abcd", 3) == "abc…");
  CHECK(Columns("日本") == 4);
  CHECK(Escaped("<a href='x' b=\"y\">&</a>") ==
        "&lt;a href=&#39;x&#39; b=&quot;y&quot;&gt;&amp;&lt;/a&gt;");
}

TEST_CASE_METHOD(Inspected, "B257 the inspector watches until it is stopped") {
  Append("mail", "7", "a");
  std::vector<std::string> command{Inspector(), "--watch", "1"};
  for (const std::string& word : Database()) command.push_back(word);
  Program program(command);
  const auto until = [&](const std::string& cells) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!HasRow(program.Out(), cells) && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(10ms);
    }
    CHECK(HasRow(program.Out(), cells));
  };
  until("mail 1");
  Append("mail", "8", "b");
  until("mail 2");
}

TEST_CASE("B257 the inspector says what is wrong with what it was told") {
  const auto run = [](Lines options) {
    options.insert(options.begin(), Inspector());
    return RunProgram(std::move(options));
  };
  const auto refused = [&](Lines options, const std::string& why) {
    const Ran ran = run(std::move(options));
    INFO(why);
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("outbox_inspector: " + why + "\n"));
    CHECK(Has(ran.err, "outbox_inspector --db FILE"));
  };
  refused({"--watch"}, "it was not said which database: --db");
  refused({"--db"}, "--db needs a value");
  refused({"--db", "a", "--postgres", "b"}, "--db and --postgres are two databases");
  refused({"--db", "a", "--frobnicate\x1b"}, "there is no option --frobnicate\\u001b");
  refused({"--db", "a", "--prune", "-1"}, "--prune needs a number from 0 to 36500");
  refused({"--db", "a", "--id", "7x"}, "--id needs a number from 1 to 9223372036854775807");
  refused({"--db", "a", "--key", "7"},
          "--error, --key, --id and --all go with --replay or --discard");
  refused({"--db", "a", "--discard", "mail"},
          "--discard needs --error, --key or --id; or --all, for all of the sink");
  refused({"--db", "a", "--prune", "1", "--replay", "mail"},
          "--replay, --discard and --prune are three calls");
  refused({"--db", "a", "--prune", "1", "--html", "b"},
          "--html and --watch show, and change nothing");
  CHECK(run({"--help"}).code == 0);
  CHECK(run({"--help"}).out.starts_with("outbox_inspector: what waits"));

  const Scratch scratch;
  const std::string odd = scratch.File("a?b#c%41.db");
  const auto failed = [&](const std::string& file, const std::string& why, Lines more = {}) {
    more.insert(more.begin(), {"--db", file});
    const Ran ran = run(std::move(more));
    INFO(ran.err);
    CHECK(ran.code == 1);
    CHECK(ran.out.empty());
    CHECK(Has(ran.err, why));
  };
  failed(odd, "there is no file");
  failed(odd, "there is no file", {"--prune", "1"});
  CHECK(std::filesystem::is_empty(scratch.Folder()));
  std::ofstream(odd) << "a letter to Ada, which is longer than the header of a database is, by far";
  failed(odd, "not a database");
  std::filesystem::remove(odd);
  grapnel::Open<Event, Lane>(scratch.File("other.db")).Migrate();
  std::filesystem::copy(scratch.File("other.db"), odd);
  CHECK(run({"--db", odd}).code == 0);
  failed(odd, "cannot be written", {"--html", scratch.File("none/page.html")});
}
