#include <grapnel/extras/sha256.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <string_view>

using grapnel::extras::Sha256;

TEST_CASE("B205 SHA-256 of the examples of FIPS 180-4") {
  CHECK(Sha256().Hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(Sha256().Add("abc").Hex() ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(Sha256().Add("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").Hex() ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(Sha256().Add(std::string(1'000'000, 'a')).Hex() ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("B205 SHA-256 is the same in whatever pieces the text comes, at all lengths") {
  std::string all;
  for (int i = 0; i < 200; ++i) {
    const std::string whole = Sha256().Add(all).Hex();
    const std::string_view text = all;
    for (std::size_t cut = 0; cut <= all.size(); cut += 13) {
      CHECK(Sha256().Add(text.substr(0, cut)).Add(text.substr(cut)).Hex() == whole);
    }
    all += static_cast<char>(i * 7);
    CHECK(Sha256().Add(all).Hex() != whole);
  }
}
