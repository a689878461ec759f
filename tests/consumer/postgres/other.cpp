#include "note.hpp"

void OpenNowhere() {
  auto client = grapnel::OpenPostgres<Note>("host=/nowhere dbname=consumer connect_timeout=2");
  client.Of<Note>().Create().Set(grapnel::F<&Note::text>, "lost").Save();
}
