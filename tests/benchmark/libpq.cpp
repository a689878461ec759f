#include "benchmark/libpq.hpp"

#include <bit>
#include <cstring>
#include <stdexcept>

namespace benchmark {
namespace {

std::uint64_t Swapped(std::uint64_t value) { return __builtin_bswap64(value); }
std::uint32_t Swapped(std::uint32_t value) { return __builtin_bswap32(value); }
std::uint16_t Swapped(std::uint16_t value) { return __builtin_bswap16(value); }

template <class T>
void Append(std::string& to, T value) {
  const T swapped = Swapped(value);
  to.append(reinterpret_cast<const char*>(&swapped), sizeof(swapped));
}
void AppendField(std::string& to, std::string_view bytes) {
  Append(to, static_cast<std::uint32_t>(bytes.size()));
  to.append(bytes);
}
void AppendField(std::string& to, std::uint64_t bits) {
  Append(to, std::uint32_t{8});
  Append(to, bits);
}

std::int64_t IntAt(const PGresult* result, int row, int column) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, PQgetvalue(result, row, column), sizeof(bits));
  return static_cast<std::int64_t>(Swapped(bits));
}
std::string TextAt(const PGresult* result, int row, int column) {
  return {PQgetvalue(result, row, column),
          static_cast<std::size_t>(PQgetlength(result, row, column))};
}

}  // namespace

void Libpq::Parameters::Add(const char* bytes, std::size_t size) {
  const auto at = static_cast<std::size_t>(count_++);
  values_[at] = bytes;
  lengths_[at] = static_cast<int>(size);
}
void Libpq::Parameters::Int(std::int64_t value) {
  auto& kept = kept_[static_cast<std::size_t>(count_)];
  const std::uint64_t bits = Swapped(static_cast<std::uint64_t>(value));
  std::memcpy(kept.data(), &bits, sizeof(bits));
  Add(kept.data(), kept.size());
}
void Libpq::Parameters::Real(double value) { Int(std::bit_cast<std::int64_t>(value)); }

Libpq::Libpq(const std::string& conninfo) : connection_(PQconnectdb(conninfo.c_str())) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) Fail();
}

void Libpq::Fail() { throw std::runtime_error(PQerrorMessage(connection_.get())); }
void Libpq::Check(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN) Fail();
}

Libpq::Result Libpq::Execute(const std::string& sql) {
  Result result(PQexec(connection_.get(), sql.c_str()));
  Check(result.get());
  return result;
}
void Libpq::Prepare(const char* name, const std::string& sql) {
  Check(Result(PQprepare(connection_.get(), name, sql.c_str(), 0, nullptr)).get());
}
Libpq::Result Libpq::Run(const char* name, const Parameters& parameters) {
  static constexpr std::array<int, Parameters::kMost> binary{1, 1, 1, 1, 1, 1, 1, 1};
  Result result(PQexecPrepared(connection_.get(), name, parameters.count_,
                               parameters.values_.data(), parameters.lengths_.data(), binary.data(),
                               1));
  Check(result.get());
  return result;
}

Account Libpq::Create(const char* name, const Account& input) {
  Parameters parameters;
  parameters.Text(input.name);
  parameters.Int(input.age);
  parameters.Text(*input.nickname);
  parameters.Real(input.score);
  const Result result = Run(name, parameters);
  Account made = input;
  made.id = IntAt(result.get(), 0, 0);
  return made;
}

Account Libpq::Load(const PGresult* result, int row) {
  Account account;
  account.id = IntAt(result, row, 0);
  account.name = TextAt(result, row, 1);
  account.age = IntAt(result, row, 2);
  if (PQgetisnull(result, row, 3) == 0) account.nickname = TextAt(result, row, 3);
  account.score = std::bit_cast<double>(IntAt(result, row, 4));
  return account;
}

Account Libpq::Get(const char* name, std::int64_t id) {
  Parameters parameters;
  parameters.Int(id);
  const Result result = Run(name, parameters);
  if (PQntuples(result.get()) != 1) throw std::runtime_error("there is no such row");
  return Load(result.get(), 0);
}

std::vector<Account> Libpq::All(const char* name) {
  const Result result = Run(name);
  std::vector<Account> all;
  all.reserve(static_cast<std::size_t>(PQntuples(result.get())));
  for (int row = 0; row < PQntuples(result.get()); ++row) all.push_back(Load(result.get(), row));
  return all;
}

void Libpq::Copy(const std::string& table, const std::vector<Account>& rows) {
  constexpr std::size_t kChunk = 64 << 10;
  Execute("COPY " + table + " (name, age, nickname, score) FROM STDIN (FORMAT binary)");
  std::string buffer("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  const auto send = [&] {
    if (PQputCopyData(connection_.get(), buffer.data(), static_cast<int>(buffer.size())) != 1)
      Fail();
    buffer.clear();
  };
  for (const Account& row : rows) {
    Append(buffer, std::uint16_t{4});
    AppendField(buffer, row.name);
    AppendField(buffer, static_cast<std::uint64_t>(row.age));
    AppendField(buffer, *row.nickname);
    AppendField(buffer, std::bit_cast<std::uint64_t>(row.score));
    if (buffer.size() > kChunk) send();
  }
  Append(buffer, std::uint16_t{0xffff});
  send();
  if (PQputCopyEnd(connection_.get(), nullptr) != 1) Fail();
  while (const Result result{PQgetResult(connection_.get())}) Check(result.get());
}

}  // namespace benchmark
