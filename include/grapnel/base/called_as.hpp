#pragma once

#include <type_traits>

namespace grapnel::core {

/// Whether a `F&` is called with these arguments for what converts to Result; for void, whatever it
/// returns. As std::is_invocable_r, for a fraction of what that costs the compiler, and without
/// pointers to members.
template <class F, class Result, class... Arguments>
concept CalledAs = (std::is_void_v<Result> &&
                    requires(F & function, Arguments&&... arguments) {
                      function(static_cast<Arguments&&>(arguments)...);
                    }) ||
                   requires(F& function, Arguments&&... arguments, void (&take)(Result)) {
  take(function(static_cast<Arguments&&>(arguments)...));
};

}  // namespace grapnel::core
