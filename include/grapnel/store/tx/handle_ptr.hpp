#pragma once

#include <grapnel/base/shared.hpp>

#include <cstdint>

namespace grapnel::detail {

class Session;
struct Level;
struct Store;
struct TypeEntry;

/// A store, the transaction that is worked in, if any, and the context of the calls: what the
/// objects of the public face hold, opaque to them. What they ask of it: see handle.hpp.
struct Handle;
using HandlePtr = core::Shared<const Handle>;

/// Of a mutation's own, one that its caller holds, a snapshot to read.
enum class TxKind : std::uint8_t { Implicit, Explicit, ReadOnly };

}  // namespace grapnel::detail
