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
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using desk::Agent;
using desk::Badge;
using desk::Status;
using desk::Tag;
using desk::Ticket;
using desk::Uuid;
using grapnel::F;
using Ids = std::vector<std::int64_t>;
using namespace std::chrono_literals;

constexpr auto kTitle = F<&Ticket::title>;
constexpr auto kDue = F<&Ticket::due>;
constexpr auto kClosed = F<&Ticket::closed>;

template <class P>
Ids Where(const desk::Database& client, const P& predicate) {
  return client.Of<Ticket>().Query().Where(predicate).Order(Asc(F<&Ticket::id>)).IDs();
}
template <class P>
std::vector<std::string> Agents(const desk::Database& client, const P& predicate) {
  std::vector<std::string> names;
  for (const Agent& each :
       client.Of<Agent>().Query().Where(predicate).Order(Asc(F<&Agent::name>)).All()) {
    names.push_back(each.name);
  }
  return names;
}
using Names = std::vector<std::string>;

std::vector<std::byte> Bytes(const std::string& text) {
  std::vector<std::byte> bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

}  // namespace

TEST_CASE("B152 two fields of a row are compared, as stored; with NULL no comparison holds") {
  const auto client = desk::Open(":memory:");
  const auto tickets = client.Of<Ticket>();
  const desk::Time noon{}, later = noon + 90s;
  for (const auto& [due, closed] :
       std::vector<std::pair<int, std::optional<int>>>{{1, 2}, {2, 2}, {3, 2}, {4, std::nullopt}}) {
    auto create = tickets.Create().Set(kTitle, std::to_string(due)).Set(kDue, due);
    if (closed) create.Set(kClosed, *closed);
    create.Save();
  }
  CHECK(Where(client, kDue < kClosed) == Ids{1});
  CHECK(Where(client, kDue <= kClosed) == Ids{1, 2});
  CHECK(Where(client, kDue == kClosed) == Ids{2});
  CHECK(Where(client, kDue != kClosed) == Ids{1, 3});
  CHECK(Where(client, kDue >= kClosed) == Ids{2, 3});
  CHECK(Where(client, kDue > kClosed) == Ids{3});
  CHECK(Where(client, !(kDue > kClosed)) == Ids{1, 2});
  CHECK(Where(client, kDue == F<&Ticket::id> && (kDue < kClosed || kClosed.IsNull())) == Ids{1, 4});

  // Fields of two mixins, and of a mixin and the entity; times as the times that they are.
  tickets.UpdateOne(1).Set(F<&Ticket::opened>, noon).Set(F<&Ticket::rated>, later).Save();
  tickets.UpdateOne(2).Set(F<&Ticket::opened>, later).Set(F<&Ticket::rated>, noon).Save();
  tickets.UpdateOne(3)
      .Set(F<&Ticket::noted>, std::chrono::time_point_cast<std::chrono::minutes>(later))
      .Set(F<&Ticket::opened>, later)
      .Save();
  CHECK(Where(client, F<&Ticket::opened> < F<&Ticket::rated>) == Ids{1});
  CHECK(Where(client, F<&Ticket::rated> < F<&Ticket::opened>) == Ids{2});
  CHECK(Where(client, F<&Ticket::noted> < F<&Ticket::opened>) == Ids{3});
  CHECK(Where(client, F<&Ticket::rank> == F<&Ticket::due> || kDue > F<&Ticket::rank>).size() == 4);

  // Enums by what is stored.
  tickets.UpdateOne(2).Set(F<&Ticket::wanted>, Status::Closed).Save();
  CHECK(Where(client, F<&Ticket::status> != F<&Ticket::wanted>) == Ids{2});
  CHECK(tickets.Update().Where(kDue > kClosed).Set(F<&Ticket::rank>, 7).Save() == 1);
  CHECK(tickets.Delete().Where(kDue < kClosed).Exec() == 1);
}

TEST_CASE("B152 text is compared without the case of ASCII letters, and byte by byte otherwise") {
  const auto client = desk::Open(":memory:");
  const std::string zero = engine::Storable({"\0", 1}), broken = engine::Storable("\xff\xc3");
  const std::vector<std::string> titles = {"Straße",
                                           "STRAßE",
                                           "strasse",
                                           "a" + zero + "B",
                                           "A" + zero + "b",
                                           "a" + zero + "C",
                                           broken + "X",
                                           broken + "x",
                                           "",
                                           "50%_a",
                                           "[K]",
                                           "\xc3\x84rger",
                                           "\xc3\xa4rger"};
  for (const std::string& title : titles) client.Of<Ticket>().Create().Set(kTitle, title).Save();
  const auto fold = [](std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
  };
  const auto matching = [&](const std::function<bool(const std::string&)>& holds) {
    Ids ids;
    for (std::size_t i = 0; i < titles.size(); ++i) {
      if (holds(titles[i])) ids.push_back(static_cast<std::int64_t>(i) + 1);
    }
    return ids;
  };
  std::vector<std::string> asked = titles;
  asked.insert(asked.end(), {"S", zero + "b", "_A", "k", engine::Storable("\xc3"), "rG"});
  for (const std::string& part : asked) {
    CAPTURE(part);
    CHECK(Where(client, kTitle.EqualFold(part)) ==
          matching([&](const std::string& title) { return fold(title) == fold(part); }));
    const Ids within = matching([&](const std::string& title) {
      return fold(title).find(fold(part)) != std::string::npos;
    });
    CHECK(Where(client, kTitle.ContainsFold(part)) == within);
    CHECK(Where(client, !kTitle.ContainsFold(part)).size() == titles.size() - within.size());
  }
  const std::string_view whole = titles.front();
  CHECK(Where(client, kTitle == whole && whole <= kTitle) == Ids{1});
  CHECK(Where(client, kTitle.In(whole, titles[1])) == Ids{1, 2});
  CHECK(Where(client, kTitle.NotIn(std::vector{whole})).size() == titles.size() - 1);
  CHECK(Where(client, F<&Ticket::status>.EqualFold(Status::Open)).size() == titles.size());
  CHECK(client.Of<Agent>().Query().Where(F<&Agent::city>.EqualFold("x")).Count() == 0);
}

TEST_CASE(
    "B152 an edge to one is compared with a neighbour or its id, whichever end holds the key") {
  const auto client = desk::Open(":memory:");
  const auto agents = client.Of<Agent>();
  const Badge first = client.Of<Badge>().Create().Set(F<&Badge::number>, 1).Save();
  const Badge second = client.Of<Badge>().Create().Set(F<&Badge::number>, 2).Save();
  client.Of<Badge>().Create().Set(F<&Badge::number>, 3).Save();
  const Agent ada = agents.Create()
                        .Set(F<&Agent::id>, Uuid{"u-1"})
                        .Set(F<&Agent::name>, "Ada")
                        .Set(F<&Agent::badge>, first.id)
                        .Save();
  const Agent bob = agents.Create()
                        .Set(F<&Agent::id>, Uuid{"u-2"})
                        .Set(F<&Agent::name>, "Bob")
                        .Set(F<&Agent::boss>, ada.id)
                        .Set(F<&Agent::badge>, second.id)
                        .Save();
  const Agent cyd = agents.Create()
                        .Set(F<&Agent::id>, Uuid{"u-3"})
                        .Set(F<&Agent::name>, "Cyd")
                        .Set(F<&Agent::boss>, Uuid{"u-3"})
                        .Save();

  constexpr auto boss = F<&Agent::boss>;
  CHECK(Agents(client, boss == ada.id) == Names{"Bob"});
  CHECK(Agents(client, ada == boss) == Names{"Bob"});
  CHECK(Agents(client, boss != ada) == Names{"Cyd"});
  CHECK(Agents(client, !(boss == ada)) == Names{"Cyd"});  // with NULL neither holds
  CHECK(Agents(client, boss.In(ada.id, cyd)) == Names{"Bob", "Cyd"});
  CHECK(Agents(client, boss.In(std::vector{ada, bob})) == Names{"Bob"});
  CHECK(Agents(client, boss.In(std::vector{cyd.id})) == Names{"Cyd"});
  CHECK(Agents(client, boss.In(std::vector<Uuid>())).empty());
  CHECK(Agents(client, boss.NotIn(ada)) == Names{"Cyd"});
  CHECK(Agents(client, boss.IsNull()) == Names{"Ada"});
  CHECK(Agents(client, boss.NotNull()) == Names{"Bob", "Cyd"});
  CHECK(Agents(client, boss == F<&Agent::id>) == Names{"Cyd"});  // a key and an id are stored alike
  CHECK(Agents(client, boss.Has(boss == ada)).empty());

  // The end that holds no key asks its neighbour.
  constexpr auto agent = F<&Badge::agent>;
  const auto badges = [&](const auto& predicate) {
    return client.Of<Badge>().Query().Where(predicate).Order(Asc(F<&Badge::id>)).IDs();
  };
  CHECK(badges(agent == ada) == Ids{1});
  CHECK(badges(agent != ada) == Ids{2});
  CHECK(badges(agent.In(ada, bob.id, cyd)) == Ids{1, 2});
  CHECK(badges(agent.IsNull()) == Ids{3});
  CHECK(badges(agent.NotNull()) == Ids{1, 2});
  CHECK(badges(!(agent == ada)) == Ids{2, 3});  // as Not of Has: there is no such neighbour
  CHECK(Agents(client, F<&Agent::badge> == second) == Names{"Bob"});

  // Two keys, and in mutations.
  const auto tickets = client.Of<Ticket>();
  tickets.Create().Set(F<&Ticket::agent>, ada.id).Set(F<&Ticket::second>, ada.id).Save();
  tickets.Create().Set(F<&Ticket::agent>, ada.id).Set(F<&Ticket::second>, bob.id).Save();
  CHECK(Where(client, F<&Ticket::agent> == F<&Ticket::second>) == Ids{1});
  CHECK(Where(client, F<&Ticket::agent> != F<&Ticket::second>) == Ids{2});
  CHECK(tickets.Update().Where(F<&Ticket::second> == bob).Set(kDue, 1).Save() == 1);
  CHECK(tickets.Delete().Where(F<&Ticket::agent>.In(bob, ada) && kDue == 1).Exec() == 1);
}

TEST_CASE("B155 a prefix is every byte of it, in text and in bytes") {
  const auto client = desk::Open(":memory:");
  std::mt19937 random(7);
  // Any bytes; where texts are UTF-8, what stands at its ends, and nothing that it has not.
  std::vector<std::string> letters = {"a", "A", "b", "\x7f", "z"};
  std::vector<std::string> values = {"", "b"};
  if (engine::StoresNulInText()) {
    for (const char c : {'\0', '\xff', '\xfe', '\x80'}) letters.emplace_back(1, c);
    for (const char* text : {"\xff", "\xff\xff", "a\xff"}) values.emplace_back(text);
  } else {
    for (const char* end : {"\xc2\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
      letters.emplace_back(end);
      values.push_back("a" + std::string(end) + end);
    }
  }
  while (values.size() < 200) {
    std::string text;
    for (auto i = random() % 4; i > 0; --i) text += letters[random() % letters.size()];
    values.push_back(text);
  }
  client.WithTx([&](auto& tx) {
    for (const std::string& value : values) {
      tx.template Of<Ticket>()
          .Create()
          .Set(kTitle, value)
          .Set(F<&Ticket::bytes>, Bytes(value))
          .Save();
    }
  });
  for (const std::string& prefix : std::vector(values.begin(), values.begin() + 60)) {
    Ids expected;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i].starts_with(prefix)) expected.push_back(static_cast<std::int64_t>(i) + 1);
    }
    CHECK(Where(client, kTitle.HasPrefix(prefix)) == expected);
    CHECK(Where(client, F<&Ticket::bytes>.HasPrefix(Bytes(prefix))) == expected);
    CHECK(Where(client, !kTitle.HasPrefix(prefix)).size() == values.size() - expected.size());
  }
}

TEST_CASE("B166 the new comparisons may stand in chains of any length, nested and negated") {
  const auto client = desk::Open(":memory:");
  client.Of<Ticket>().Create().Set(kTitle, "Ab").Set(kDue, 1).Set(kClosed, 2).Save();
  auto all = kDue == kClosed || kTitle.EqualFold("aB");
  for (int i = 0; i < 1'200; ++i) {
    switch (i % 5) {
      case 0:
        all = all || kTitle.EqualFold("x" + std::to_string(i));
        break;
      case 1:
        all = (kDue < kClosed || kTitle.ContainsFold("q")) && all;
        break;
      case 2:
        all = all || kTitle.HasPrefix("p" + std::to_string(i));
        break;
      case 3:
        all = !(!all && kDue > kClosed);
        break;
      default:
        all = all && !kTitle.ContainsFold("y" + std::to_string(i));
        break;
    }
  }
  CHECK(client.Of<Ticket>().Query().Where(all).Count() == 1);
  CHECK(client.Of<Ticket>().Query().Where(!all).Count() == 0);
}
