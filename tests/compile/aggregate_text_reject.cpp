// expect: Sum and Avg are of fields that are numbers
#include "contract/graph_model.hpp"

using graph::Card;
using graph::User;
using grapnel::F;

auto Asked(const grapnel::Client& client) { return client.Of<User>().Query().Sum(F<&User::name>); }
