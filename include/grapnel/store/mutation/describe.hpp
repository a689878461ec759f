#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/core/op.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/store/mutation/draft.hpp>

#include <cstddef>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::detail {

/// A value for people to read; a sensitive one is ***.
inline std::string Show(const Column& column, const void* entity) {
  if (column.IsSecret()) return "***";
  try {
    return grapnel::ToString(column.ops->to_value(column.at_const(entity)));
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    return "a value that cannot be stored";
  }
}

/// `User UpdateOne(id=3) {name="Ada", age+=1, friends+=[7]}`.
inline std::string Describe(const Draft& m) {
  std::string text = core::Concat({m.table->entity, " ", grapnel::ToString(m.op)});
  if (m.has_id) core::Append(text, {"(id=", Show(m.table->Id(), m.entity), ")"});
  std::string fields;
  for (std::size_t i = m.has_id ? 1 : 0; i < m.table->columns.size(); ++i) {
    if (!m.set.test(i) && !m.added.test(i) && !m.cleared.test(i)) continue;
    const Column& column = m.table->columns[i];
    core::Append(fields, {fields.empty() ? "" : ", ", column.name, m.added.test(i) ? "+=" : "=",
                          m.cleared.test(i) ? "NULL" : Show(column, m.entity)});
  }
  const auto show_ids = [&](const EdgeEnd& edge, std::string_view sign,
                            const std::vector<FieldValue>& ids) {
    if (ids.empty()) return;
    core::Append(fields, {fields.empty() ? "" : ", ", edge.name, sign, "["});
    for (std::size_t i = 0; i < ids.size(); ++i) {
      core::Append(fields, {i > 0 ? ", " : "", edge.target().ShowId(ids[i])});
    }
    fields += ']';
  };
  for (const EdgeChange& change : m.edges) {
    const EdgeEnd& edge = m.table->edges[change.edge];
    if (!edge.many && !change.added.empty()) {
      const std::string id = edge.target().ShowId(change.added.front());
      core::Append(fields, {fields.empty() ? "" : ", ", edge.name, "=", id});
      continue;
    }
    if (change.cleared) core::Append(fields, {fields.empty() ? "" : ", ", edge.name, "=[]"});
    show_ids(edge, "+=", change.added);
    show_ids(edge, "-=", change.removed);
  }
  if (!fields.empty()) core::Append(text, {" {", fields, "}"});
  return text;
}

}  // namespace grapnel::detail
