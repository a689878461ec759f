#pragma once

#include <grapnel/extras/outbox/tables.hpp>
#include <grapnel/extras/uuid.hpp>
#include <grapnel/hook/guard.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/tx/tx.hpp>

#include <string>

namespace grapnel::extras::outbox {

/// Refuses tables that a newer program has made: with a column that every row needs, and that this
/// one knows nothing of. Tries whether it could write an event and a lane, and undoes that. Throws:
/// ConstraintError, which names table and column; what else mutations throw.
inline void RefuseNewer(Tx& tx) {
  struct Undone {};
  try {
    tx.WithTx([](Tx& inner) {
      const Client client = inner.Client().With(guard::Decide(guard::Allow));
      const std::string nobodys = NewUuid();
      client.Of<Event>().Create({.sink = nobodys, .key = nobodys}).Save();
      client.Of<Lane>().Create({.sink = nobodys, .key = nobodys}).Save();
      throw Undone();
    });
  } catch (const Undone&) {
  }
}

}  // namespace grapnel::extras::outbox
