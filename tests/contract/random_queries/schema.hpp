#pragma once

/// The three entity types of the random queries: fields of every stored kind, every kind of edge
/// there is, a mixin that all have, and a type whose ids are texts.

#include <grapnel/grapnel.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace queries {

enum class Mood : std::uint8_t { Calm, Angry };              // stored as text
enum class Level : std::int16_t { Low = -3, Middle, High };  // stored as its number
using Time = std::chrono::system_clock::time_point;
using Bytes = std::vector<std::byte>;

struct A;
struct B;
struct C;

/// The mixin.
struct Marked {
  bool flag = false;
  std::optional<std::int64_t> rank{};
};

struct A : Marked {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::string> note{};
  std::int64_t count = 0;
  double score = 0;
  Bytes data{};
  std::optional<Time> due{};
  Mood mood = Mood::Calm;
  grapnel::Many<B> items{};
  grapnel::One<A> parent{};
  grapnel::Many<A> children{};
  grapnel::Many<A> friends{};
  grapnel::One<C> badge{};
  grapnel::Many<B> tags{};
};

struct B : Marked {
  std::string id;
  std::string name;
  std::optional<std::string> note{};
  std::optional<double> score{};
  std::optional<Mood> mood{};
  Time due{};
  grapnel::One<A> owner{};
  grapnel::One<B> next{};
  grapnel::Many<A> tagged{};
  grapnel::Many<C> likes{};
};

struct C : Marked {
  std::int64_t id = 0;
  std::string name;
  Level level = Level::Low;
  std::optional<Level> wanted{};
  std::optional<Bytes> data{};
  grapnel::One<A> holder{};
  grapnel::Many<C> follows{};
  grapnel::Many<C> followers{};
};

template <auto... Members>
struct List {};

/// The fields of a type, the id first, and its edges. query.hpp tells the same of them as data.
template <class E>
struct MembersOf;
template <>
struct MembersOf<A> {
  static constexpr List<&A::id, &Marked::flag, &Marked::rank, &A::name, &A::note, &A::count,
                        &A::score, &A::data, &A::due, &A::mood>
      Fields{};
  static constexpr List<&A::items, &A::parent, &A::children, &A::friends, &A::badge, &A::tags>
      Edges{};
};
template <>
struct MembersOf<B> {
  static constexpr List<&B::id, &Marked::flag, &Marked::rank, &B::name, &B::note, &B::score,
                        &B::mood, &B::due>
      Fields{};
  static constexpr List<&B::owner, &B::next, &B::tagged, &B::likes> Edges{};
};
template <>
struct MembersOf<C> {
  static constexpr List<&C::id, &Marked::flag, &Marked::rank, &C::name, &C::level, &C::wanted,
                        &C::data>
      Fields{};
  static constexpr List<&C::holder, &C::follows, &C::followers> Edges{};
};

}  // namespace queries

template <>
struct grapnel::EnumNames<queries::Mood> {
  static constexpr std::pair<queries::Mood, std::string_view> Values[] = {
      {queries::Mood::Calm, "calm"}, {queries::Mood::Angry, "Angry"}};
};

template <>
struct grapnel::Schema<queries::Marked> {
  static constexpr auto Fields() {
    using queries::Marked;
    return grapnel::Fields(Field<&Marked::flag>("flag"), Field<&Marked::rank>("rank"));
  }
};
template <>
struct grapnel::Schema<queries::A> {
  static constexpr std::string_view Type = "A";
  using Mixins = grapnel::Mixins<queries::Marked>;
  static constexpr auto Fields() {
    using queries::A;
    return grapnel::Fields(Field<&A::name>("name"), Field<&A::note>("note"),
                           Field<&A::count>("count"), Field<&A::score>("score"),
                           Field<&A::data>("data"), Field<&A::due>("due"), Field<&A::mood>("mood"));
  }
  static constexpr auto Edges() {
    using queries::A;
    return grapnel::Edges(To<&A::items>("items"), To<&A::parent>("parent"),
                          From<&A::children>("children").Ref<&A::parent>(),
                          To<&A::friends>("friends"), To<&A::badge>("badge"), To<&A::tags>("tags"));
  }
  static constexpr auto Indexes() {
    using queries::A;
    return grapnel::Indexes(Index<&A::name>(), Index<&A::note, &A::count>(), Index<&A::due>());
  }
};
template <>
struct grapnel::Schema<queries::B> {
  static constexpr std::string_view Type = "B";
  using Mixins = grapnel::Mixins<queries::Marked>;
  static constexpr auto Fields() {
    using queries::B;
    return grapnel::Fields(Field<&B::name>("name"), Field<&B::note>("note"),
                           Field<&B::score>("score"), Field<&B::mood>("mood"),
                           Field<&B::due>("due"));
  }
  static constexpr auto Edges() {
    using queries::A;
    using queries::B;
    return grapnel::Edges(From<&B::owner>("owner").Ref<&A::items>(), To<&B::next>("next"),
                          From<&B::tagged>("tagged").Ref<&A::tags>(), To<&B::likes>("likes"));
  }
  static constexpr auto Indexes() { return grapnel::Indexes(Index<&queries::B::note>()); }
};
template <>
struct grapnel::Schema<queries::C> {
  static constexpr std::string_view Type = "C";
  using Mixins = grapnel::Mixins<queries::Marked>;
  static constexpr auto Fields() {
    using queries::C;
    return grapnel::Fields(Field<&C::name>("name"), Field<&C::level>("level"),
                           Field<&C::wanted>("wanted"), Field<&C::data>("data"));
  }
  static constexpr auto Edges() {
    using queries::A;
    using queries::C;
    return grapnel::Edges(From<&C::holder>("holder").Ref<&A::badge>(), To<&C::follows>("follows"),
                          From<&C::followers>("followers").Ref<&C::follows>());
  }
};
