#include <grapnel/store/tx/lost_commit.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>

TEST_CASE("ids of commits are all different, and of letters that need no quoting") {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = grapnel::detail::MakeCommitId();
    CHECK(id.size() == 32);
    CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    ids.insert(id);
  }
  CHECK(ids.size() == 1000);
}
