#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/postgres/binding.hpp>
#include <grapnel/store/postgres/members.hpp>
#include <grapnel/store/postgres/native/dialect.hpp>
#include <grapnel/store/postgres/native/native_connection.hpp>
#include <grapnel/store/sql/sql.hpp>

#include <libpq-fe.h>

#include <cstdint>
#include <string>

namespace grapnel::postgres::detail {

/// Walks along the rows of one statement, of which some at a time are here.
class RowCursor final : public store::Cursor {
 public:
  /// How many rows are fetched at once.
  static constexpr int kRows = 1000;

  RowCursor(NativeConnection& native, const store::Select& select, Members& members,
            std::uint64_t number)
      : native_(native),
        of_{select},
        members_(members),
        name_("grapnel_cursor_" + std::to_string(number)) {
    Sql sql = store::sql::SelectText(kDialect, select);
    const std::string text =
        core::Concat({"DECLARE ", name_, " NO SCROLL CURSOR FOR ", sql.Finish()});
    NativeConnection::Running running(native_);
    BindAll(select, sql.parameters, running.Bind(sql.parameters.size()), 0);
    running.RunOnce(text, native_.Say(select));
  }
  ~RowCursor() override {
    try {
      if (native_.InTransaction() && !native_.IsAborted()) native_.DeferQuietly("CLOSE " + name_);
    } catch (...) {  // NOLINT(bugprone-empty-catch): the transaction closes it
    }
  }

  bool Next(void* entity) override {
    if (at_ == rows_) {
      if (rows_ != 0 && rows_ < kRows) return false;
      Fetch();
      if (rows_ == 0) return false;
    }
    EntityRow row(result_.get(), members_);
    row.MoveTo(at_++);
    members_.Load(entity, row);
    of_.table->AttachEdges(entity);
    return true;
  }

 private:
  void Fetch() {
    at_ = rows_ = 0;
    result_ = nullptr;
    NativeConnection::Running running(native_);
    running.Bind(0);
    result_ = running.RunOnce(
        core::Concat({"FETCH FORWARD ", std::to_string(kRows), " FROM ", name_}), native_.Say(of_));
    rows_ = PQntuples(result_.get());
  }

  NativeConnection& native_;
  const store::Statement of_;
  Members& members_;
  std::string name_;
  Result result_;
  int at_ = 0;
  int rows_ = 0;
};

}  // namespace grapnel::postgres::detail
