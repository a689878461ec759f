#pragma once

#include <grapnel/postgres.hpp>

#include <cstdint>
#include <string>
#include <string_view>

struct Note {
  std::int64_t id = 0;
  std::string text;
};

template <>
struct grapnel::Schema<Note> {
  static constexpr std::string_view Type = "Note";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Note::text>("text").NotEmpty()); }
};

/// Defined in other.cpp, over the same templates.
void OpenNowhere();
