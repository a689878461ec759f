#include <grapnel/store/sqlite/native/prepared.hpp>

#include "support/catch.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using grapnel::sqlite::detail::BadValue;
using grapnel::sqlite::detail::Binding;
using grapnel::sqlite::detail::Prepared;
using grapnel::sqlite::detail::PreparedCache;
using grapnel::sqlite::detail::ResultRow;

namespace {

/// A database in memory.
class Memory {
 public:
  Memory() { REQUIRE(sqlite3_open(":memory:", &handle_) == SQLITE_OK); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { sqlite3_close(handle_); }

  Prepared Prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    return Prepared(statement);
  }
  /// How many statements are prepared.
  int Statements() const {
    int count = 0;
    for (auto* s = sqlite3_next_stmt(handle_, nullptr); s; s = sqlite3_next_stmt(handle_, s)) {
      ++count;
    }
    return count;
  }
  sqlite3* Get() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
};

/// Binds in `bind(binding)`, then gives what the database made of it to `read(row)`.
template <class Bind, class Read>
void Echo(Bind bind, Read read) {
  Memory memory;
  const Prepared statement = memory.Prepare("SELECT ?1");
  Binding binding(statement.Get());
  bind(binding);
  CHECK(binding.Result() == SQLITE_OK);
  REQUIRE(sqlite3_step(statement.Get()) == SQLITE_ROW);
  ResultRow row(statement.Get());
  read(row);
}

}  // namespace

TEST_CASE("a statement ends with its owner, and knows whether it is in the middle of its rows") {
  Memory memory;
  {
    const Prepared empty;
    CHECK_FALSE(empty);
    Prepared first = memory.Prepare("SELECT 1");
    CHECK(first);
    CHECK_FALSE(first.IsRunning());
    sqlite3_step(first.Get());
    CHECK(first.IsRunning());
    const Prepared second = std::move(first);
    CHECK_FALSE(first);
    CHECK(second.IsRunning());
    CHECK(memory.Statements() == 1);
  }
  CHECK(memory.Statements() == 0);
}

TEST_CASE("B79 values are bound and read back as they are") {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  Echo([&](Binding& to) { to.Int(1, least); }, [&](ResultRow& row) { CHECK(row.Int(0) == least); });
  Echo([](Binding& to) { to.Real(1, 0.1); }, [](ResultRow& row) { CHECK(row.Real(0) == 0.1); });
  Echo([](Binding& to) { to.Null(1); }, [](ResultRow& row) { CHECK(row.IsNull(0)); });
  constexpr std::string_view text("a'\0\xff", 4);
  Echo([&](Binding& to) { to.Text(1, text, false); },
       [&](ResultRow& row) { CHECK(row.Text(0) == text); });
  const std::vector<std::byte> bytes{std::byte{0}, std::byte{255}};
  Echo([&](Binding& to) { to.Blob(1, bytes, false); },
       [&](ResultRow& row) {
         const auto read = row.Blob(0);
         CHECK(std::vector<std::byte>(read.begin(), read.end()) == bytes);
       });
}

TEST_CASE("the empty text and the empty blob are not NULL") {
  Echo([](Binding& to) { to.Text(1, std::string_view(), false); },
       [](ResultRow& row) {
         CHECK_FALSE(row.IsNull(0));
         CHECK(row.Text(0).empty());
       });
  Echo([](Binding& to) { to.Blob(1, {}, false); },
       [](ResultRow& row) {
         CHECK_FALSE(row.IsNull(0));
         CHECK(row.Blob(0).empty());
       });
}

TEST_CASE("a temporary is copied") {
  Echo(
      [](Binding& to) {
        std::string gone(100, 'x');
        to.Text(1, gone, true);
        gone.assign(100, 'y');
      },
      [](ResultRow& row) { CHECK(row.Text(0) == std::string(100, 'x')); });
}

TEST_CASE("what SQLite does not take is kept until the statement runs") {
  Memory memory;
  const Prepared statement = memory.Prepare("SELECT ?1");
  Binding binding(statement.Get());
  binding.Int(2, 5);  // there is no such parameter
  binding.Int(1, 5);
  CHECK(binding.Result() == SQLITE_RANGE);

  sqlite3_limit(memory.Get(), SQLITE_LIMIT_LENGTH, 10);
  Binding large(statement.Get());
  large.Text(1, "more than ten bytes", true);
  CHECK(large.Result() == SQLITE_TOOBIG);
}

TEST_CASE("a value of another storage class is refused; an integer serves as a real") {
  const auto says = [](std::string_view literal, auto read) {
    Memory memory;
    const Prepared statement = memory.Prepare("SELECT " + std::string(literal));
    REQUIRE(sqlite3_step(statement.Get()) == SQLITE_ROW);
    ResultRow row(statement.Get());
    try {
      read(row);
      return std::string("read");
    } catch (const BadValue& error) {
      return std::string(error.what());
    }
  };
  const auto integer = [](ResultRow& row) { row.Int(0); };
  const auto real = [](ResultRow& row) { return row.Real(0); };
  const auto text = [](ResultRow& row) { row.Text(0); };
  const auto blob = [](ResultRow& row) { row.Blob(0); };
  CHECK(says("'1'", integer) == "it is a text, not an integer");
  CHECK(says("1.0", integer) == "it is a real, not an integer");
  CHECK(says("NULL", text) == "it is NULL, not a text");
  CHECK(says("x'00'", text) == "it is a blob, not a text");
  CHECK(says("1", blob) == "it is an integer, not a blob");
  CHECK(says("'2'", real) == "it is a text, not a real");
  CHECK(says("2", real) == "read");
  CHECK(says("2.5", real) == "read");
}

TEST_CASE("B98 the cache finds statements by their text, and keeps so many of them and no more") {
  Memory memory;
  PreparedCache cache;
  const auto text = [](std::size_t i) { return "SELECT " + std::to_string(i); };
  CHECK(cache.Find("SELECT 0") == nullptr);
  for (std::size_t i = 0; i < PreparedCache::kCapacity; ++i) {
    cache.Add(text(i), memory.Prepare(text(i)));
  }
  const Prepared* first = cache.Find(text(0));
  REQUIRE(first != nullptr);  // and by that it is the one used last
  CHECK(sqlite3_sql(first->Get()) == text(0));

  for (std::size_t i = 0; i < 50; ++i) {
    const std::string other = text(1000 + i);
    const Prepared& added = cache.Add(other, memory.Prepare(other));
    CHECK(sqlite3_sql(added.Get()) == other);
  }
  CHECK(memory.Statements() == static_cast<int>(PreparedCache::kCapacity));
  CHECK(cache.Find(text(0)) == first);
  CHECK(cache.Find(text(1)) == nullptr);
  CHECK(cache.Find(text(50)) == nullptr);
  CHECK(cache.Find(text(51)) != nullptr);
}
