#pragma once

#include <grapnel/base/concat.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace grapnel::sqlite::detail {

/// Decides what SQL that somebody wrote may do, by what SQLite says that it does, and not by how it
/// reads. Of Grapnel's own statements it says nothing.
/// Source: https://www.sqlite.org/c3ref/set_authorizer.html
class Authorizer {
 public:
  explicit Authorizer(sqlite3* database) noexcept : database_(database) {}
  Authorizer(const Authorizer&) = delete;
  Authorizer& operator=(const Authorizer&) = delete;

  /// While this lives, statements that are prepared, or prepared again as they run, are judged.
  class Judging {
   public:
    enum class While : std::uint8_t { Preparing, Running };
    Judging(Authorizer& authorizer, While what) noexcept
        : authorizer_(authorizer), outer_(std::exchange(authorizer.judging_, this)), while_(what) {
      authorizer.Install();
    }
    Judging(const Judging&) = delete;
    Judging& operator=(const Judging&) = delete;
    ~Judging() { authorizer_.judging_ = outer_; }

    /// Why it was refused; "" when it was not.
    const std::string& Refusal() const noexcept { return refusal_; }
    /// Refuses what was prepared when it is a PRAGMA itself, and not what a module asked meanwhile:
    /// then it does something else too.
    void RefuseIfPragma() {
      if (is_pragma_ && !pragma_.empty()) RefusePragma(pragma_);
    }
    bool ChangesSchema() const noexcept { return changes_schema_; }
    /// Whether it is an INSERT, UPDATE or DELETE, or has one in it.
    bool WritesRows() const noexcept { return writes_rows_; }

   private:
    friend Authorizer;

    bool Judge(int action, std::string_view first, std::string_view second,
               std::string_view database) {
      if (action == SQLITE_PRAGMA) {
        if (pragma_.empty()) pragma_ = first;
      } else {
        is_pragma_ = false;
      }
      return Allows(action, first, second, database);
    }
    bool Allows(int action, std::string_view first, std::string_view second,
                std::string_view database) {
      switch (action) {
        case SQLITE_TRANSACTION:
        case SQLITE_SAVEPOINT:
          return Refuse(
              {"a transaction is begun and ended by client.Tx(), tx.Tx(), tx.Commit() "
               "and tx.Rollback(), not by SQL"});
        case SQLITE_ATTACH:
        case SQLITE_DETACH:
          return Refuse({"ATTACH and DETACH would change the connection for all who share it"});
        case SQLITE_PRAGMA:
          // Those that table-valued functions of SQLite stand for are run by them.
          if (while_ == While::Running && OnlyTells(first)) return true;
          return ModulesAsk(first, second) || RefusePragma(first);
        case SQLITE_FUNCTION:
          if (!IsOwn(second) && second != "load_extension") return true;
          return Refuse({"the function ", second, " is not for SQL of yours"});
        case SQLITE_INSERT:
        case SQLITE_UPDATE:
        case SQLITE_DELETE:
          // What changes the schema writes there; SQL alone is refused by SQLite itself.
          if (IsSchema(first)) return true;
          writes_rows_ = true;
          return MayChange(first, database);
        case SQLITE_ALTER_TABLE:  // it says the database first
          changes_schema_ = true;
          return MayChange(second, first);
        case SQLITE_CREATE_INDEX:
        case SQLITE_CREATE_TRIGGER:
        case SQLITE_DROP_INDEX:
        case SQLITE_DROP_TRIGGER:
          changes_schema_ = true;
          return MayChange(first, database) && MayChange(second, database);
        case SQLITE_CREATE_TABLE:
        case SQLITE_CREATE_VIEW:
        case SQLITE_CREATE_VTABLE:
        case SQLITE_DROP_TABLE:
        case SQLITE_DROP_VIEW:
        case SQLITE_DROP_VTABLE:
          changes_schema_ = true;
          return MayChange(first, database);
        case SQLITE_CREATE_TEMP_INDEX:
        case SQLITE_CREATE_TEMP_TABLE:
        case SQLITE_CREATE_TEMP_TRIGGER:
        case SQLITE_CREATE_TEMP_VIEW:
        case SQLITE_DROP_TEMP_INDEX:
        case SQLITE_DROP_TEMP_TABLE:
        case SQLITE_DROP_TEMP_TRIGGER:
        case SQLITE_DROP_TEMP_VIEW:
          return MayChange("", "temp");
        default:
          return true;
      }
    }

    bool RefusePragma(std::string_view pragma) {
      return Refuse({"PRAGMA ", pragma,
                     " is not taken, for it may change the connection for all who share it; "
                     "what the schema is tell functions, SELECT * FROM "
                     "pragma_table_info('User')"});
    }
    bool MayChange(std::string_view name, std::string_view database) {
      if (database == "temp") {
        return Refuse(
            {"what is temporary would stay on the connection, for all who share it: use "
             "WITH, or a table that you drop"});
      }
      if (!IsOwn(name)) return true;
      return Refuse({name, " is Grapnel's own"});
    }
    bool Refuse(std::initializer_list<std::string_view> reason) {
      if (refusal_.empty()) refusal_ = core::Concat(reason);
      return false;
    }

    /// Names in SQL ignore ASCII case.
    static bool IsOwn(std::string_view name) {
      constexpr std::string_view own = "grapnel_";
      return name.size() >= own.size() &&
             sqlite3_strnicmp(name.data(), own.data(), static_cast<int>(own.size())) == 0;
    }
    static bool IsSchema(std::string_view table) {
      return table == "sqlite_schema" || table == "sqlite_master" ||
             table == "sqlite_temp_schema" || table == "sqlite_temp_master";
    }
    /// What modules of virtual tables, FTS5 and R*Tree, ask for in statements of their own, also
    /// while SQL that names such a table is prepared.
    static bool ModulesAsk(std::string_view pragma, std::string_view value) {
      return value.empty() && (pragma == "data_version" || pragma == "page_size");
    }
    static bool OnlyTells(std::string_view pragma) {
      constexpr std::string_view telling[] = {
          "collation_list",   "compile_options", "database_list", "foreign_key_check",
          "foreign_key_list", "function_list",   "index_info",    "index_list",
          "index_xinfo",      "integrity_check", "module_list",   "pragma_list",
          "quick_check",      "table_info",      "table_list",    "table_xinfo"};
      return std::ranges::find(telling, pragma) != std::end(telling);
    }

    Authorizer& authorizer_;
    Judging* outer_;
    While while_;
    std::string refusal_;
    std::string pragma_;     // the first that was asked for
    bool is_pragma_ = true;  // as far as is known: nothing else was done
    bool changes_schema_ = false;
    bool writes_rows_ = false;
  };

 private:
  /// Once, and for good: to set it makes SQLite prepare all statements anew.
  void Install() noexcept {
    if (std::exchange(installed_, true)) return;
    sqlite3_set_authorizer(database_, &Authorizer::Ask, this);
  }
  static int Ask(void* self, int action, const char* first, const char* second,
                 const char* database, const char*) noexcept {
    Judging* judging = static_cast<Authorizer*>(self)->judging_;
    if (judging == nullptr) return SQLITE_OK;
    const auto text = [](const char* given) {
      return given != nullptr ? std::string_view(given) : std::string_view();
    };
    try {
      return judging->Judge(action, text(first), text(second), text(database)) ? SQLITE_OK
                                                                               : SQLITE_DENY;
    } catch (...) {  // without memory for the reason
      return SQLITE_DENY;
    }
  }

  sqlite3* database_;
  Judging* judging_ = nullptr;
  bool installed_ = false;
};

}  // namespace grapnel::sqlite::detail
