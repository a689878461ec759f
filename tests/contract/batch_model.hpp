#pragma once

/// What the tests of large bulks share: small types, and a look at what was thrown and stored.

#include <grapnel/grapnel.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/fixture.hpp"

namespace batches {

struct Item;

struct Box {
  std::int64_t id = 0;
  std::string label;
  grapnel::Many<Item> items{};
};

struct Item {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::string> note{};
  double weight = 0;
  std::int64_t rank = 7;
  grapnel::One<Box> box{};
  grapnel::One<Item> parent{};
};

using Rows = std::vector<Item>;
using Creates = std::vector<grapnel::store::Create<Item>>;
using Mutation = grapnel::Mutation<Item>;

inline const std::string kColumns =
    "SELECT id, name, note, CAST(weight AS INTEGER), rank, box_id, parent_id FROM Item ";
inline const std::string kStored = kColumns + "ORDER BY id";
/// Those that are named as Items names them.
inline const std::string kStoredOfBulk =
    kColumns +
    "WHERE substr(name, 1, 1) = 'n' AND substr(name, 2, 1) BETWEEN '0' AND '9' ORDER BY id";

/// An item as kStored shows it.
inline std::string Shown(const Item& item) {
  const auto key = [](const std::optional<std::int64_t>& id) {
    return "|" + (id ? std::to_string(*id) : "NULL");
  };
  return std::to_string(item.id) + "|" + item.name + "|" + item.note.value_or("NULL") + "|" +
         std::to_string(static_cast<std::int64_t>(item.weight)) + "|" + std::to_string(item.rank) +
         key(item.box.ID()) + key(item.parent.ID());
}
inline Lines Shown(const Rows& items) {
  Lines lines;
  for (const Item& item : items) lines.push_back(Shown(item));
  return lines;
}

inline std::string Numbered(const std::string& prefix, std::size_t number) {
  return prefix + std::to_string(number);
}

/// `count` items: "n0", "n1", and so on.
inline Rows Items(std::size_t count, const std::string& prefix = "n") {
  Rows items(count);
  for (std::size_t i = 0; i < count; ++i) items[i].name = Numbered(prefix, i);
  return items;
}

inline std::string NameOf(const Mutation& m) { return *m.Get(grapnel::F<&Item::name>); }
/// The number behind the prefix of its name.
inline std::size_t NumberOf(const Mutation& m) { return std::stoul(NameOf(m).substr(1)); }

template <class C>
void Create(const C& client, const std::string& name) {
  client.template Of<Item>()
      .Create()
      .Set(grapnel::F<&Item::name>, name)
      .Set(grapnel::F<&Item::weight>, 0.0)
      .Save();
}
template <class C>
std::size_t Count(const C& client) {
  return static_cast<std::size_t>(client.template Of<Item>().Query().Count());
}

/// The names of the boxes, oldest first; "|" and the number of its items behind each.
inline const char* const kBoxes =
    "SELECT label, (SELECT count(*) FROM Item WHERE box_id = Box.id) FROM Box ORDER BY id";

using Db = Fixture<Item, Box>;

}  // namespace batches

template <>
struct grapnel::Schema<batches::Box> {
  static constexpr std::string_view Type = "Box";
  static constexpr auto Fields() { return grapnel::Fields(Field<&batches::Box::label>("label")); }
  static constexpr auto Edges() { return grapnel::Edges(To<&batches::Box::items>("items")); }
};

template <>
struct grapnel::Schema<batches::Item> {
  static constexpr std::string_view Type = "Item";
  static constexpr auto Fields() {
    using batches::Item;
    return grapnel::Fields(Field<&Item::name>("name").NotEmpty().Unique(),
                           Field<&Item::note>("note"), Field<&Item::weight>("weight"),
                           Field<&Item::rank>("rank").Default(7));
  }
  static constexpr auto Edges() {
    using batches::Item;
    return grapnel::Edges(From<&Item::box>("box").Ref<&batches::Box::items>(),
                          To<&Item::parent>("parent"));
  }
};
