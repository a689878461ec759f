#pragma once

/// The side that Grapnel over PostgreSQL is compared with: libpq by hand, with statements that are
/// prepared once, and binary parameters and results.

#include <libpq-fe.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "benchmark/row.hpp"

namespace benchmark {

/// A connection. Every call throws std::runtime_error when the server reports anything but success.
class Libpq {
 public:
  explicit Libpq(const std::string& conninfo);

  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  using Result = std::unique_ptr<PGresult, Clear>;

  /// Values in PostgreSQL's binary form.
  class Parameters {
   public:
    void Int(std::int64_t value);
    void Real(double value);
    void Text(std::string_view value) { Add(value.data(), value.size()); }

   private:
    friend Libpq;
    void Add(const char* bytes, std::size_t size);
    static constexpr std::size_t kMost = 8;
    std::array<std::array<char, 8>, kMost> kept_{};
    std::array<const char*, kMost> values_{};
    std::array<int, kMost> lengths_{};
    int count_ = 0;
  };

  /// Runs statements that are not kept.
  Result Execute(const std::string& sql);
  void Prepare(const char* name, const std::string& sql);
  Result Run(const char* name, const Parameters& parameters);
  Result Run(const char* name) { return Run(name, Parameters()); }

  Account Create(const char* name, const Account& input);
  /// Reads the row with that id.
  Account Get(const char* name, std::int64_t id);
  std::vector<Account> All(const char* name);
  /// COPY of the rows, without their ids.
  void Copy(const std::string& table, const std::vector<Account>& rows);

 private:
  [[noreturn]] void Fail();
  void Check(const PGresult* result);
  static Account Load(const PGresult* result, int row);

  std::unique_ptr<PGconn, Clear> connection_;
};

}  // namespace benchmark
