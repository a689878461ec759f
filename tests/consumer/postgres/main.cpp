// A user's program of two sources over an installed copy, with warnings as errors: none of them may
// come from Grapnel. It runs without a server, and is told so.
#include "note.hpp"

#include <grapnel/grapnel.hpp>

int main() {
  auto local = grapnel::Open<Note>("file:consumer?mode=memory");
  local.Migrate();
  local.Of<Note>().Create().Set(grapnel::F<&Note::text>, "kept").Save();
  try {
    OpenNowhere();
  } catch (const grapnel::StorageError&) {
    return local.Of<Note>().Query().Count() == 1 ? 0 : 1;
  }
  return 1;
}
