#pragma once

#include <grapnel/store/postgres/postgres_connection.hpp>

#include <cstdint>
#include <string>

#include "store/postgres/person.hpp"

namespace unit {

/// A connection to a schema with the table of people.
struct Opened {
  OwnSchema schema{};
  grapnel::postgres::detail::Options options{
      grapnel::postgres::detail::Conninfo((MakePeople(schema), schema.Conninfo()))};
  grapnel::postgres::detail::PostgresConnection connection{options, nullptr};
  grapnel::postgres::detail::NativeConnection& native = connection.Native();

  std::int64_t Insert(const Person& person, bool with_id = false) {
    auto set = AllButId();
    if (with_id) set.set(0);
    return connection.Run(grapnel::store::Insert{{&People(), grapnel::Op::Create}, &person, set});
  }
  std::int64_t Insert(const std::string& name, std::int64_t age = 7) {
    Person person = Ada();
    person.name = name;
    person.age = age;
    return Insert(person);
  }
  Rows Names() const { return schema.Run("SELECT full_name FROM people ORDER BY id"); }
};

}  // namespace unit
