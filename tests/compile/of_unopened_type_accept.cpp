#include "contract/model.hpp"

using model::Pet;
using model::User;

void Delete(const grapnel::Database<User, Pet>& client) { client.Of<Pet>().Delete().Exec(); }
