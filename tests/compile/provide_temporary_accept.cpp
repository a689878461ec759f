#include "contract/model.hpp"

using model::User;

struct Bucket {};

void Provide(const grapnel::Database<User>& client) {
  static Bucket bucket;
  client.Provide(bucket);
}
