// What examples/12_whole_program.cpp does, written by hand for its two tables over SQLiteCpp and
// fmt: the yardstick of the figure compile_contract_handwritten. Prints the same line, leaves the
// same log and rows.
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace {

struct User {
  std::int64_t id = 0;
  std::string name;
  std::int64_t age = 0;
  std::optional<std::string> nickname;
};

struct Card {
  std::int64_t id = 0;
  std::string number;
  std::optional<std::int64_t> owner;
};

// ---- Statements -------------------------------------------------------------------------------

using SqlValue = std::variant<std::int64_t, std::string, std::nullptr_t>;

struct Where {
  std::string sql = "1";
  std::vector<SqlValue> values;
};

template <class T>
SqlValue OrNull(const std::optional<T>& value) {
  return value ? SqlValue(*value) : SqlValue(nullptr);
}

void Bind(SQLite::Statement& statement, const std::vector<SqlValue>& values) {
  int index = 1;
  for (const SqlValue& value : values) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      statement.bind(index, *number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      statement.bind(index, *text);
    } else {
      statement.bind(index);
    }
    ++index;
  }
}

std::int64_t Execute(SQLite::Database& db, const std::string& sql,
                     const std::vector<SqlValue>& values) {
  SQLite::Statement statement(db, sql);
  Bind(statement, values);
  return statement.exec();
}

// ---- Mutations and their hooks ----------------------------------------------------------------

enum class Op { kCreate, kUpdateOne, kUpdate, kDeleteOne, kDelete };

std::string_view NameOf(Op op) {
  constexpr std::string_view kNames[] = {"Create", "UpdateOne", "Update", "DeleteOne", "Delete"};
  return kNames[static_cast<std::size_t>(op)];
}

struct UserMutation {
  static constexpr std::string_view kType = "User";
  Op op;
  std::optional<std::int64_t> id{};
  Where where{};
  std::optional<std::string> name{};
  std::optional<std::int64_t> age{};
  std::optional<std::int64_t> added_age{};
  std::optional<std::string> nickname{};
  bool nickname_cleared = false;
};

struct CardMutation {
  static constexpr std::string_view kType = "Card";
  Op op;
  std::optional<std::int64_t> id{};
  Where where{};
  std::optional<std::string> number{};
  std::optional<std::int64_t> owner{};
};

template <class Entity>
using Value = std::variant<Entity, std::int64_t>;  // of one row, or a count of rows

template <class Mutation, class Entity>
class Hooks {
 public:
  using Next = std::function<Value<Entity>(Mutation&)>;
  using Hook = std::function<Value<Entity>(Mutation&, const Next&)>;

  void Use(Hook hook) { hooks_.push_back(std::move(hook)); }
  Value<Entity> Run(Mutation& m, const Next& terminal, std::size_t place = 0) const {
    if (place == hooks_.size()) return terminal(m);
    return hooks_[place](m, [&](Mutation& inner) { return Run(inner, terminal, place + 1); });
  }

 private:
  std::vector<Hook> hooks_;
};

// ---- Transactions -----------------------------------------------------------------------------

class Tx {
 public:
  using Next = std::function<void(Tx&)>;
  using Hook = std::function<void(Tx&, const Next&)>;

  explicit Tx(SQLite::Database& db) : db_(db) { db_.exec("BEGIN IMMEDIATE"); }
  Tx(const Tx&) = delete;
  Tx& operator=(const Tx&) = delete;
  ~Tx() {
    if (done_) return;
    try {
      Rollback();
    } catch (const std::exception& error) {
      fmt::print(stderr, "rollback: {}\n", error.what());
    }
  }

  void OnCommit(Hook hook) { commit_hooks_.push_back(std::move(hook)); }
  void OnRollback(Hook hook) { rollback_hooks_.push_back(std::move(hook)); }

  void Commit() {
    RunFrom(commit_hooks_, 0, [this](Tx&) {
      db_.exec("COMMIT");
      done_ = true;
    });
  }
  void Rollback() {
    done_ = true;
    RunFrom(rollback_hooks_, 0, [this](Tx&) { db_.exec("ROLLBACK"); });
  }

 private:
  void RunFrom(const std::vector<Hook>& hooks, std::size_t place, const Next& terminal) {
    if (place == hooks.size()) return terminal(*this);
    hooks[place](*this, [&](Tx& tx) { tx.RunFrom(hooks, place + 1, terminal); });
  }

  SQLite::Database& db_;
  bool done_ = false;
  std::vector<Hook> commit_hooks_;
  std::vector<Hook> rollback_hooks_;
};

// ---- The store --------------------------------------------------------------------------------

class Store {
 public:
  explicit Store(const std::string& url)
      : db_(url, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_URI, 5000) {
    db_.exec("PRAGMA foreign_keys = ON");
  }

  Hooks<UserMutation, User> user_hooks;
  Hooks<CardMutation, Card> card_hooks;

  void Migrate() {
    db_.exec(
        "CREATE TABLE IF NOT EXISTS user ("
        "id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER NOT NULL, nickname TEXT)");
    db_.exec(
        "CREATE TABLE IF NOT EXISTS card ("
        "id INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, "
        "owner_id INTEGER REFERENCES user (id) ON DELETE CASCADE)");
    db_.exec("CREATE INDEX IF NOT EXISTS card_owner ON card (owner_id)");
  }

  SQLite::Database& Handle() { return db_; }

  User CreateUser(UserMutation m) { return std::get<User>(Mutate(std::move(m))); }
  User UpdateUser(UserMutation m) { return std::get<User>(Mutate(std::move(m))); }
  std::int64_t UpdateUsers(UserMutation m) { return std::get<std::int64_t>(Mutate(std::move(m))); }
  void DeleteUser(std::int64_t id) {
    Mutate(UserMutation{.op = Op::kDeleteOne, .id = id, .where = {"id = ?", {id}}});
  }
  Card CreateCard(CardMutation m) { return std::get<Card>(Mutate(std::move(m))); }

  std::vector<User> QueryUsers(const Where& where, std::string_view order = "id", int limit = -1) {
    SQLite::Statement statement(
        db_, fmt::format("SELECT id, name, age, nickname FROM user WHERE {} ORDER BY {} LIMIT {}",
                         where.sql, order, limit));
    Bind(statement, where.values);
    std::vector<User> users;
    while (statement.executeStep()) {
      User user{statement.getColumn(0).getInt64(), statement.getColumn(1).getString(),
                statement.getColumn(2).getInt64(), std::nullopt};
      if (!statement.isColumnNull(3)) user.nickname = statement.getColumn(3).getString();
      users.push_back(std::move(user));
    }
    return users;
  }
  std::optional<User> FindUser(std::int64_t id) {
    auto users = QueryUsers({"id = ?", {id}});
    if (users.empty()) return std::nullopt;
    return std::move(users.front());
  }
  User GetUser(std::int64_t id) {
    auto user = FindUser(id);
    if (!user) throw std::runtime_error(fmt::format("there is no User {}", id));
    return *std::move(user);
  }

 private:
  // A mutation and what its hooks write happen together or not at all.
  template <class Action>
  auto Atomically(const Action& action) {
    db_.exec("SAVEPOINT mutation");
    try {
      auto value = action();
      db_.exec("RELEASE mutation");
      return value;
    } catch (...) {
      db_.exec("ROLLBACK TO mutation");
      db_.exec("RELEASE mutation");
      throw;
    }
  }

  Value<User> Mutate(UserMutation m) {
    return Atomically(
        [&] { return user_hooks.Run(m, [this](UserMutation& inner) { return Write(inner); }); });
  }
  Value<Card> Mutate(CardMutation m) {
    return Atomically(
        [&] { return card_hooks.Run(m, [this](CardMutation& inner) { return Write(inner); }); });
  }

  Value<User> Write(const UserMutation& m) {
    if (m.name && m.name->empty()) throw std::invalid_argument("User.name must not be empty");
    switch (m.op) {
      case Op::kCreate: {
        if (!m.name) throw std::invalid_argument("User.name is missing");
        Execute(db_, "INSERT INTO user (name, age, nickname) VALUES (?, ?, ?)",
                {*m.name, m.age.value_or(0), OrNull(m.nickname)});
        return GetUser(db_.getLastInsertRowid());
      }
      case Op::kUpdateOne:
        if (WriteUpdate(m) == 0)
          throw std::runtime_error(fmt::format("there is no User {}", *m.id));
        return GetUser(*m.id);
      case Op::kUpdate:
        return WriteUpdate(m);
      case Op::kDeleteOne:
      case Op::kDelete:
        break;
    }
    return WriteDelete(m);
  }

  std::int64_t WriteUpdate(const UserMutation& m) {
    std::string assignments;
    std::vector<SqlValue> values;
    const auto assign = [&](std::string_view assignment, SqlValue value) {
      if (!assignments.empty()) assignments += ", ";
      assignments += assignment;
      values.push_back(std::move(value));
    };
    if (m.name) assign("name = ?", *m.name);
    if (m.age) assign("age = ?", *m.age);
    if (m.added_age) assign("age = age + ?", *m.added_age);
    if (m.nickname || m.nickname_cleared) assign("nickname = ?", OrNull(m.nickname));
    if (assignments.empty()) return 0;
    values.insert(values.end(), m.where.values.begin(), m.where.values.end());
    return Execute(db_, fmt::format("UPDATE user SET {} WHERE {}", assignments, m.where.sql),
                   values);
  }

  std::int64_t WriteDelete(const UserMutation& m) {
    // The cards go first, through their own hooks; the database would cascade without them.
    Mutate(CardMutation{
        .op = Op::kDelete,
        .where = {fmt::format("owner_id IN (SELECT id FROM user WHERE {})", m.where.sql),
                  m.where.values}});
    const auto deleted = Execute(db_, "DELETE FROM user WHERE " + m.where.sql, m.where.values);
    if (m.op == Op::kDeleteOne && deleted == 0) {
      throw std::runtime_error(fmt::format("there is no User {}", *m.id));
    }
    return deleted;
  }

  Value<Card> Write(const CardMutation& m) {
    if (m.op == Op::kDelete || m.op == Op::kDeleteOne) {
      return Execute(db_, "DELETE FROM card WHERE " + m.where.sql, m.where.values);
    }
    if (m.op != Op::kCreate) throw std::invalid_argument("Card.number is immutable");
    if (!m.number) throw std::invalid_argument("Card.number is missing");
    Execute(db_, "INSERT INTO card (number, owner_id) VALUES (?, ?)", {*m.number, OrNull(m.owner)});
    return Card{db_.getLastInsertRowid(), *m.number, m.owner};
  }

  SQLite::Database db_;
};

// ---- The hooks --------------------------------------------------------------------------------

using UserNext = Hooks<UserMutation, User>::Next;

void UseHooks(Store& store, std::vector<std::string>& log) {
  const auto traced = [&log](auto& m, const auto& next) {
    log.push_back(fmt::format("{} {}", m.kType, NameOf(m.op)));
    if constexpr (requires { m.name; }) {
      if (m.op == Op::kCreate && !m.name) m.name = "unknown";
    }
    return next(m);
  };
  store.user_hooks.Use(traced);
  store.card_hooks.Use(traced);
  store.user_hooks.Use([](UserMutation& m, const UserNext& next) { return next(m); });
  store.user_hooks.Use([](UserMutation& m, const UserNext& next) -> Value<User> {
    if (m.op == Op::kDelete) throw std::runtime_error("User: Delete is rejected");
    return next(m);
  });
  store.user_hooks.Use([](UserMutation& m, const UserNext& next) -> Value<User> {
    const bool checked = m.op == Op::kCreate || m.op == Op::kUpdateOne;
    if (checked && m.age && *m.age < 18) throw std::runtime_error("too young");
    return next(m);
  });
  store.user_hooks.Use([](UserMutation& m, const UserNext& next) -> Value<User> {
    if (m.op == Op::kUpdate && (m.nickname || m.nickname_cleared)) {
      throw std::runtime_error("nickname cannot be edited on update-many");
    }
    return next(m);
  });
}

}  // namespace

int main() {
  Store store("file:demo?mode=memory");
  store.Migrate();

  std::vector<std::string> log;
  UseHooks(store, log);

  User ada = store.CreateUser({.op = Op::kCreate, .name = "Ada", .age = 36});
  store.CreateCard({.op = Op::kCreate, .number = "1234", .owner = ada.id});
  ada = store.UpdateUser(
      {.op = Op::kUpdateOne, .id = ada.id, .where = {"id = ?", {ada.id}}, .added_age = 1});
  const auto updated = store.UpdateUsers(
      {.op = Op::kUpdate, .where = {"age > ? AND name = ?", {30, "Ada"}}, .age = 40});
  const auto all = store.QueryUsers({"age >= ?", {18}}, "name ASC", 10);
  const User again = store.GetUser(ada.id);
  const std::optional<User> maybe = store.FindUser(99);
  fmt::print("{} updated, {} found, {} is {}\n", updated, all.size(), again.name, again.age);

  {
    Tx tx(store.Handle());
    tx.OnCommit([](Tx& t, const Tx::Next& next) { next(t); });
    tx.OnRollback([](Tx& t, const Tx::Next& next) { next(t); });
    store.CreateUser({.op = Op::kCreate, .name = "Grace", .age = 40});
    tx.Commit();
  }
  Tx tx(store.Handle());
  store.DeleteUser(ada.id);
  tx.Commit();
}
