#include "contract/model.hpp"

#include <cstdint>
#include <optional>
#include <string>

using model::User;

void Ask(const grapnel::Client& client, const User& user) {
  client.Sql("SELECT ?1, ?2", user.id, user.nickname);
  static_cast<void>(client.Sql("SELECT id FROM User").As<std::int64_t>());
  static_cast<void>(client.Sql("SELECT id FROM User").Rows());
}
