// expect: deleted
// expect: a temporary would be gone at its first use
#include "contract/model.hpp"

using model::User;

struct Bucket {};

void Provide(const grapnel::Database<User>& client) {
  client.Provide(Bucket{});
}
