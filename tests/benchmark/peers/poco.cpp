#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/Utility.h>
#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>
#include <Poco/Nullable.h>
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "benchmark/peers/compare.hpp"

namespace benchmark {
namespace {

using namespace Poco::Data::Keywords;

/// POCO's way: a statement to which variables are bound once, and which is executed each time that
/// they are set. (POCO 1.11 has SQLite prepare it again each time.)
class PocoSide {
 public:
  PocoSide() {
    session_ << AccountTable(), now;
    insert_ << "INSERT INTO Account (name, age, nickname, score) VALUES (?, ?, ?, ?)", use(name_),
        use(age_), use(nickname_), use(score_);
  }

  void Fill() {
    session_.begin();
    for (const Account& row : MakeRows(kRows)) Create(row);
    session_.commit();
  }

  double TimeCreate(std::size_t count) {
    session_.begin();
    const double each = NanosecondsOf(count, [this](std::size_t i) { Keep(Create(Input(i))); });
    session_.rollback();
    return each;
  }

 private:
  static Poco::Data::Session Open() {
    Poco::Data::SQLite::Connector::registerConnector();
    return {Poco::Data::SQLite::Connector::KEY, ":memory:"};
  }

  Account Create(const Account& account) {
    name_ = account.name;
    age_ = account.age;
    if (account.nickname) {
      nickname_ = *account.nickname;
    } else {
      nickname_.clear();
    }
    score_ = account.score;
    insert_.execute();
    const std::int64_t id = sqlite3_last_insert_rowid(handle_);  // POCO has no call of its own
    return {id, account.name, account.age, account.nickname, account.score};
  }

  Poco::Data::Session session_ = Open();
  sqlite3* handle_ = Poco::Data::SQLite::Utility::dbHandle(session_);
  std::string name_;
  Poco::Int64 age_ = 0;
  Poco::Nullable<std::string> nickname_;
  double score_ = 0;
  Poco::Data::Statement insert_{session_};
};

void MeasurePoco(Report& report) {
  PocoSide poco;
  poco.Fill();
  CompareCreate(report, {"poco", "POCO Data", [&](std::size_t n) { return poco.TimeCreate(n); }});
}
const Registration poco_registration({"vs_poco", MeasurePoco, "peers"});

}  // namespace
}  // namespace benchmark
