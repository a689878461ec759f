#include "contract/desk_model.hpp"
#include "support/catch.hpp"
#include "support/engine/traits.hpp"
#include "support/scratch.hpp"

#include <grapnel/grapnel.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using desk::Agent;
using desk::Status;
using desk::Tag;
using desk::Ticket;
using desk::Uuid;
using grapnel::Asc;
using grapnel::CountOf;
using grapnel::Desc;
using grapnel::F;
using Ids = std::vector<std::int64_t>;
using TicketOrder = grapnel::store::Order<Ticket>;
using Compare = std::function<int(const Ticket&, const Ticket&)>;

/// An order for the database and for C++.
struct BothWays {
  TicketOrder sql;
  Compare compare;
};

template <class T>
int Sign(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}
/// By a field that may be NULL.
template <auto M, class T>
BothWays By(bool descending, std::optional<bool> nulls_first, const T& value) {
  auto order = descending ? Desc(F<M>) : Asc(F<M>);
  if (nulls_first) order = *nulls_first ? order.NullsFirst() : order.NullsLast();
  const bool first = nulls_first.value_or(!descending);
  return {{order.ordering}, [=](const Ticket& a, const Ticket& b) {
            const auto left = value(a), right = value(b);
            if (!left || !right) return (first ? 1 : -1) * (int{!!left} - int{!!right});
            return (descending ? -1 : 1) * Sign(*left, *right);
          }};
}

/// Any order of up to three fields, which ends by the id in the direction of the last.
std::vector<BothWays> AnyOrder(std::mt19937& random) {
  std::vector<BothWays> orders;
  bool descending = false;
  std::vector<int> fields = {0, 1, 2, 3, 4, 5, 6};
  std::shuffle(fields.begin(), fields.end(), random);
  fields.resize(1 + random() % 3);
  for (const int field : fields) {
    descending = random() % 2 == 0;
    std::optional<bool> nulls;
    if (random() % 3 == 0) nulls = random() % 2 == 0;
    const auto of = [](auto member) {
      return [=](const Ticket& t) { return std::optional(t.*member); };
    };
    switch (field) {
      case 0:
        orders.push_back(By<&Ticket::due>(descending, nulls, of(&Ticket::due)));
        break;
      case 1:
        orders.push_back(By<&Ticket::closed>(descending, nulls, [](auto& t) { return t.closed; }));
        break;
      case 2:
        orders.push_back(By<&Ticket::score>(descending, nulls, [](auto& t) { return t.score; }));
        break;
      case 3:
        orders.push_back(By<&Ticket::title>(descending, nulls, of(&Ticket::title)));
        break;
      case 4:
        orders.push_back(By<&Ticket::status>(descending, nulls, [](auto& t) {
          return std::optional<std::string>(t.status == Status::Open ? "open" : "closed");
        }));
        break;
      case 5:
        orders.push_back(By<&Ticket::opened>(descending, nulls, [](auto& t) { return t.opened; }));
        break;
      default:
        orders.push_back(By<&Ticket::agent>(descending, nulls, [](auto& t) {
          const auto id = t.agent.ID();
          return id ? std::optional(id->text) : std::nullopt;
        }));
    }
  }
  orders.push_back(By<&Ticket::id>(descending, {}, [](auto& t) { return std::optional(t.id); }));
  return orders;
}

bool ComesBefore(const std::vector<BothWays>& orders, const Ticket& a, const Ticket& b) {
  for (const BothWays& each : orders) {
    if (const int compared = each.compare(a, b); compared != 0) return compared < 0;
  }
  return false;
}

template <class Query>
void OrderBy(Query& query, const std::vector<BothWays>& orders) {
  for (std::size_t i = 0; i + 1 < orders.size(); ++i)
    query.Order(orders[i].sql);  // the id by itself
}

std::int64_t AnyTicket(const desk::Database& client, std::mt19937& random) {
  const std::string letters("aAb\0\xff", 5);
  auto create = client.Of<Ticket>()
                    .Create()
                    .Set(F<&Ticket::due>, static_cast<std::int64_t>(random() % 4))
                    .Set(F<&Ticket::title>,
                         engine::Storable(std::string(random() % 3, letters[random() % 5])))
                    .Set(F<&Ticket::status>, random() % 2 == 0 ? Status::Open : Status::Closed);
  if (random() % 2 == 0) create.Set(F<&Ticket::closed>, static_cast<std::int32_t>(random() % 3));
  if (random() % 2 == 0) create.Set(F<&Ticket::score>, static_cast<double>(random() % 5) / 3 - 1);
  if (random() % 2 == 0) {
    create.Set(F<&Ticket::opened>, desk::Time(std::chrono::microseconds(random() % 3)));
  }
  if (random() % 3 != 0) create.Set(F<&Ticket::agent>, Uuid{"a" + std::to_string(random() % 2)});
  return create.Save().id;
}

}  // namespace

TEST_CASE("B153 pages along any order make up the whole, while others insert, update and delete") {
  const auto client = desk::Open(":memory:");
  std::mt19937 random(11);
  for (const char* id : {"a0", "a1"}) {
    client.Of<Agent>().Create().Set(F<&Agent::id>, Uuid{id}).Set(F<&Agent::name>, id).Save();
  }
  for (int i = 0; i < 30; ++i) AnyTicket(client, random);
  for (int round = 0; round < 30; ++round) {
    CAPTURE(round);
    const std::vector<BothWays> orders = AnyOrder(random);
    std::vector<Ticket> expected = client.Of<Ticket>().Query().Order(Asc(F<&Ticket::id>)).All();
    std::sort(expected.begin(), expected.end(),
              [&](const Ticket& a, const Ticket& b) { return ComesBefore(orders, a, b); });
    std::vector<Ticket> read;
    const auto limit = static_cast<std::int64_t>(1 + random() % 9);
    std::set<std::int64_t> gone, come;
    while (true) {
      auto query = client.Of<Ticket>().Query();
      OrderBy(query, orders);
      if (!read.empty()) query.After(read.back());
      REQUIRE(query.Count() == static_cast<std::int64_t>(query.All().size()));
      const std::vector<Ticket> page = query.Limit(limit).All();
      read.insert(read.end(), page.begin(), page.end());
      if (page.empty()) break;
      if (random() % 2 == 0) {
        const std::int64_t id =
            random() % 2 == 0 ? read.back().id : expected[random() % expected.size()].id;
        if (client.Of<Ticket>().Delete().Where(F<&Ticket::id> == id).Exec() == 1) gone.insert(id);
        come.insert(AnyTicket(client, random));
      }
      // What no order looks at may change.
      client.Of<Ticket>().Update().Set(F<&Ticket::rank>, round).Save();
    }
    CHECK(std::is_sorted(read.begin(), read.end(), [&](const Ticket& a, const Ticket& b) {
      return ComesBefore(orders, a, b);
    }));
    Ids left, once;  // of the rows that were there all the time
    for (const Ticket& each : read) {
      if (!gone.contains(each.id) && !come.contains(each.id)) left.push_back(each.id);
    }
    for (const Ticket& each : expected) {
      if (!gone.contains(each.id)) once.push_back(each.id);
    }
    CHECK(left == once);
  }
}

TEST_CASE("B153 After goes with all that a query is for") {
  const auto client = desk::Open(":memory:");
  const auto tickets = client.Of<Ticket>();
  for (int i = 1; i <= 5; ++i) {
    tickets.Create().Set(F<&Ticket::due>, i / 2).AddIDs(F<&Ticket::tags>, {}).Save();
  }
  const Ticket second = tickets.Get(2);
  const auto behind = tickets.Query().Order(Desc(F<&Ticket::due>)).After(second);
  CHECK(behind.IDs() == Ids{1});
  CHECK(behind.Count() == 1);
  CHECK(behind.Exist());
  CHECK(behind.Only().id == 1);
  auto again = tickets.Query().Where(F<&Ticket::id> != 4);
  again.Order(Asc(F<&Ticket::due>), Asc(F<&Ticket::due>)).After(second).Offset(1).Limit(1);
  CHECK(again.IDs() == Ids{5});
  CHECK(again.Traverse(F<&Ticket::agent>).Count() == 0);
  // One query leads along all pages, by one statement.
  std::set<std::string> sent;
  Ids read;
  auto open = client.Debug([&](std::string_view sql) { sent.emplace(sql); }).Of<Ticket>().Query();
  auto page = open.Order(Desc(F<&Ticket::due>)).Limit(2).All();
  for (; !page.empty(); page = open.Order(Desc(F<&Ticket::due>)).After(page.back()).All()) {
    for (const Ticket& each : page) read.push_back(each.id);
    open.Where(F<&Ticket::id> > 0);
  }
  CHECK(read == Ids{5, 4, 3, 2, 1});
  CHECK(sent.size() == 4);  // for each Where another
  auto tx = client.Tx();
  tx.Of<Ticket>().DeleteOne(2).Exec();  // the row itself need not be there
  CHECK(tx.Of<Ticket>().Query().Order(Asc(F<&Ticket::id>)).After(second).IDs() == Ids{3, 4, 5});
}

TEST_CASE("B153 After says what it needs") {
  const auto client = desk::Open(":memory:");
  const auto tickets = client.Of<Ticket>();
  const Ticket last = tickets.Create().Save();
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(tickets.Query().After(last), Contains("needs one before it"));
  CHECK_THROWS_WITH(tickets.Query().Order(Asc(F<&Ticket::agent>, F<&Agent::name>)).After(last),
                    Contains("order by fields of its own, or use Offset"));
  CHECK_THROWS_WITH(tickets.Query().Order(Desc(CountOf(F<&Ticket::tags>))).After(last),
                    Contains("order by fields of its own, or use Offset"));
  CHECK_THROWS_WITH(
      tickets.Query().Order(Asc(F<&Ticket::due>)).After(last).Order(Asc(F<&Ticket::rank>)),
      Contains("Order comes before After"));
  CHECK_THROWS_AS(tickets.Query().Order(Asc(F<&Ticket::due>)).After(Ticket()),
                  grapnel::ValidationError);
  Ticket unfit = last;
  unfit.score = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(tickets.Query().Order(Asc(F<&Ticket::score>)).After(unfit),
                  grapnel::ValidationError);
  CHECK(tickets.Query().Order(Asc(F<&Ticket::due>)).After(last).All().empty());
}
