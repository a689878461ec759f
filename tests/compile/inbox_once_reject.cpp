// B253: what takes something else says what to write.
// expect: what is done once is a function
#include <grapnel/extras/inbox.hpp>
#include <grapnel/grapnel.hpp>

#include <string_view>

namespace inbox = grapnel::extras::inbox;

void Receive(const grapnel::Tx& tx, std::string_view id) {
  inbox::Once(tx, "shop", id, [](std::string_view) {});
}
