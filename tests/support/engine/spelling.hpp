#pragma once

#include <string>
#include <string_view>

namespace engine {

/// SQL that is written as SQLite takes it, as PostgreSQL takes it. Only what the tests write is
/// known here:
///   - a name with capitals and small letters, or of one capital, is quoted: User is "User", which
///     PostgreSQL would fold to its keyword user;
///   - the parameters ?1 and ? are $1;
///   - foreign keys are not looked at before the end of what begins with BEGIN;
///   - x'00' is a BYTEA; in CREATE TABLE and ALTER TABLE, INTEGER is BIGINT, or an identity where
///   it
///     is the primary key, BLOB is BYTEA and REAL is DOUBLE PRECISION;
///   - CREATE TRIGGER ... BEGIN ... END is a function and a trigger of the same name, in which
///     RAISE(IGNORE) leaves the row out and every other RAISE is an exception of the class of
///     constraints; DROP TRIGGER drops both.
std::string PostgresSpelling(std::string_view sql);

}  // namespace engine
