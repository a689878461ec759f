// Many machines: the same hooks over PostgreSQL. Writers run beside each other, and what another
// one was in the way of is run again, its hooks too; so what a hook does elsewhere belongs into
// AfterCommit.
//
// Run it with what libpq takes: 17_many_machines "host=db1,db2 dbname=app user=app"
//
// Output:
//   visits counted: 80, mails sent: 80
//   rows of one key, written by 8 at once: 1
//   moved: 30 and 70
//   a COMMIT whose connection is lost is looked for: committed

#include <grapnel/grapnel.hpp>
#include <grapnel/postgres.hpp>

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using grapnel::F;

struct Page {
  std::int64_t id = 0;
  std::string url{};
  std::int64_t visits = 0;
};

template <>
struct grapnel::Schema<Page> {
  static constexpr std::string_view Type = "Page";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Page::url>("url").Unique(),
                           Field<&Page::visits>("visits").Default(0));
  }
};

void AtOnce(int threads, const std::function<void()>& work) {
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) all.emplace_back(work);
  for (std::thread& each : all) each.join();
}

int main(int, char** arguments) {
  const auto client = grapnel::OpenPostgres<Page>(arguments[1], {.pool = 8});
  client.Migrate();
  std::atomic<int> mails = 0;
  client.Of<Page>().Use(grapnel::hook::On(
      grapnel::hook::Before([&](grapnel::Mutation<Page>& m) { m.AfterCommit([&] { ++mails; }); }),
      grapnel::Op::UpdateOne));

  const Page home = client.Of<Page>().Create().Set(F<&Page::url>, "/").Save();
  AtOnce(8, [&] {
    for (int i = 0; i < 10; ++i)
      client.Of<Page>().UpdateOne(home.id).Add(F<&Page::visits>, 1).Save();
  });
  fmt::print("visits counted: {}, mails sent: {}\n", client.Of<Page>().Get(home.id).visits,
             mails.load());

  AtOnce(8, [&] {
    client.Of<Page>()
        .Create()
        .Set(F<&Page::url>, "/news")
        .OnConflict(F<&Page::url>)
        .Ignore()
        .Save();
  });
  fmt::print("rows of one key, written by 8 at once: {}\n",
             client.Of<Page>().Query().Where(F<&Page::url> == "/news").Count());

  // A transaction of several statements is run again where that is asked for: until the deadline,
  // for 5 seconds where there is none, or as Retry says.
  const Page news = client.Of<Page>().Query().Where(F<&Page::url> == "/news").Only();
  client.Of<Page>().UpdateOne(news.id).Set(F<&Page::visits>, 20).Save();
  AtOnce(5, [&] {
    client.WithTx(
        [&](grapnel::Tx& tx) {
          const Page from = tx.Of<Page>().Get(home.id), to = tx.Of<Page>().Get(news.id);
          tx.Of<Page>().UpdateOne(from.id).Set(F<&Page::visits>, from.visits - 10).Save();
          tx.Of<Page>().UpdateOne(to.id).Set(F<&Page::visits>, to.visits + 10).Save();
        },
        grapnel::Retry{});
  });
  fmt::print("moved: {} and {}\n", client.Of<Page>().Get(home.id).visits,
             client.Of<Page>().Get(news.id).visits);

  // Without this a COMMIT in which the server goes away is a TxError of outcome Unknown.
  auto tx = client.With(grapnel::FindLostCommits{}).Tx();
  tx.Of<Page>().DeleteOne(news.id).Exec();
  tx.Commit();
  fmt::print("a COMMIT whose connection is lost is looked for: {}\n", grapnel::Name(tx.Outcome()));
}
