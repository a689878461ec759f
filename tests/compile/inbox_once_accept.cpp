// B253: what is done once takes a transaction, or nothing.
#include <grapnel/extras/inbox.hpp>
#include <grapnel/grapnel.hpp>

#include <string_view>

namespace inbox = grapnel::extras::inbox;

void Receive(const grapnel::Tx& tx, std::string_view id) {
  inbox::Once(tx, "shop", 7, [] {});
  inbox::Once(tx, "shop", id, [](grapnel::Tx&) {});
}
