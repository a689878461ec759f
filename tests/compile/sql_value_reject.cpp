// expect: a parameter of SQL takes what a field can be, one value for each
// expect: sql_value_reject\.cpp:11
// expect: this type cannot be a field
// expect: SQL has run, and its rows are here
#include "contract/model.hpp"

using model::User;

void Ask(const grapnel::Client& client, const User& user) {
  client.Sql("SELECT 1");
  client.Sql("SELECT ?1", user);
  static_cast<void>(client.Sql("SELECT id FROM User").As<User>());
  static_cast<void>(client.Sql("SELECT id FROM User").All());
}
