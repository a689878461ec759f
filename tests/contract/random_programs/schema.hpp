#pragma once

/// The two entity types of the random programs: every kind of edge there is, between them and from
/// each to itself, and one type with an update-default.

#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace programs {

struct B;

struct A {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::string> note{};
  std::int64_t count = 0;
  std::int64_t stamp = 0;
  grapnel::Many<B> items{};
  grapnel::Many<B> fans{};
  grapnel::One<A> parent{};
  grapnel::Many<A> children{};
  grapnel::One<B> badge{};
  grapnel::Many<B> tags{};
  grapnel::Many<A> friends{};
};

struct B {
  std::string id;
  std::string name;
  std::optional<std::string> note{};
  std::int64_t count = 0;
  std::int64_t stamp = 0;
  grapnel::One<A> owner{};
  grapnel::One<A> idol{};
  grapnel::One<A> holder{};
  grapnel::One<B> whole{};
  grapnel::Many<B> parts{};
  grapnel::Many<A> tagged{};
};

}  // namespace programs

template <>
struct grapnel::Schema<programs::A> {
  static constexpr std::string_view Type = "A";
  static constexpr auto Fields() {
    using programs::A;
    return grapnel::Fields(Field<&A::name>("name").Unique(), Field<&A::note>("note"),
                           Field<&A::count>("count").Default(1),
                           Field<&A::stamp>("stamp").Default(1));
  }
  static constexpr auto Edges() {
    using programs::A;
    return grapnel::Edges(To<&A::items>("items").OnDelete(Cascade), To<&A::fans>("fans"),
                          To<&A::parent>("parent"),
                          From<&A::children>("children").Ref<&A::parent>(), To<&A::badge>("badge"),
                          To<&A::tags>("tags"), To<&A::friends>("friends"));
  }
};

template <>
struct grapnel::Schema<programs::B> {
  static constexpr std::string_view Type = "B";
  static constexpr auto Fields() {
    using programs::B;
    return grapnel::Fields(
        Field<&B::name>("name").Unique(), Field<&B::note>("note"),
        Field<&B::count>("count").Default(1),
        Field<&B::stamp>("stamp").Default(1).UpdateDefault([] { return std::int64_t{9}; }));
  }
  static constexpr auto Edges() {
    using programs::A;
    using programs::B;
    return grapnel::Edges(
        From<&B::owner>("owner").Ref<&A::items>(), From<&B::idol>("idol").Ref<&A::fans>(),
        From<&B::holder>("holder").Ref<&A::badge>(), To<&B::whole>("whole").OnDelete(Cascade),
        From<&B::parts>("parts").Ref<&B::whole>(), From<&B::tagged>("tagged").Ref<&A::tags>());
  }
};
