#include <grapnel/store/driver/process.hpp>

#include "support/catch.hpp"
#include "support/child.hpp"

using grapnel::detail::Process;

TEST_CASE("a child has another number than its parent, which keeps its own") {
  Process::Watch();
  const unsigned mine = Process::Current();
  CHECK(InChild([&] { return Process::Current() != mine ? 0 : 1; }).code == 0);
  CHECK(Process::Current() == mine);
}

TEST_CASE("a child's child differs from both") {
  Process::Watch();
  const unsigned mine = Process::Current();
  const auto ended = InChild([&] {
    const unsigned childs = Process::Current();
    return InChild(
               [&] { return Process::Current() != childs && Process::Current() != mine ? 0 : 1; })
        .code;
  });
  CHECK(ended.code == 0);
}

TEST_CASE("to watch again counts no fork twice") {
  Process::Watch();
  Process::Watch();
  const unsigned mine = Process::Current();
  CHECK(InChild([&] { return static_cast<int>(Process::Current() - mine); }).code == 1);
}
