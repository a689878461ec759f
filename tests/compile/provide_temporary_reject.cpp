// expect: deleted
// expect: a temporary would be gone at its first use
#include "contract/model.hpp"

using model::User;

struct Bucket {};

void Provide(const grapnel::Database<User>& client) { client.Provide(Bucket{}); }
void ProvideNamed(const grapnel::Database<User>& client) {
  client.Provide<Bucket>("photos", Bucket{});
}
void ProvideConst(const grapnel::Database<User>& client) { client.Provide<const Bucket>(Bucket{}); }
