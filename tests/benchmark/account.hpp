#pragma once

/// Grapnel's side of the figures that are about accounts.

#include <grapnel/grapnel.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "benchmark/measure.hpp"
#include "benchmark/row.hpp"

template <>
struct grapnel::Schema<benchmark::Account> {
  using Account = benchmark::Account;
  static constexpr std::string_view Type = "Account";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Account::name>("name"), Field<&Account::age>("age"),
                           Field<&Account::nickname>("nickname"), Field<&Account::score>("score"));
  }
};

namespace benchmark {

using grapnel::F;
using Client = grapnel::Database<Account>;

inline constexpr std::string_view kInMemory = "file:benchmark?mode=memory";

/// A database with `rows` rows.
inline Client OpenFilled(std::size_t rows = kRows, std::string_view url = kInMemory) {
  auto client = grapnel::Open<Account>(url);
  client.Migrate();
  if (rows > 0) client.Of<Account>().CreateBulk(MakeRows(rows)).Save();
  return client;
}

/// The statement that makes the table of accounts.
inline std::string TableText() {
  const auto plan = grapnel::Open<Account>(kInMemory).PlanMigration();
  return plan.Statements().at(0);
}

/// One Create as users write it.
template <class Accounts>
Account Create(const Accounts& accounts, const Account& input) {
  return accounts.Create()
      .Set(F<&Account::name>, input.name)
      .Set(F<&Account::age>, input.age)
      .Set(F<&Account::nickname>, *input.nickname)
      .Set(F<&Account::score>, input.score)
      .Save();
}

/// Times `count` calls of `body(accounts, i)` in a transaction, which is rolled back after that.
/// Returns: nanoseconds of each.
template <class F>
double TimeInTx(const Client& client, std::size_t count, F body) {
  auto tx = client.Tx();
  const auto accounts = tx.Of<Account>();
  const double each = NanosecondsOf(count, [&](std::size_t i) { body(accounts, i); });
  tx.Rollback();
  return each;
}

/// The statements that `body(accounts)` runs inside a transaction, which is rolled back.
template <class F>
std::vector<std::string> Traced(const Client& client, F body) {
  std::vector<std::string> texts;
  grapnel::Tx tx = client.Debug([&](std::string_view text) { texts.emplace_back(text); }).Tx();
  texts.clear();  // of BEGIN
  body(tx.Of<Account>());
  std::vector<std::string> traced = texts;
  tx.Rollback();
  return traced;
}

/// The calls of operator new of one Create in a transaction.
inline double CountAllocations(const Client& client) {
  constexpr std::size_t kCreates = 1'000;
  auto tx = client.Tx();
  const auto accounts = tx.Of<Account>();
  const auto create = [&](std::size_t i) { Keep(benchmark::Create(accounts, Input(i))); };
  for (std::size_t i = 0; i < kCreates; ++i) create(i);
  const double each = AllocationsOf(kCreates, create);
  tx.Rollback();
  return each;
}

inline double TimeCreate(const Client& client, std::size_t count) {
  return TimeInTx(client, count, [](const auto& accounts, std::size_t i) {
    Keep(benchmark::Create(accounts, Input(i)));
  });
}

}  // namespace benchmark
