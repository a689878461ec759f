// expect: Match takes a function from text to bool, such as grapnel::Regex<"\[a-z\]\+">, of
// <grapnel/schema/regex\.hpp>
#include <grapnel/schema.hpp>
#include <grapnel/schema/regex.hpp>

#include <string>

struct User {
  std::string name;
};

inline constexpr auto lower = grapnel::Field<&User::name>("name").Match("[a-z]+");
