// B136, B167: a connection comes back clean, whatever stopped what ran on it; a tracer that throws.
#include "contract/faults_model.hpp"
#include "support/catch.hpp"
#include "support/engine/engine.hpp"
#include "support/engine/raw.hpp"
#include "support/engine/traits.hpp"
#include "support/scratch.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

using faults::Boom;
using faults::Note;
using grapnel::F;

namespace {

/// A tracer that throws at the n-th statement, and, with `lasting`, at all behind it.
struct Faulty {
  std::int64_t left = 0;
  bool lasting = false;

  grapnel::core::Context::Trace Tracer() {
    return [this](std::string_view) {
      --left;
      if (left == 0 || (left < 0 && lasting)) throw Boom{};
    };
  }
};

std::string Url(const Scratch& scratch, bool file) {
  return file ? scratch.File("db") : ":memory:";
}
/// A file or, where that is something else, memory.
bool AnyFile() { return !engine::HasMemory() || GENERATE(false, true); }

/// At most how long an operation may take that a deadline is to stop at any place.
std::uint32_t Nanoseconds(bool file) {
  if (!engine::IsInProcess()) return 2'000'000;
  return file ? 400'000 : 120'000;
}

}  // namespace

TEST_CASE("B136 B167 a tracer that throws at any statement changes nothing that is stored") {
  const bool file = AnyFile();
  const bool lasting = GENERATE(false, true);
  const Scratch scratch;
  const auto client = faults::OpenAt(Url(scratch, file));
  Faulty faulty;
  faulty.lasting = lasting;
  const auto traced = client.Debug(faulty.Tracer());
  std::int64_t n = 1;
  while (true) {
    INFO("statement " << n << (lasting ? " and all behind it" : ""));
    faulty.left = n;
    const bool failed = faults::Play(client, traced, [&] {
      const bool thrown = faulty.left <= 0;
      faulty.left = 1'000'000'000;
      return thrown;
    });
    if (!failed) break;
    ++n;
  }
  CHECK(n > 80);
}

TEST_CASE("B167 a tracer that throws inside a Tx fails its mutation alone") {
  const Scratch scratch;
  const auto client = faults::OpenAt(Url(scratch, AnyFile()));
  Faulty faulty;
  const auto owners = [](const grapnel::Client& in) { return in.Of<faults::Owner>(); };
  for (std::int64_t n = 1;; ++n) {
    INFO("statement " << n);
    faulty.left = 1'000'000'000;
    auto tx = client.Debug(faulty.Tracer()).Tx();
    const auto ada = owners(tx.Client()).Create().Set(F<&faults::Owner::name>, "Ada").Save();
    const auto items = tx.Of<faults::Item>()
                           .CreateBulk(std::vector<faults::Item>{{.label = "a"}, {.label = "b"}})
                           .Save();
    owners(tx.Client())
        .UpdateOne(ada.id)
        .AddIDs(F<&faults::Owner::items>, {items[0].id, items[1].id})
        .Save();
    const auto before = faults::Count(tx.Client());
    faulty.left = n;
    bool thrown = false;
    try {
      owners(tx.Client()).DeleteOne(ada.id).Exec();  // with its items, through their hooks
    } catch (const Boom&) {
      thrown = true;
    }
    const bool reached = faulty.left <= 0;
    faulty.left = 1'000'000'000;
    REQUIRE(tx.Outcome() == grapnel::TxOutcome::Open);
    const auto after = faults::Count(tx.Client());
    if (thrown) {
      REQUIRE(after == before);
      owners(tx.Client()).DeleteOne(ada.id).Exec();  // nothing is left over that stands in its way
    }
    REQUIRE(faults::Count(tx.Client()).owners == 0);
    REQUIRE(faults::Count(tx.Client()).items == 0);
    // Foreign keys are checked at once again.
    REQUIRE_THROWS_AS(tx.Of<faults::Item>()
                          .Create()
                          .Set(F<&faults::Item::label>, "c")
                          .Set(F<&faults::Item::owner>, 77)
                          .Save(),
                      grapnel::ConstraintError);
    tx.Rollback();
    if (!reached) {
      CHECK(n > 15);
      break;
    }
  }
}

TEST_CASE("B136 random deadlines leave no stale read and no transaction in a transaction") {
  const bool file = AnyFile();
  const char* asked = std::getenv("GRAPNEL_DEADLINES");  // a longer run, by hand
  const int operations = asked != nullptr ? std::atoi(asked) : file ? 1'500 : 12'000;
  const Scratch scratch;
  auto client = engine::Open<Note>(Url(scratch, file));
  client.Migrate();
  std::mt19937 random(7);
  std::int64_t notes = 0;
  int cancelled = 0;
  // On a machine that is so fast that few of them are hit it goes on until enough were.
  for (int i = 0; i < operations || (cancelled <= operations / 50 && i < 20 * operations); ++i) {
    const auto limited = client.With(std::chrono::nanoseconds(random() % Nanoseconds(file)));
    std::int64_t added = 0;
    try {
      switch (random() % 6) {
        case 0:
          faults::Add(limited, "one");
          ++added;
          break;
        case 1:
          limited.Of<Note>().Query().Limit(3).All();
          break;
        case 2: {
          auto read = limited.ReadTx();
          const auto seen = read.Of<Note>().Query().Count();
          REQUIRE(seen == notes);
          break;
        }
        case 3: {
          auto tx = limited.Tx();
          tx.WithTx([](grapnel::Tx& inner) { faults::Add(inner.Client(), "two"); });
          tx.Commit();
          ++added;
          break;
        }
        case 4:
          limited.Of<Note>().CreateBulk(std::vector<Note>(5, Note{.text = "bulk"})).Save();
          added += 5;
          break;
        default: {
          auto tx = limited.Tx();
          faults::Add(tx.Client(), "gone");
          tx.Rollback();
        }
      }
      notes += added;
    } catch (const grapnel::CancelledError&) {
      ++cancelled;
    }
    const auto count = client.Of<Note>().Query().Count();
    if (count != notes) FAIL("after " << i << " operations: " << count << ", not " << notes);
    if (notes > 500) notes -= client.Of<Note>().Delete().Exec();
  }
  CHECK(cancelled > operations / 50);
  CHECK(cancelled < operations);
  faults::Add(client, "last");
  CHECK(client.Of<Note>().Query().Count() == notes + 1);
}

TEST_CASE("B136 what stops a BEGIN leaves the connection clean") {
  const Scratch scratch;
  auto client = engine::Open<Note>(scratch.File("db"));
  client.Migrate();
  std::stop_source source;
  // A tracer stops the call in the middle of its BEGIN, and of the SELECT that fixes a snapshot.
  for (int n = 1; n <= 3; ++n) {
    for (const bool read : {true, false}) {
      INFO(n << (read ? " read" : " write"));
      int left = n;
      const auto traced = client.Debug([&](std::string_view) {
        if (--left == 0) throw Boom{};
      });
      try {
        if (read) {
          traced.ReadTx().Of<Note>().Query().Count();
        } else {
          traced.WithTx([](grapnel::Tx& tx) { faults::Add(tx.Client(), "gone"); });
        }
      } catch (const Boom&) {
      }
      Raw(scratch.File("db"))("INSERT INTO Note (text) VALUES ('by others')");
      const auto all = std::stoll(Raw(scratch.File("db"))("SELECT count(*) FROM Note").at(0));
      REQUIRE(client.Of<Note>().Query().Count() == all);
      REQUIRE(client.ReadTx().Of<Note>().Query().Count() == all);
      faults::Add(client, "kept");
      REQUIRE(client.Of<Note>().Query().Count() == all + 1);
    }
  }
}
