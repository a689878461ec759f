#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/store/tx/lost_commit.hpp>

#include <random>
#include <string>

namespace grapnel::detail {

GRAPNEL_DEFINE std::string MakeCommitId() {
  constexpr std::size_t digits = 32;  // 128 bits
  std::random_device chance;
  std::string id(digits, '0');
  auto bits = chance();
  for (std::size_t i = 0; i < digits; ++i, bits >>= 4U) {
    if (i % 8 == 0) bits = chance();
    id[i] = "0123456789abcdef"[bits % 16];
  }
  return id;
}

}  // namespace grapnel::detail
