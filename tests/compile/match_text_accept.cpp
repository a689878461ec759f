#include <grapnel/schema.hpp>
#include <grapnel/schema/regex.hpp>

#include <string>

struct User {
  std::string name;
};

inline constexpr auto lower = grapnel::Field<&User::name>("name").Match(grapnel::Regex<"[a-z]+">);
