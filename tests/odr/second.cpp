#include "note.hpp"

std::int64_t WriteAndCount(grapnel::Database<Note>& client) {
  client.Of<Note>().Create().Set(grapnel::F<&Note::text>, "second").Save();
  return static_cast<std::int64_t>(client.Of<Note>().Query().Count());
}
