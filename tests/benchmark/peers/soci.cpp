#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <cstddef>
#include <string>

#include "benchmark/peers/compare.hpp"

namespace benchmark {
namespace {

/// SOCI's way: a statement prepared once, to which variables are bound once, and which is executed
/// each time that they are set.
class SociSide {
 public:
  SociSide() {
    session_ << AccountTable();
    insert_.alloc();
    insert_.prepare(
        "INSERT INTO Account (name, age, nickname, score) VALUES (:name, :age, :nickname, :score)");
    insert_.exchange(soci::use(name_));
    insert_.exchange(soci::use(age_));
    insert_.exchange(soci::use(nickname_, has_nickname_));
    insert_.exchange(soci::use(score_));
    insert_.define_and_bind();
  }

  void Fill() {
    soci::transaction tx(session_);
    for (const Account& row : MakeRows(kRows)) Create(row);
    tx.commit();
  }

  double TimeCreate(std::size_t count) {
    soci::transaction tx(session_);
    const double each = NanosecondsOf(count, [this](std::size_t i) { Keep(Create(Input(i))); });
    tx.rollback();
    return each;
  }

 private:
  Account Create(const Account& account) {
    name_ = account.name;
    age_ = account.age;
    has_nickname_ = account.nickname ? soci::i_ok : soci::i_null;
    if (account.nickname) nickname_ = *account.nickname;
    score_ = account.score;
    insert_.execute(true);
    long long id = 0;
    session_.get_last_insert_id("Account", id);
    return {id, account.name, account.age, account.nickname, account.score};
  }

  soci::session session_{soci::sqlite3, "dbname=:memory:"};
  std::string name_;
  long long age_ = 0;
  std::string nickname_;
  soci::indicator has_nickname_ = soci::i_ok;
  double score_ = 0;
  soci::statement insert_{session_};
};

void MeasureSoci(Report& report) {
  SociSide soci;
  soci.Fill();
  CompareCreate(report, {"soci", "SOCI", [&](std::size_t n) { return soci.TimeCreate(n); }});
}
const Registration soci_registration({"vs_soci", MeasureSoci, "peers"});

}  // namespace
}  // namespace benchmark
