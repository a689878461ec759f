// expect: this type was not named when the database was opened: add it to grapnel::Open<\.\.\.>
#include "contract/model.hpp"

using model::Pet;
using model::User;

void Delete(const grapnel::Database<User>& client) { client.Of<Pet>().Delete().Exec(); }
