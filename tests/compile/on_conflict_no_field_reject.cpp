// expect: OnConflict needs the fields in which a row that is there agrees
#include "contract/model.hpp"

using grapnel::F;
using model::Card;

void Renew(const grapnel::Database<Card>& client) {
  client.Of<Card>().Create().Set(F<&Card::number>, "2").OnConflict().Ignore().Save();
}
