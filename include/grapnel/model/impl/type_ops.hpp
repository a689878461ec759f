#pragma once

#include <grapnel/model/type_ops.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace grapnel::detail {

#ifdef GRAPNEL_SEPARATE_COMPILATION
template struct OpsOf<bool>;
template struct OpsOf<std::int64_t>;
template struct OpsOf<double>;
template struct OpsOf<std::string>;
template struct OpsOf<std::optional<std::int64_t>>;
template struct OpsOf<std::optional<double>>;
template struct OpsOf<std::optional<std::string>>;
#endif

}  // namespace grapnel::detail
