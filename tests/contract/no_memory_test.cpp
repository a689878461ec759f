// B127: a program without memory of its own, at every allocation of what it does.
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

#include "contract/fixture.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"

namespace {

using grapnel::F;
using model::User;

long left = 0;  // allocations until one fails; 0: none does

void* Allocate(std::size_t size) {
  if (left > 0 && --left == 0) throw std::bad_alloc();
  if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}

/// Runs `body()`, the n-th allocation of which fails. Returns: whether there were so many.
template <class F>
bool Fails(long n, F body) {
  left = n;
  bool failed = false;
  try {
    body();
  } catch (const std::bad_alloc&) {
    failed = true;
  }
  return std::exchange(left, 0) == 0 || failed;
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size != 0 ? size : 1);
}
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("B127 a nested Tx for which there is no memory leaves the outer one as it was") {
  const Fixture<User> db;
  const auto& client = db.client;
  long n = 0;
  for (bool failed = true; failed;) {
    ++n;
    auto tx = client.Tx();
    failed = Fails(n, [&] {
      auto nested = tx.Tx();
      nested.Rollback();
    });
    tx.Of<User>().Create().Set(F<&User::name>, "Ada").Save();
    tx.Commit();
    REQUIRE(client.Of<User>().Query().Count() == n);
  }
  CHECK(n > 3);
}
