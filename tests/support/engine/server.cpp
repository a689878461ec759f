#include "support/engine/server.hpp"

#include <cstdlib>
#include <fstream>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace engine {
namespace {

// What pg_type.dat calls them.
constexpr Oid kBool = 16, kBytes = 17, kDouble = 701;

std::string Shown(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) != 0) return "NULL";
  const std::string text = PQgetvalue(result, row, column);
  switch (PQftype(result, column)) {
    case kBool:
      return text == "t" ? "1" : "0";
    case kDouble:
      return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
    case kBytes: {
      std::string bytes;
      for (std::size_t at = 2; at + 1 < text.size(); at += 2) {
        bytes += static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16));
      }
      return bytes;
    }
    default:
      return text;
  }
}

}  // namespace

Session::Session(const std::string& conninfo) : connection_(PQconnectdb(conninfo.c_str())) {
  if (PQstatus(connection_) == CONNECTION_OK) {
    PQsetNoticeProcessor(
        connection_, [](void*, const char*) {}, nullptr);
    return;
  }
  const std::string reason = PQerrorMessage(connection_);
  PQfinish(connection_);
  throw std::runtime_error(reason);
}

std::vector<std::string> Session::Run(const std::string& sql) {
  auto rows = Rows(InOrder(sql));
  // Never destroyed, here and below: schemas are dropped when the program ends.
  static const std::regex& given =
      *new std::regex(R"(INSERT INTO ("[^"]*"|\w+)(?: \(\s*"?id"?\s*,| VALUES))");
  for (std::sregex_iterator at(sql.begin(), sql.end(), given), end; at != end; ++at) {
    const std::string table = (*at)[1];
    const auto sequence = Rows("SELECT pg_get_serial_sequence('" + table +
                               "', 'id') WHERE EXISTS (SELECT FROM pg_attribute WHERE attname = "
                               "'id' AND attidentity <> '' AND attrelid = '" +
                               table + "'::regclass)");
    if (sequence.empty()) continue;
    Rows("SELECT setval('" + sequence.front() + "', greatest(max(id), 1)) FROM " + table);
  }
  return rows;
}

std::string Session::InOrder(const std::string& sql) {
  static const std::regex& plain = *new std::regex(
      R"(SELECT (?!.*\b(?:count|sum|max|min|DISTINCT|FROM [^;]* (?:ORDER|GROUP|JOIN|UNION))\b))"
      R"([^;(]*(?:\([^;()]*\)[^;(]*)* FROM ("[^"]*"|\w+)( WHERE [^;]*)?)");
  std::smatch part;
  if (!std::regex_match(sql, part, plain)) return sql;
  const std::string table = part[1];
  const auto keyed = Rows(
      "SELECT 1 FROM pg_attribute WHERE attname = 'id' AND attrelid = "
      "to_regclass('" +
      table + "')");
  return keyed.empty() ? sql : sql + " ORDER BY " + table + ".id";
}

std::vector<std::string> Session::Rows(const std::string& sql) {
  std::vector<std::string> rows;
  std::string failed;
  if (PQsendQuery(connection_, sql.c_str()) == 0) failed = PQerrorMessage(connection_);
  while (PGresult* result = PQgetResult(connection_)) {
    if (PQresultStatus(result) == PGRES_FATAL_ERROR) failed = PQresultErrorMessage(result);
    for (int row = 0; row < PQntuples(result); ++row) {
      std::string line;
      for (int column = 0; column < PQnfields(result); ++column) {
        line += (column == 0 ? "" : "|") + Shown(result, row, column);
      }
      rows.push_back(line);
    }
    PQclear(result);
  }
  if (!failed.empty()) throw std::runtime_error(failed + " in: " + sql);
  return rows;
}

std::string Server() {
  if (const char* given = std::getenv("GRAPNEL_TEST_POSTGRES"); given && *given) return given;
  if (const char* file = std::getenv("GRAPNEL_TEST_POSTGRES_FILE")) {
    std::string line;
    if (std::ifstream in(file); std::getline(in, line) && !line.empty()) return line;
  }
  throw std::runtime_error(
      "no PostgreSQL server for the tests: GRAPNEL_TEST_POSTGRES is its connection string");
}

}  // namespace engine
