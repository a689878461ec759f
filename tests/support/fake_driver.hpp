#pragma once

#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/tx/session.hpp>
#include <grapnel/store/write/hooks.hpp>
#include <grapnel/store/write/run.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A connection to nothing: notes what it is told, a line each, and does none of it.
class FakeConnection final : public grapnel::store::Connection {
 public:
  std::vector<std::string> log{};
  std::function<void(std::string_view line)> before{};  // may refuse it, by throwing
  bool plain = true;                                    // others have no triggers
  bool aborts = false;        // what is refused in a transaction aborts it
  bool committed = false;     // what FindCommit says
  bool notes_verify = false;  // a line for each comparison with the schema
  const grapnel::core::Context* watched = nullptr;

  /// What was noted since the last call.
  std::vector<std::string> Take() { return std::exchange(log, {}); }

  void Watch(const grapnel::core::Context* context) noexcept override { watched = context; }
  void BeginWrite() override { open_ = Note("BEGIN"); }
  void BeginMigration() override { open_ = Note("BEGIN MIGRATION"); }
  void BeginRead() override { open_ = Note("BEGIN READ"); }
  void Commit() override { open_ = !Note("COMMIT"); }
  void NoteCommit(std::string_view) override { Note("NOTE"); }
  bool FindCommit(std::string_view) override { return Note("FIND") && committed; }
  void Rollback() noexcept override {
    log.emplace_back("ROLLBACK");
    open_ = aborted_ = false;
  }
  bool InTransaction() const noexcept override { return open_; }
  bool IsAborted() const noexcept override { return aborted_; }
  void Savepoint(int depth) override { Note("SAVEPOINT " + std::to_string(depth)); }
  void RollbackTo(int depth) override {
    aborted_ = false;
    Note("ROLLBACK TO " + std::to_string(depth));
  }
  void Release(int depth) override { Note("RELEASE " + std::to_string(depth)); }
  void Discard(int depth) override {
    aborted_ = false;
    Note("DISCARD " + std::to_string(depth));
  }
  std::optional<grapnel::store::BrokenKey> FindBrokenKey() override { return {}; }
  void Verify(const grapnel::store::Table& table) override {
    if (notes_verify) Note("VERIFY " + std::string(table.entity));
  }
  bool WritesPlainly(const grapnel::store::Table&) override { return plain; }
  std::int64_t Changes() const noexcept override { return changes_; }

  std::int64_t Run(const grapnel::store::Insert&) override { return Write("INSERT"); }
  bool Run(const grapnel::store::InsertMany&, std::vector<std::int64_t>&) override { return false; }
  std::int64_t Run(const grapnel::store::Update&) override { return Write("UPDATE"); }
  std::int64_t Run(const grapnel::store::Delete&) override { return Write("DELETE"); }
  std::int64_t Run(const grapnel::store::EdgeWrite&) override { return Write("EDGE"); }
  void Run(const grapnel::store::Select&, RowSink) override { Note("SELECT"); }
  std::unique_ptr<grapnel::store::Cursor> Open(const grapnel::store::Select&) override {
    Note("OPEN");
    return nullptr;
  }
  void Run(const grapnel::store::Tabulate&, RowSink) override { Note("TABULATE"); }
  std::int64_t Count(const grapnel::store::Select&) override { return Note("COUNT") ? 0 : 1; }
  std::int64_t Run(const grapnel::store::Keep&) override { return Write("KEEP"); }
  void Run(const grapnel::store::Page&, RowSink) override { Note("PAGE"); }
  void KeepLast(std::int64_t) override { Note("KEEP LAST"); }
  void Forget(std::int64_t) override { Note("FORGET"); }
  grapnel::store::Plan PlanMigration(std::span<const grapnel::store::Table* const>,
                                     grapnel::Allow) override {
    return {};
  }
  void Apply(const grapnel::store::Step& step) override { Note(step.statements.front()); }
  void DeferForeignKeys(bool on) override { Note(on ? "DEFER" : "DEFER NO MORE"); }

 private:
  bool Note(std::string line) {
    if (aborted_) throw std::logic_error("the transaction is aborted: " + line);
    try {
      if (before) before(line);
    } catch (...) {
      aborted_ = aborts && open_;
      throw;
    }
    log.push_back(std::move(line));
    return true;
  }
  std::int64_t Write(std::string line) {
    Note(std::move(line));
    return ++changes_;
  }

  bool open_ = false;
  bool aborted_ = false;
  std::int64_t changes_ = 0;
};

/// Lends its two connections and notes which come back.
class FakeDriver final : public grapnel::store::Driver {
 public:
  explicit FakeDriver(const grapnel::store::DriverTraits& traits = {}) : Driver(traits) {
    writer.aborts = reader.aborts = !traits.undoes_statements;
  }

  FakeConnection writer{}, reader{};
  std::vector<const grapnel::store::Connection*> returned{};

  grapnel::store::Lease Writer(const grapnel::core::Context&) override { return {*this, writer}; }
  grapnel::store::Lease Reader(const grapnel::core::Context&) override { return {*this, reader}; }
  std::string_view Url() const noexcept override { return "fake"; }

 private:
  void Return(grapnel::store::Connection& connection) noexcept override {
    returned.push_back(&connection);
  }
};

/// A store of these types over such a driver.
template <class... Es>
struct FakeStore {
  explicit FakeStore(const grapnel::store::DriverTraits& traits = {}) : handle(Open(traits)) {}

  grapnel::detail::HandlePtr handle;
  FakeDriver& driver = static_cast<FakeDriver&>(*handle->store->driver);

 private:
  static grapnel::detail::HandlePtr Open(const grapnel::store::DriverTraits& traits) {
    return grapnel::detail::OpenStore(std::make_unique<FakeDriver>(traits),
                                      {&grapnel::detail::kTypeActions<Es>...});
  }
};
