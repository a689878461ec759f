#include <grapnel/store/tx/callbacks.hpp>

#include "support/catch.hpp"

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using grapnel::RecursionError;
using grapnel::detail::AfterQueue;
using grapnel::detail::CallbackBatch;
using grapnel::detail::Callbacks;
using grapnel::detail::Generation;

namespace {

using Lines = std::vector<std::string>;

std::string Text(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& caught) {
    return caught.what();
  }
}

void Ignore(const std::exception_ptr&) {}

/// Runs them. Returns what they threw.
std::vector<std::exception_ptr> Run(Callbacks callbacks, const CallbackBatch::Report& report) {
  auto batch = std::make_unique<CallbackBatch>(report);
  batch->callbacks = std::move(callbacks);
  std::vector<std::exception_ptr> thrown;
  AfterQueue::Run(std::move(batch),
                  [&](const std::exception_ptr& each) { thrown.push_back(each); });
  return thrown;
}

}  // namespace

TEST_CASE("a generation lasts for its scope, on its thread alone") {
  CHECK(Generation::Next() == 1);
  {
    const Generation third(3);
    CHECK(Generation::Next() == 4);
    { const Generation deeper(Generation::Next()); }
    CHECK(Generation::Next() == 4);
    int others = 0;
    std::thread([&] { others = Generation::Next(); }).join();
    CHECK(others == 1);
  }
  CHECK(Generation::Next() == 1);
}

TEST_CASE("past the last generation the whole tree ends, not this branch alone") {
  {
    const Generation last(Generation::kLimit);
    CHECK_NOTHROW(Generation::Check());
  }
  {
    const Generation root(1);
    {
      const Generation past(Generation::kLimit + 1);
      CHECK_THROWS_AS(Generation::Check(), RecursionError);
    }
    const Generation late(4);
    CHECK_THROWS_AS(Generation::Check(), RecursionError);
  }
  const Generation of_another_tree(4);
  CHECK_NOTHROW(Generation::Check());
}

TEST_CASE("branches that are late are counted together: 2,000 of them") {
  const Generation root(1);
  for (int i = 0; i < 5'000; ++i) Generation::Check();  // an early one is not counted
  const auto branch = [] {
    const Generation late(4);
    Generation::Check();
  };
  for (int i = 0; i < 2'000; ++i) branch();
  CHECK_THROWS_AS(branch(), RecursionError);
  CHECK_NOTHROW(Generation::Check());
}

TEST_CASE("callbacks run one after the other, each of them, and what they throw is collected") {
  Lines log;
  const auto thrown = Run({[&] { log.push_back("a"); }, [] { throw std::logic_error("b"); },
                           [&] { log.push_back("c"); }, [] { throw std::logic_error("d"); }},
                          Ignore);
  CHECK(log == Lines{"a", "c"});
  REQUIRE(thrown.size() == 2);
  CHECK(Text(thrown[0]) == "b");
  CHECK(Text(thrown[1]) == "d");
  CHECK(Run({}, Ignore).empty());
}

TEST_CASE(
    "callbacks of a callback wait behind all others, and tell of their errors by themselves") {
  Lines log, reported;
  const auto inner = [&](const std::string& name) {
    return Callbacks{[&log, name] { log.push_back(name); },
                     [name] { throw std::logic_error(name); }};
  };
  const auto report = [&](const std::exception_ptr& error) { reported.push_back(Text(error)); };
  const auto thrown =
      Run({[&] {
             CHECK(Run(inner("of a"), report).empty());
             log.push_back("a");
           },
           [&] {
             Run({[&] {
                   log.push_back("of b");
                   Run(inner("of that"), report);
                 }},
                 report);
             log.push_back("b");
           }},
          [](const std::exception_ptr&) { FAIL("what the first throw, Run returns"); });
  CHECK(thrown.empty());
  CHECK(log == Lines{"a", "b", "of a", "of b", "of that"});
  CHECK(reported == Lines{"of a", "of that"});
}

TEST_CASE("a callback is one generation further than what it belongs to, those that wait as well") {
  std::vector<int> next;
  const auto note = [&] { next.push_back(Generation::Next()); };
  Run({[&] {
        note();
        Run({[&] {
              note();
              Run({note}, Ignore);
            }},
            Ignore);
      }},
      Ignore);
  CHECK(next == std::vector<int>{2, 3, 4});
}
