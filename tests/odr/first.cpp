#include "note.hpp"

int main() {
  auto client = grapnel::Open<Note>("file:odr?mode=memory");
  client.Migrate();
  client.Of<Note>().Create().Set(grapnel::F<&Note::text>, "first").Save();
  return WriteAndCount(client) == 2 ? 0 : 1;
}
