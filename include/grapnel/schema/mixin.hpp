#pragma once

namespace grapnel {

/// The base structs whose fields, indexes and hooks an entity takes over, in this order, before its
/// own: `using Mixins = grapnel::Mixins<Versioned>;` inside Schema<User>, where User derives from
/// Versioned and Versioned has a Schema of its own: `Fields()`, `Indexes()`, and `template <class
/// E> static auto Hooks()`, all of them optional. Source: ent's mixin.
template <class... Bases>
struct Mixins {};

}  // namespace grapnel
