// B153, B155: which index SQLite searches, and columns that others made with collations of its own.
#include "contract/desk_model.hpp"
#include "support/catch.hpp"
#include "support/engine/raw.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using desk::Agent;
using desk::Status;
using desk::Tag;
using desk::Ticket;
using desk::Uuid;
using grapnel::Asc;
using grapnel::Desc;
using grapnel::F;
using Names = std::vector<std::string>;

constexpr auto kTitle = F<&Ticket::title>;
constexpr auto kDue = F<&Ticket::due>;

std::vector<std::byte> Bytes(const std::string& text) {
  std::vector<std::byte> bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

/// How SQLite does what `read` sends last: the lines of EXPLAIN QUERY PLAN, of a database with
/// these tables.
template <class Read>
std::string PlanOf(const desk::Database& client, const std::string& path, const Read& read) {
  std::string sent;
  read(client.Debug([&](std::string_view sql) { sent = sql; }));
  std::string plan;
  for (const std::string& line : Raw(path)("EXPLAIN QUERY PLAN " + sent)) {
    plan += line.substr(line.rfind('|') + 1) + "\n";
  }
  return plan;
}

}  // namespace

TEST_CASE("B155 equality and prefixes of text are looked up in an index") {
  const Scratch scratch;
  const std::string path = scratch.File("desk.db");
  const auto client = desk::Open(path);
  const auto plan = [&](const auto& predicate) {
    return PlanOf(client, path, [&](const auto& traced) {
      static_cast<void>(traced.template Of<Ticket>().Query().Where(predicate).All());
    });
  };
  using Catch::Matchers::Contains;
  CHECK_THAT(plan(kTitle == "a"), Contains("Ticket_title") && Contains("(title=?)"));
  CHECK_THAT(plan(kTitle.HasPrefix("a")), Contains("(title>? AND title<?)"));
  CHECK_THAT(plan(kTitle.HasPrefix("")), Contains("(title>? AND title<?)"));
  CHECK_THAT(plan(F<&Ticket::bytes>.HasPrefix(Bytes("a"))), Contains("(bytes>? AND bytes<?)"));
  CHECK_THAT(plan(F<&Ticket::status> == Status::Open && kDue > 3),
             Contains("(status=? AND due>?)"));
  CHECK_THAT(
      PlanOf(
          client, path,
          [&](const auto& traced) {
            static_cast<void>(
                traced.template Of<Agent>().Query().Where(F<&Agent::name>.HasPrefix("A")).Count());
          }),
      Contains("(name>? AND name<?)"));
}

TEST_CASE("B155 a column that others made with another collation is searched byte by byte too") {
  const Scratch scratch;
  const std::string path = scratch.File("desk.db");
  Raw raw(path);
  raw("CREATE TABLE Tag (id TEXT COLLATE NOCASE NOT NULL PRIMARY KEY)");
  const auto client = desk::Open(path);
  for (const char* id : {"ab", "Ac", "aZ", "a[", "b"})
    client.Of<Tag>().Create().Set(F<&Tag::id>, id).Save();
  const auto found = [&](const std::string& prefix) {
    return client.Of<Tag>()
        .Query()
        .Where(F<&Tag::id>.HasPrefix(prefix))
        .Order(Asc(F<&Tag::id>))
        .IDs();
  };
  CHECK(found("a") == Names{"a[", "ab", "aZ"});
  CHECK(found("aZ") == Names{"aZ"});
  CHECK(found("A") == Names{"Ac"});
  CHECK(client.Of<Tag>().Query().Where(F<&Tag::id>.EqualFold("AB")).Count() == 1);
}

TEST_CASE("B153 a page behind a row is looked up in an index, however deep it lies") {
  const Scratch scratch;
  const std::string path = scratch.File("desk.db");
  const auto client = desk::Open(path);
  const auto plan = [&](const Ticket& last, const auto&... orders) {
    return PlanOf(client, path, [&](const auto& traced) {
      static_cast<void>(
          traced.template Of<Ticket>().Query().Order(orders...).After(last).Limit(50).All());
    });
  };
  using Catch::Matchers::Contains;
  const auto sorted = Contains("TEMP B-TREE");
  Ticket last;
  last.id = 7;
  CHECK_THAT(plan(last, Desc(F<&Ticket::due>)), Contains("((due,rowid)<(?,?))") && !sorted);
  CHECK_THAT(plan(last, Asc(F<&Ticket::due>)), Contains("((due,rowid)>(?,?))") && !sorted);
  CHECK_THAT(plan(last, Asc(F<&Ticket::id>)), Contains("(rowid>?)") && !sorted);
  CHECK_THAT(plan(last, Asc(F<&Ticket::status>), Asc(F<&Ticket::due>)),
             Contains("((status,due,rowid)>(?,?,?))") && !sorted);
  CHECK_THAT(plan(last, Asc(F<&Ticket::due>), Desc(F<&Ticket::id>)), Contains("(due>?)"));
  last.closed = 3;
  CHECK_THAT(plan(last, Asc(F<&Ticket::closed>)), Contains("((closed,rowid)>(?,?))") && !sorted);
  // Where there may be NULL, in two parts, of which the few that are left are sorted.
  CHECK_THAT(plan(last, Desc(F<&Ticket::closed>)),
             Contains("((closed,rowid)<(?,?))") && Contains("(closed=?)") &&
                 Contains("(rowid=?)") && !Contains("SCAN Ticket"));
  last.closed.reset();
  CHECK_THAT(plan(last, Asc(F<&Ticket::closed>)), Contains("(closed=? AND rowid>?)") &&
                                                      Contains("(closed>?)") &&
                                                      !Contains("SCAN Ticket"));
  CHECK_THAT(plan(last, Desc(F<&Ticket::closed>)), Contains("(closed=? AND rowid<?)") && !sorted);
  CHECK_THAT(PlanOf(client, path,
                    [&](const auto& traced) {
                      static_cast<void>(traced.template Of<Ticket>()
                                            .Query()
                                            .Where(F<&Ticket::status> == Status::Open)
                                            .Order(Desc(F<&Ticket::due>))
                                            .After(last)
                                            .Limit(50)
                                            .All());
                    }),
             Contains("(status=? AND (due,rowid)<(?,?))") && !sorted);
}

TEST_CASE("B153 pages follow ids that are text, and the collation that others gave a column") {
  const Scratch scratch;
  const std::string path = scratch.File("desk.db");
  Raw raw(path);
  raw("CREATE TABLE Tag (id TEXT COLLATE NOCASE NOT NULL PRIMARY KEY)");
  raw("CREATE TABLE Agent (id TEXT NOT NULL PRIMARY KEY, name TEXT COLLATE NOCASE NOT NULL UNIQUE, "
      "city TEXT COLLATE NOCASE)");
  const auto client = desk::Open(path);
  for (const char* id : {"b", "A", "c", "a1", "B2", "D"}) {
    client.Of<Tag>().Create().Set(F<&Tag::id>, id).Save();
    client.Of<Agent>()
        .Create()
        .Set(F<&Agent::id>, Uuid{id})
        .Set(F<&Agent::name>, id)
        .Set(F<&Agent::city>, id == std::string("b") ? "x" : "X")
        .Save();
  }
  std::vector<std::string> tags, agents;
  for (Tag last{"+"}; true;) {
    const auto page = client.Of<Tag>().Query().Order(Asc(F<&Tag::id>)).After(last).Limit(2).All();
    if (page.empty()) break;
    for (const Tag& each : page) tags.push_back(each.id);
    last = page.back();
  }
  CHECK(tags == std::vector<std::string>{"A", "a1", "b", "B2", "c", "D"});
  auto page = client.Of<Agent>().Query().Order(Desc(F<&Agent::city>)).Limit(1).All();
  while (!page.empty()) {
    agents.push_back(page.front().id.text);
    page =
        client.Of<Agent>().Query().Order(Desc(F<&Agent::city>)).After(page.front()).Limit(1).All();
  }
  CHECK(agents == std::vector<std::string>{"c", "b", "a1", "D", "B2", "A"});
}
