#pragma once

/// The engines' languages, for the tests of SQL texts.

#include <grapnel/store/postgres/native/dialect.hpp>
#include <grapnel/store/sqlite/native/dialect.hpp>

namespace texts {

using grapnel::store::sql::Dialect;

inline constexpr const Dialect& kDialect = grapnel::sqlite::detail::kDialect;
inline constexpr const Dialect& kPostgres = grapnel::postgres::detail::kDialect;

}  // namespace texts
