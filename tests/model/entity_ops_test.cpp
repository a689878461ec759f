#include <grapnel/model/entity_ops.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using grapnel::detail::EntityOps;
using grapnel::detail::kEntityOps;

namespace {

struct User {
  std::int64_t id = 7;
  std::string name = "a name that is too long to stand in the object";
  std::optional<std::string> nickname{};
  bool operator==(const User&) const = default;
};

/// Counts how many there are, and fails where it is told to.
struct Counted {
  static inline int alive = 0;
  static inline int until_failure = -1;
  std::int64_t id = 0;

  Counted() { Begin(); }
  Counted(const Counted& from) : id(from.id) { Begin(); }
  Counted(Counted&& from) noexcept : id(from.id) { ++alive; }
  Counted& operator=(const Counted&) = default;
  Counted& operator=(Counted&&) noexcept = default;
  ~Counted() { --alive; }

 private:
  static void Begin() {
    if (until_failure == 0) throw std::runtime_error("told to fail");
    if (until_failure > 0) --until_failure;
    ++alive;
  }
};

struct alignas(64) Wide {
  std::int64_t id = 0;
};

const User& At(const EntityOps& ops, const std::vector<User>& rows, std::size_t place) {
  return *static_cast<const User*>(ops.RowAt(&rows, place));
}

}  // namespace

TEST_CASE("an entity is made, copied, moved, assigned and destroyed at an address") {
  const EntityOps& ops = kEntityOps<User>;
  CHECK(ops.size == sizeof(User));
  CHECK(ops.align == alignof(User));
  alignas(User) std::byte places[3][sizeof(User)];
  auto& made = *static_cast<User*>(ops.Make(places[0]));
  CHECK(static_cast<void*>(&made) == places[0]);
  CHECK(made == User{});
  made.nickname = "the nickname of a user, long enough to be allocated";
  auto& copy = *static_cast<User*>(ops.Copy(places[1], &made));
  CHECK(copy == made);
  auto& moved = *static_cast<User*>(ops.Move(places[2], &made));
  CHECK(moved == copy);
  CHECK(made.name.empty());
  ops.Assign(&made, &copy);
  CHECK(made == copy);
  copy.id = 9;
  ops.MoveAssign(&made, &copy);
  CHECK(made.id == 9);
  CHECK(copy.name.empty());
  for (auto& place : places) ops.Destroy(place);
}

TEST_CASE("alignment is data") {
  CHECK(kEntityOps<Wide>.align == 64);
  CHECK(kEntityOps<Wide>.size % 64 == 0);
}

TEST_CASE("a list is made and destroyed at an address") {
  const EntityOps& ops = kEntityOps<Counted>;
  {
    alignas(std::vector<Counted>) std::byte place[sizeof(std::vector<Counted>)];
    void* const rows = ops.MakeRows(place);
    CHECK(ops.RowCount(rows) == 0);
    for (int i = 0; i < 9; ++i) ops.AppendRow(rows);
    CHECK(Counted::alive == 9);
    ops.DestroyRows(rows);
  }
  CHECK(Counted::alive == 0);
}

TEST_CASE("a row that cannot be made leaves the list as it was") {
  const EntityOps& ops = kEntityOps<Counted>;
  {
    std::vector<Counted> rows;
    ops.AppendRow(&rows);
    Counted::until_failure = 0;
    CHECK_THROWS_AS(ops.AppendRow(&rows), std::runtime_error);
    CHECK_THROWS_AS(ops.AppendCopy(&rows, rows.data()), std::runtime_error);
    Counted::until_failure = -1;
    CHECK(rows.size() == 1);
    CHECK(Counted::alive == 1);
  }
  CHECK(Counted::alive == 0);
}

TEST_CASE("lists are swapped, appended to each other, and lose rows") {
  const EntityOps& ops = kEntityOps<User>;
  std::vector<User> rows;
  for (int i = 0; i < 5; ++i) static_cast<User*>(ops.AppendRow(&rows))->id = i;
  std::vector<User> others;
  ops.AppendRows(&others, &rows);
  CHECK(others == rows);
  ops.KeepRows(&rows, [](const void* row) { return static_cast<const User*>(row)->id % 2 == 1; });
  REQUIRE(ops.RowCount(&rows) == 2);
  CHECK(At(ops, rows, 0).id == 1);
  CHECK(At(ops, rows, 1).id == 3);
  CHECK(rows[1].name == User{}.name);
  ops.SwapRows(&rows, &others);
  CHECK(rows.size() == 5);
  CHECK(others.size() == 2);
  User moved = rows[4];
  ops.AppendMoved(&others, &moved);
  CHECK(others.back() == rows[4]);
  CHECK(moved.name.empty());
  ops.Shorten(&rows, 3);
  CHECK(rows.size() == 3);
  ops.ClearRows(&rows);
  CHECK(rows.empty());
}

TEST_CASE("what is kept is what std::erase_if keeps") {
  const EntityOps& ops = kEntityOps<User>;
  std::mt19937 random(20);
  for (int round = 0; round < 200; ++round) {
    std::vector<User> rows(random() % 12);
    for (User& row : rows) row.id = static_cast<std::int64_t>(random() % 4);
    std::vector<User> expected = rows;
    const auto wanted = static_cast<std::int64_t>(random() % 4);
    std::erase_if(expected, [&](const User& row) { return row.id < wanted; });
    ops.KeepRows(&rows,
                 [&](const void* row) { return static_cast<const User*>(row)->id >= wanted; });
    CHECK(rows == expected);
  }
}

TEST_CASE("a list is made when it is asked for, and goes with what was put into it") {
  {
    grapnel::detail::EntityRows rows(kEntityOps<Counted>);
    CHECK(rows.Count() == 0);
    rows.Clear();
    static_cast<Counted*>(rows.Append())->id = 1;
    static_cast<Counted*>(rows.Append())->id = 2;
    CHECK(rows.Count() == 2);
    CHECK(static_cast<Counted*>(rows.At(1))->id == 2);
    CHECK(static_cast<std::vector<Counted>*>(rows.Get())->size() == 2);
    rows.Clear();
    CHECK((rows.Count() == 0 && Counted::alive == 0));
    rows.Append();
  }
  CHECK(Counted::alive == 0);
}
