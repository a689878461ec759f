// The main of every test program, compiled once. A program that holds no test case fails.
#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"

#if CATCH_VERSION_MAJOR < 3
#include <iostream>
#endif

int main(int argc, char* argv[]) {
#if CATCH_VERSION_MAJOR < 3  // 3.x fails an empty run by itself
  if (Catch::getRegistryHub().getTestCaseRegistry().getAllTests().empty()) {
    std::cerr << "this program holds no test case\n";
    return 1;
  }
#endif
  return Catch::Session().run(argc, argv);
}
