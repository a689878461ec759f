#include "contract/model.hpp"

using grapnel::F;
using model::Card;

void Renumber(const grapnel::Database<Card>& client) {
  client.Of<Card>().Create().Set(F<&Card::number>, "2").Set(F<&Card::in_hook>, "").Save();
}
