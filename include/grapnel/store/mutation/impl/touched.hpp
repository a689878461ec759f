#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/store/driver/driver.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/mutation/draft.hpp>
#include <grapnel/store/mutation/touched.hpp>
#include <grapnel/store/query/rows.hpp>
#include <grapnel/store/tx/session.hpp>

namespace grapnel::detail {

[[noreturn]] GRAPNEL_DEFINE void RefuseUntouched(Draft& m, const store::PredicatePtr& alive) {
  store::Select select{{m.table, m.op}};
  select.want = store::Select::Want::Count;
  select.entity = m.entity;
  select.by_id = true;
  const auto is_there = [&](const store::PredicateNode* where) {
    select.where = where;
    return ReadIn(m, *m.table,
                  [&](store::Connection& connection) { return connection.Count(select); }) > 0;
  };
  const auto there = store::Both(m.visible, alive);
  if (!is_there(there.Get())) throw NotFoundError(m.table->entity, DescribeId(*m.table, m.entity));
  if (!m.where || is_there(m.where.Get())) store::RefuseSkipped(select);
  m.stale = true;
  throw StaleError(m.table->entity, DescribeId(*m.table, m.entity));
}

}  // namespace grapnel::detail
