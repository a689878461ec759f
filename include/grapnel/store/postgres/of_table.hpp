#pragma once

#include <grapnel/model/table.hpp>
#include <grapnel/store/postgres/bulk.hpp>
#include <grapnel/store/postgres/interference.hpp>
#include <grapnel/store/postgres/members.hpp>
#include <grapnel/store/postgres/native/prepared.hpp>
#include <grapnel/store/sql/kept_statements.hpp>

namespace grapnel::postgres::detail {

/// What a connection keeps for one type: statements that are used often, where its members lie, and
/// what it knows of the table.
struct OfTable : store::sql::KeptStatements<Prepared> {
  explicit OfTable(const Table& table) noexcept : members(table) {}

  Members members;
  Interference::Known plainness;
  IdSource ids;
};

}  // namespace grapnel::postgres::detail
