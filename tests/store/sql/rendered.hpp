#pragma once

/// The conditions of a type, as the tests of SQL texts look at them.

#include <grapnel/store/sql/condition.hpp>

#include "store/sql/dialects.hpp"
#include "store/sqlite/texts.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace texts {

struct Rendered {
  std::string text;
  std::vector<grapnel::FieldValue> values;
  friend bool operator==(const Rendered&, const Rendered&) = default;
};

template <class E>
Rendered Where(const grapnel::store::Predicate<E>& predicate, int first_parameter = 1,
               const Dialect& dialect = kDialect) {
  grapnel::store::sql::Sql made(dialect, grapnel::detail::kTable<User>, first_parameter);
  made.Where(predicate.Node().Get());
  Rendered rendered{made.text, {}};
  for (const auto& bound : made.parameters) {
    if (bound.list == nullptr) rendered.values.push_back(*bound);
    for (std::size_t i = 0; bound.list != nullptr && i < bound.list->size(); ++i) {
      rendered.values.push_back((*bound.list)[i]);
    }
  }
  return rendered;
}

/// The same in PostgreSQL's language.
template <class E>
Rendered WhereInPostgres(const grapnel::store::Predicate<E>& predicate) {
  return Where(predicate, 1, kPostgres);
}

using Values = std::vector<grapnel::FieldValue>;

}  // namespace texts
