// The main of every test program, compiled once. A program that holds no test case fails; one that
// is to have a server, which could not be started, is skipped.
#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"

#if CATCH_VERSION_MAJOR < 3
#include <iostream>
#endif
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace {

/// Whether the fixture was to start a PostgreSQL server, and there is none.
bool HasNoServer() {
  const char* given = std::getenv("GRAPNEL_TEST_POSTGRES");
  const char* file = std::getenv("GRAPNEL_TEST_POSTGRES_FILE");
  return (given == nullptr || *given == 0) && file != nullptr && !std::ifstream(file).good();
}

}  // namespace

int main(int argc, char* argv[]) {
  if (HasNoServer()) {
    std::puts("skipped: there is no PostgreSQL server");
    return 77;
  }
#if CATCH_VERSION_MAJOR < 3  // 3.x fails an empty run by itself
  if (Catch::getRegistryHub().getTestCaseRegistry().getAllTests().empty()) {
    std::cerr << "this program holds no test case\n";
    return 1;
  }
#endif
  return Catch::Session().run(argc, argv);
}
