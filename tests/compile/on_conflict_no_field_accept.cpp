#include "contract/model.hpp"

using grapnel::F;
using model::Card;

void Renew(const grapnel::Database<Card>& client) {
  client.Of<Card>()
      .Create()
      .Set(F<&Card::number>, "2")
      .OnConflict(F<&Card::number>)
      .Ignore()
      .Save();
}
