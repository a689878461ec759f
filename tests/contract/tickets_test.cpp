// The rules of the example tickets, on the database itself: what it says is refused is not there
// afterwards, and nobody was told.
#include "../../examples/tickets/helpdesk.hpp"
#include "../../examples/tickets/import.hpp"
#include "../../examples/tickets/notify.hpp"
#include "../../examples/tickets/report.hpp"
#include "../../examples/tickets/rules.hpp"

#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using grapnel::F;
namespace extras = grapnel::extras;

constexpr Status kAll[] = {Status::Open, Status::InProgress, Status::Resolved, Status::Closed};

struct Outbox : Mailer {
  std::vector<std::string> sent{};
  void Send(const std::string& to, const std::string& text) override {
    sent.push_back(to + ": " + text);
  }
};

/// Ada of Acme and Eve of Initech.
struct World {
  Scratch scratch{};
  Outbox outbox{};
  Helpdesk desk = engine::Open<Organisation, Agent, Ticket, Comment, Tag, extras::AuditEntry,
                               extras::AuditHead>(scratch.File("desk.db"));
  decltype(desk.With(Viewer{})) staff, ada, eve;
  Agent ada_agent{}, eve_agent{};

  World() : staff(desk.With(Viewer{0, "staff", true})), ada(staff), eve(staff) {
    Prepare(desk, outbox);
    ada = desk.With(Viewer{AddOrganisation("Acme"), "ada"});
    eve = desk.With(Viewer{AddOrganisation("Initech"), "eve"});
    ada_agent = AddAgent(ada, "ada");
    eve_agent = AddAgent(eve, "eve");
  }
  std::int64_t AddOrganisation(const std::string& name) const {
    return staff.Of<Organisation>().Create().Set(F<&Organisation::name>, name).Save().id;
  }
  static Agent AddAgent(const grapnel::Client& of, const std::string& name) {
    const auto agents = of.Of<Agent>();
    return agents.Create().Set(F<&Agent::name>, name).Set(F<&Agent::email>, name + "@x").Save();
  }
  static Ticket Add(const grapnel::Client& of, const std::string& title,
                    std::optional<std::int64_t> parent = {}) {
    auto ticket = of.Of<Ticket>().Create().Set(F<&Ticket::title>, title);
    if (parent) ticket.Set(F<&Ticket::parent>, *parent);
    return ticket.Save();
  }
  static void AddComment(const grapnel::Client& of, std::int64_t ticket) {
    of.Of<Comment>().Create().Set(F<&Comment::text>, "hm").Set(F<&Comment::ticket>, ticket).Save();
  }
  static void Move(const grapnel::Client& of, std::int64_t ticket, Status to) {
    of.Of<Ticket>().UpdateOne(ticket).Set(F<&Ticket::status>, to).Save();
  }
  static void Close(const grapnel::Client& of, std::int64_t ticket) {
    Move(of, ticket, Status::Resolved);
    Move(of, ticket, Status::Closed);
  }
  Status Of(std::int64_t ticket) const { return staff.Of<Ticket>().Get(ticket).status; }
  /// A ticket that has come to this status on allowed ways.
  std::int64_t In(Status status) const {
    const std::int64_t id = Add(ada, "a").id;
    if (status == Status::InProgress) Move(ada, id, status);
    if (status == Status::Resolved) Move(ada, id, status);
    if (status == Status::Closed) Close(ada, id);
    return id;
  }
};

}  // namespace

TEST_CASE("tickets: a status moves along the allowed ways alone") {
  World world;
  int allowed = 0;
  for (const Status from : kAll) {
    for (const Status to : kAll) {
      CAPTURE(Name(from), Name(to));
      const std::int64_t id = world.In(from);
      if (MayMove(from, to)) {
        World::Move(world.ada, id, to);
        CHECK(world.Of(id) == to);
        ++allowed;
        continue;
      }
      try {
        World::Move(world.ada, id, to);
        FAIL_CHECK("it moved");
      } catch (const TransitionError& error) {
        CHECK(error.ticket == id);
        CHECK(error.from == from);
        CHECK(error.to == to);
      }
      CHECK(world.Of(id) == from);
    }
  }
  CHECK(allowed == 4 + 7);
}

TEST_CASE("tickets: none is made closed, and of many that move none does where one may not") {
  World world;
  auto closed = world.ada.Of<Ticket>().Create().Set(F<&Ticket::title>, "a");
  closed.Set(F<&Ticket::status>, Status::Closed);
  CHECK_THROWS_AS(closed.Save(), TransitionError);
  CHECK(world.ada.Of<Ticket>().Query().Count() == 0);

  const auto open = world.In(Status::Open), resolved = world.In(Status::Resolved);
  auto all = world.ada.Of<Ticket>().Update().Set(F<&Ticket::status>, Status::Closed);
  CHECK_THROWS_AS(all.Save(), TransitionError);
  CHECK(world.Of(open) == Status::Open);
  CHECK(world.Of(resolved) == Status::Resolved);
}

TEST_CASE("tickets: nothing open stands below what is closed, however a write comes by it") {
  World world;
  const auto& ada = world.ada;
  const auto tickets = ada.Of<Ticket>();
  const auto parent = World::Add(ada, "parent").id, child = World::Add(ada, "child", parent).id;
  World::Move(ada, parent, Status::Resolved);
  const auto refused = [&](auto write) {
    CHECK_THROWS_AS(write(), OpenSubticketsError);
    CHECK(extras::Verify(world.staff).empty());
  };

  refused([&] { World::Move(ada, parent, Status::Closed); });
  refused([&] {
    tickets.Update().Where(F<&Ticket::id> == parent).Set(F<&Ticket::status>, Status::Closed).Save();
  });
  CHECK(world.Of(parent) == Status::Resolved);

  World::Move(ada, child, Status::Resolved);
  tickets.Update().Set(F<&Ticket::status>, Status::Closed).Save();  // both at once
  CHECK(world.Of(parent) == Status::Closed);
  CHECK(world.Of(child) == Status::Closed);

  refused([&] { World::Move(ada, child, Status::InProgress); });
  refused([&] { World::Add(ada, "late", parent); });
  const auto other = World::Add(ada, "other").id;
  refused([&] { tickets.UpdateOne(other).Set(F<&Ticket::parent>, parent).Save(); });
  refused([&] { tickets.UpdateOne(parent).AddIDs(F<&Ticket::children>, {other}).Save(); });
  CHECK(tickets.Query().Where(F<&Ticket::parent> == parent).Count() == 1);

  // One that was deleted does not count, until it is to come back.
  tickets.UpdateOne(other).Set(F<&Ticket::parent>, World::Add(ada, "second").id).Save();
  const auto second = *tickets.Get(other).parent.ID();
  tickets.DeleteOne(other).Exec();
  World::Close(ada.With(extras::ShowDeleted{}), second);
  refused([&] { extras::Restore<Ticket>(ada, other); });
  CHECK_FALSE(tickets.Find(other));

  // Nor when another one comes back.
  tickets.DeleteOne(second).Exec();
  CHECK(extras::Restore<Ticket>(ada, second) == 1);
}

TEST_CASE("tickets: an organisation's agents see and touch only what is theirs") {
  World world;
  const auto& ada = world.ada;
  const auto& eve = world.eve;
  const auto theirs = World::Add(ada, "a").id, own = World::Add(eve, "b").id;
  World::AddComment(ada, theirs);
  const Tag tag = ada.Of<Tag>().Create().Set(F<&Tag::name>, "urgent").Save();
  const auto tickets = eve.Of<Ticket>();

  CHECK(tickets.Query().IDs() == std::vector{own});
  CHECK_FALSE(tickets.Find(theirs));
  CHECK(eve.Of<Comment>().Query().Count() == 0);
  CHECK(eve.Of<Tag>().Query().Count() == 0);
  CHECK(eve.Of<Agent>().Query().IDs() == std::vector{world.eve_agent.id});
  CHECK(eve.Of<Organisation>().Query().Only().name == "Initech");

  CHECK_THROWS_AS(World::Move(eve, theirs, Status::Resolved), grapnel::NotFoundError);
  CHECK_THROWS_AS(tickets.DeleteOne(theirs).Exec(), grapnel::NotFoundError);
  CHECK(tickets.Update().Set(F<&Ticket::priority>, 1).Save() == 1);  // her own
  CHECK_THROWS_AS(World::AddComment(eve, theirs), grapnel::Error);
  CHECK_THROWS_AS(World::Add(eve, "c", theirs), grapnel::Error);
  auto update = tickets.UpdateOne(own);
  CHECK_THROWS_AS(update.Set(F<&Ticket::agent>, world.ada_agent.id).Save(), grapnel::Error);
  auto tagged = tickets.UpdateOne(own);
  CHECK_THROWS_AS(tagged.AddIDs(F<&Ticket::tags>, {tag.id}).Save(), grapnel::Error);
  auto forged = tickets.Create().Set(F<&Ticket::title>, "c");
  forged.Set(F<&Tenanted::organisation>, world.ada_agent.organisation);
  CHECK_THROWS_AS(forged.Save(), grapnel::PolicyError);
  CHECK_THROWS_AS(eve.Of<Organisation>().Update().Set(F<&Organisation::name>, "x").Save(),
                  grapnel::PolicyError);

  CHECK(ada.Of<Ticket>().Get(theirs).priority == 3);
  CHECK(world.staff.Of<Ticket>().Query().Count() == 2);
  CHECK(world.staff.Of<Comment>().Query().Count() == 1);
  CHECK_THROWS_WITH(world.desk.Of<Ticket>().Query().Count(),
                    "Ticket: a read is not allowed: the call does not say who it is for");

  // What is unique is so in each organisation.
  CHECK_NOTHROW(World::AddAgent(eve, "ada"));
  CHECK_THROWS_AS(World::AddAgent(ada, "ada"), grapnel::ConstraintError);
}

TEST_CASE("tickets: mails go after the commit, and of what was undone none") {
  World world;
  const auto& ada = world.ada;
  const auto id = World::Add(ada, "a").id;
  CHECK(world.outbox.sent.empty());  // nobody has it
  ada.Of<Ticket>().UpdateOne(id).Set(F<&Ticket::agent>, world.ada_agent).Save();
  CHECK(world.outbox.sent ==
        std::vector<std::string>{"ada@x: ticket " + std::to_string(id) + ", a, is open"});
  world.outbox.sent.clear();

  {
    auto tx = ada.Tx();
    tx.Of<Ticket>().UpdateOne(id).Set(F<&Ticket::status>, Status::InProgress).Save();
    CHECK(world.outbox.sent.empty());
    tx.Rollback();
  }
  CHECK_THROWS_AS(World::Move(ada, id, Status::Closed), TransitionError);
  CHECK(world.outbox.sent.empty());

  {
    auto tx = ada.Tx();
    tx.Of<Ticket>().Update().Set(F<&Ticket::status>, Status::InProgress).Save();
    const auto refused = [&] {  // undone alone, in a transaction that goes on
      tx.Of<Ticket>().UpdateOne(id).Set(F<&Ticket::status>, Status::Closed).Save();
    };
    CHECK_THROWS_AS(refused(), TransitionError);
    CHECK(world.outbox.sent.empty());
    tx.Commit();
  }
  CHECK(world.outbox.sent ==
        std::vector<std::string>{"ada@x: ticket " + std::to_string(id) + ", a, is in progress"});
}

TEST_CASE("tickets: a deleted ticket vanishes with its comments and sub-tickets, and comes back") {
  World world;
  const auto& ada = world.ada;
  const auto parent = World::Add(ada, "a").id, child = World::Add(ada, "b", parent).id;
  World::Add(ada, "c");
  World::AddComment(ada, parent);
  World::AddComment(ada, child);
  const auto count = [](const grapnel::Client& of) {
    return std::pair(of.Of<Ticket>().Query().Count(), of.Of<Comment>().Query().Count());
  };
  CHECK(count(ada) == std::pair<std::int64_t, std::int64_t>(3, 2));

  ada.Of<Ticket>().DeleteOne(parent).Exec();
  CHECK(count(ada) == std::pair<std::int64_t, std::int64_t>(1, 0));
  CHECK(count(world.staff) == std::pair<std::int64_t, std::int64_t>(1, 0));
  CHECK_THROWS_AS(World::AddComment(ada, parent), grapnel::Error);
  CHECK_THROWS_AS(World::Move(ada, parent, Status::Resolved), grapnel::NotFoundError);
  CHECK(count(world.eve.With(extras::ShowDeleted{})) ==
        std::pair<std::int64_t, std::int64_t>(0, 0));
  CHECK_THROWS_AS(extras::Restore<Ticket>(world.eve, parent), grapnel::NotFoundError);

  CHECK(extras::Restore<Ticket>(ada, parent) == 4);
  CHECK(count(ada) == std::pair<std::int64_t, std::int64_t>(3, 2));
}

TEST_CASE("tickets: the trail says who did what, and is whole") {
  World world;
  const auto id = World::Add(world.ada, "a").id;
  World::Move(world.ada, id, Status::Resolved);
  CHECK_THROWS_AS(World::Move(world.ada, id, Status::Open), TransitionError);
  world.ada.Of<Ticket>().DeleteOne(id).Exec();

  const auto trail = world.staff.Of<extras::AuditEntry>();
  const auto entries = trail.Query()
                           .Where(F<&extras::AuditEntry::entity> == "Ticket")
                           .Order(grapnel::Asc(F<&extras::AuditEntry::id>))
                           .All();
  REQUIRE(entries.size() == 3);
  for (const auto& entry : entries) CHECK(entry.actor == "ada");
  CHECK(entries[0].done == "Create");
  CHECK(entries[1].changes == R"({"status":["open","resolved"]})");
  CHECK(entries[2].asked == "DeleteOne");
  CHECK(extras::Verify(world.staff).empty());

  const auto of_ada = world.ada.Of<extras::AuditEntry>();
  CHECK_THROWS_AS(of_ada.Query().All(), grapnel::PolicyError);
  CHECK_THROWS_AS(of_ada.Query().Count(), grapnel::PolicyError);
  CHECK_THROWS_AS(of_ada.Delete().Exec(), grapnel::PolicyError);
  CHECK_THROWS_AS(trail.DeleteOne(entries[1].id).Exec(), grapnel::PolicyError);
  CHECK(extras::Verify(world.staff).empty());
  const auto forger = world.staff.With(grapnel::guard::Decide(grapnel::guard::Allow));
  forger.Of<extras::AuditEntry>().DeleteOne(entries[1].id).Exec();
  CHECK_FALSE(extras::Verify(world.staff).empty());
}

TEST_CASE("tickets: an import is all or nothing, tells nobody, and says which line was bad") {
  World world;
  const auto tickets = world.ada.Of<Ticket>().Query();
  const auto csv = [](std::int64_t rows, const std::string& last) {
    std::string text;
    for (std::int64_t row = 0; row < rows; ++row) text += "a,2,ada@x\n";
    return std::istringstream(text + last);
  };
  const auto line = [&](std::istringstream in) -> std::int64_t {
    try {
      ImportTickets(world.ada, in, [](std::int64_t) {});
      return 0;
    } catch (const ImportError& error) {
      return error.line;
    }
  };
  const auto before = extras::Head(world.staff).last;
  CHECK(line(csv(1'500, "b,6,\n")) == 1'501);       // out of range
  CHECK(line(csv(1'500, ",1,\n")) == 1'501);        // no title
  CHECK(line(csv(1'500, "b,urgent,\n")) == 1'501);  // no number
  CHECK(line(csv(1'500, "b\n")) == 1'501);          // nothing but a title
  CHECK(line(csv(1'500, "b,1,eve@x\n")) == 1'501);  // of another organisation
  CHECK(tickets.Count() == 0);
  CHECK(extras::Head(world.staff).last == before);

  std::vector<std::int64_t> told;
  auto good = csv(10'001, "");
  CHECK(ImportTickets(world.ada, good, [&](std::int64_t rows) { told.push_back(rows); }) == 10'001);
  CHECK(told == std::vector<std::int64_t>{10'000});
  CHECK(tickets.Count() == 10'001);
  CHECK(world.eve.Of<Ticket>().Query().Count() == 0);
  CHECK(world.outbox.sent.empty());
  CHECK(extras::Verify(world.staff).empty());
}

TEST_CASE("tickets: a report tells of what its reader may see") {
  World world;
  World::Add(world.ada, "a");
  world.ada.Of<Ticket>()
      .UpdateOne(World::Add(world.ada, "b").id)
      .Set(F<&Ticket::agent>, world.ada_agent)
      .Save();
  World::Close(world.eve, World::Add(world.eve, "c").id);
  const auto deleted = World::Add(world.eve, "d").id;
  world.eve.Of<Ticket>().DeleteOne(deleted).Exec();

  const std::string acme = "Acme\n  2 open, priority 3.0\n  ada has 1\n";
  const std::string initech = "Initech\n  1 closed, priority 3.0\n  eve has 0\n";
  CHECK(Report(world.ada) == acme);
  CHECK(Report(world.eve) == initech);
  CHECK(Report(world.staff) == acme + initech);
  CHECK_THROWS_AS(Report(world.desk), grapnel::PolicyError);
}
