// B205: what mutations have made of a row, put together, and as JSON.
#include <grapnel/extras/audit_notes.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using grapnel::FieldValue;
using grapnel::RowFate;
using grapnel::extras::AuditNote;
using grapnel::extras::AuditNotes;
using grapnel::store::FieldChange;

namespace {

FieldValue Number(std::int64_t value) { return FieldValue(value); }
AuditNote Note(std::vector<FieldChange> changes, bool existed = true, bool exists = true) {
  AuditNote note;
  note.entity = "User";
  note.id = Number(7);
  note.existed = existed;
  note.exists = exists;
  note.changes = std::move(changes);
  return note;
}
FieldChange Field(std::string_view name, FieldValue before, FieldValue after) {
  FieldChange change;
  change.name = name;
  change.before = std::move(before);
  change.after = std::move(after);
  return change;
}

}  // namespace

TEST_CASE("B205 changes of one row come to one: what was first, and what is last") {
  AuditNotes notes;
  notes.Add(Note(
      {Field("age", Number(1), Number(2)), Field("name", std::string("a"), std::string("b"))}));
  notes.Add(Note(
      {Field("age", Number(2), Number(3)), Field("name", std::string("b"), std::string("a"))}));
  const auto all = notes.Take();
  REQUIRE(all.size() == 1);
  CHECK(all[0].Fate() == RowFate::Updated);
  CHECK(all[0].Row() == "7");
  CHECK(all[0].Changes() == R"({"age":[1,3]})");
}

TEST_CASE("B205 what comes to nothing is not told") {
  AuditNotes notes;
  notes.Add(Note({Field("age", Number(1), Number(2))}));
  notes.Add(Note({Field("age", Number(2), Number(1))}));
  CHECK(notes.Take().empty());
  AuditNotes made;
  made.Add(Note({Field("age", {}, Number(2))}, false, true));
  made.Add(Note({Field("age", Number(2), {})}, true, false));
  CHECK(made.Take().empty());
}

TEST_CASE("B205 ids of neighbours that come and go cancel each other") {
  FieldChange came;
  came.name = "friends";
  came.is_edge = true;
  came.added = {Number(1), Number(2)};
  FieldChange went = came;
  went.added = {Number(3)};
  went.removed = {Number(2)};
  AuditNotes notes;
  notes.Add(Note({came}));
  notes.Add(Note({went}));
  CHECK(notes.Take().at(0).Changes() == R"({"friends":{"added":[1,3],"removed":[]}})");
}

TEST_CASE("B205 every kind of value has a JSON, and secret ones have none") {
  const FieldValue::Bytes bytes{std::byte{0x0a}, std::byte{0xff}};
  AuditNote note = Note(
      {Field("b", true, false), Field("n", {}, 1.5), Field("t", std::string("a\"\\\n"), bytes)});
  CHECK(note.Changes() ==
        R"({"b":[true,false],"n":[null,1.5],"t":["a\"\\\u000a",{"hex":"0aff"}]})");
  for (FieldChange& change : note.changes) change.sensitive = true;
  note.sensitive = true;
  CHECK(note.Changes() == R"({"b":["***","***"],"n":[null,"***"],"t":["***","***"]})");
  CHECK(note.Row() == "***");
}
