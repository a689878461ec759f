// B205: the hashes of the trail. What is made of them stands in audit_test.cpp.
#include <grapnel/extras/audit_trail.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <set>
#include <string>

using grapnel::extras::AuditEntry;
using grapnel::extras::HashOf;

TEST_CASE("B205 an entry's hash depends on all that it says, and on the one before") {
  AuditEntry entry;
  entry.id = 3;
  entry.mutation = 2;
  entry.actor = "ada";
  entry.entity = "User";
  entry.row = "7";
  const std::string hash = HashOf(entry, "before");
  CHECK(hash.size() == 64);
  CHECK(hash == HashOf(entry, "before"));
  std::set<std::string> all{hash, HashOf(entry, "other")};
  const auto with = [&](auto change) {
    AuditEntry changed = entry;
    change(changed);
    all.insert(HashOf(changed, "before"));
  };
  with([](AuditEntry& e) { e.id = 4; });
  with([](AuditEntry& e) { e.mutation = 3; });
  with([](AuditEntry& e) { e.at += std::chrono::microseconds(1); });
  with([](AuditEntry& e) { e.actor = "eve"; });
  with([](AuditEntry& e) { e.entity = "Card"; });
  with([](AuditEntry& e) { e.row = "8"; });
  with([](AuditEntry& e) { e.asked = "Update"; });
  with([](AuditEntry& e) { e.done = "Update"; });
  with([](AuditEntry& e) { e.cause = "Hook"; });
  with([](AuditEntry& e) { e.fate = "updated"; });
  with([](AuditEntry& e) { e.changes = "{}"; });
  with([](AuditEntry& e) { e.actor = "", e.entity = "adaUser"; });  // moved over a border
  CHECK(all.size() == 14);
}

TEST_CASE("B205 an AuditError says which table and which entry it is about") {
  const grapnel::extras::AuditError error("AuditHead", 4, "it is not there");
  CHECK((error.Entity() == "AuditHead" && error.Entry() == 4));
  CHECK(std::string(error.what()) == "AuditHead: it is not there");
  CHECK(Name(grapnel::extras::AuditFlaw::CutOff) == "cut off");
}
