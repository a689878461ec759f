#pragma once

#include <grapnel/base/pack.hpp>
#include <grapnel/model/relation.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/schema/many.hpp>
#include <grapnel/schema/one.hpp>
#include <grapnel/schema/token.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel {

namespace detail {

template <class T>
inline constexpr bool kIsMany = false;
template <class T>
inline constexpr bool kIsMany<Many<T>> = true;

/// A member that is an edge: a One or a Many.
template <auto Member>
concept EdgeMember =
    kIsOne<typename MemberToken<Member>::Type> || kIsMany<typename MemberToken<Member>::Type>;
template <auto Member>
concept OneMember = kIsOne<typename MemberToken<Member>::Type>;
template <auto Member>
concept ManyMember = kIsMany<typename MemberToken<Member>::Type>;

template <auto Member>
using NeighbourOf = typename MemberToken<Member>::Type::Neighbour;
/// The type of the neighbour's id.
template <auto Member>
using NeighbourId = IdOfNeighbour<NeighbourOf<Member>>;

/// What one by one refers to a T.
template <class Range, class T>
concept EntityRange = std::is_same_v<
    std::remove_cvref_t<decltype(*std::declval<std::remove_reference_t<Range>&>().begin())>, T>;

/// The ids of neighbours, given as ids or as entities.
template <class T>
class Neighbours {
 public:
  using Id = IdOfNeighbour<T>;

  Neighbours() = default;
  // NOLINTBEGIN(google-explicit-constructor): it stands for what it is made of
  Neighbours(std::initializer_list<Id> ids) : ids_(ids) {}
  Neighbours(std::initializer_list<T> entities) { AddEach(entities); }
  Neighbours(std::vector<Id> ids) noexcept : ids_(static_cast<std::vector<Id>&&>(ids)) {}
  template <EntityRange<T> Range>
  Neighbours(Range&& entities) {
    AddEach(entities);
  }
  // NOLINTEND(google-explicit-constructor)

  const std::vector<Id>& Ids() const noexcept { return ids_; }

 private:
  template <class Range>
  void AddEach(Range& entities) {
    for (const T& each : entities) ids_.push_back(each.id);
  }

  std::vector<Id> ids_;
};

/// What Set of a member takes: a field's value, the id of an edge's neighbour, or the ids.
template <class Type>
struct SetArgumentOf {
  using type = BareType<Type>;
};
template <class T>
struct SetArgumentOf<One<T>> {
  using type = IdOfNeighbour<T>;
};
template <class T>
struct SetArgumentOf<Many<T>> {
  using type = Neighbours<T>;
};
template <auto Member>
using SetArgument = typename SetArgumentOf<typename MemberToken<Member>::Type>::type;

/// Whether a T can be given where an Argument is taken.
template <class T, class Argument>
concept GivenAs = requires(T&& value, void (&take)(Argument)) {
  take(static_cast<T&&>(value));
};

/// What Set of this member does not take as it is: it is looked at, taken apart, or refused.
template <class T, auto Member>
concept OtherValueOf = !GivenAs<T, SetArgument<Member>> || IsLookedAt<T, SetArgument<Member>> ||
                       NeverMeant<T, SetArgument<Member>>;
/// Text of another type, such as a std::string_view.
template <class T, auto Member>
concept OtherTextOf =
    std::is_same_v<SetArgument<Member>, std::string> && std::is_convertible_v<T, std::string_view>;
/// The neighbour itself, in place of its id.
template <class T, auto Member>
concept NeighbourItself =
    OneMember<Member> && std::is_same_v<std::remove_cvref_t<T>, NeighbourOf<Member>>;
template <class T, auto Member>
concept ValueOf =
    GivenAs<T, SetArgument<Member>> || OtherTextOf<T, Member> || NeighbourItself<T, Member>;

template <class T>
inline constexpr bool kIsNullopt = std::is_same_v<std::remove_cvref_t<T>, std::nullopt_t>;
template <class T, auto Member>
inline constexpr bool kHoldsValueOf = false;
template <class T, auto Member>
inline constexpr bool kHoldsValueOf<std::optional<T>, Member> = ValueOf<T, Member>;
/// Of a field that is a std::optional, or of an edge with one neighbour: a std::optional of what
/// sets it, or std::nullopt.
template <class T, auto Member>
concept OptionalValueOf = (kIsNullopt<T> || kHoldsValueOf<std::remove_cvref_t<T>, Member>)&&(
    OneMember<Member> || kIsOptional<typename MemberToken<Member>::Type>);
/// The same of Add.
template <class T, auto Member>
concept OtherSummandOf = MayNotFit<T, typename MemberToken<Member>::Bare> ||
    NeverMeant<T, typename MemberToken<Member>::Bare>;
/// What Set of this member does not take.
template <class T, auto Member>
concept NoValueOf =
    (!ValueOf<T, Member> && !OptionalValueOf<T, Member>) || NeverMeant<T, SetArgument<Member>>;

/// Says of what is never meant what to write.
template <class T, class Field>
constexpr void CheckMeant() {
  static_assert(!LosesFraction<T, Field>,
                "this field holds whole numbers, and the fraction of a real would be cut off: "
                "round it first, as in std::llround(x), or make the member a double");
  static_assert(!PointerAsBool<T, Field>,
                "a pointer is no value of this field, and would be true: write *m.Get(F<&User::on>)"
                " in place of m.Get(F<&User::on>), or p != nullptr");
  static_assert(!NullAsText<T, Field>,
                "a nullptr is no text: write std::nullopt for NULL, and ask for it by IsNull()");
}

/// Does not compile, and says what Set takes.
template <auto Member, class T>
constexpr void RefuseValue() {
  if constexpr (OneMember<Member>) {
    static_assert(std::convertible_to<T, NeighbourId<Member>>,
                  "this edge is set by the id of the neighbour: .Set(F<&Card::owner>, ada.id), or "
                  "by the neighbour itself, ada; a std::optional of them that is empty clears it");
    CheckMeant<T, NeighbourId<Member>>();
  } else if constexpr (ManyMember<Member>) {
    static_assert(std::convertible_to<T, SetArgument<Member>>,
                  "this edge is set by the ids of the neighbours: .Set(F<&User::friends>, {7, 9}), "
                  "or by the neighbours themselves, {ada, bob}");
  } else if constexpr (std::is_enum_v<typename MemberToken<Member>::Bare>) {
    static_assert(std::convertible_to<T, typename MemberToken<Member>::Bare>,
                  "this field is an enum, and set to one of its values: "
                  ".Set(F<&Ticket::status>, Status::Open); a number is cast to it");
  } else {
    static_assert(
        std::convertible_to<T, typename MemberToken<Member>::Bare>,
        "this value does not fit the field: give Set one of the member's own type (std::nullopt "
        "clears an optional field)");
    CheckMeant<T, typename MemberToken<Member>::Bare>();
  }
}

template <auto Member>
struct RefOf {
  static constexpr FieldTag Tag = &kFieldTag<Member>;
  static constexpr bool IsOne = OneMember<Member>;
};
struct NoRef {
  static constexpr FieldTag Tag = nullptr;
  static constexpr bool IsOne = false;
};

}  // namespace detail

/// Describes one end of an edge, inside `Schema<E>::Edges()`: made by To and From. Each option
/// returns the longer description.
///
/// An edge that is set, replaced or cleared from the end that does not hold the foreign key changes
/// the rows that do: for them that is an Update, through the hooks of their type, of cause Cascade.
///
/// A foreign key stands in the table of the end that is a One; of a one-to-one, in that of To.
/// Where both ends are Many, and where an entity type has a Many of itself without another end, a
/// table of pairs holds the edge. A Many without another end puts a key into the neighbour's table.
/// Source: ent's edge builders.
template <auto Member, class Ref_ = detail::NoRef>
class [[nodiscard]] EdgeDescription {
 public:
  using Ref = Ref_;
  using Type = typename detail::MemberOf<decltype(Member)>::Type;
  static constexpr auto kMember = Member;
  static constexpr bool IsMany = detail::ManyMember<Member>;
  /// Whether the entity's own table holds the foreign key.
  static constexpr bool HoldsKey = !IsMany && !Ref::IsOne;

  constexpr explicit EdgeDescription(std::string_view name) : end_{} {
    end_.name = name;
    end_.tag = &detail::kFieldTag<Member>;
    end_.inverse_of = Ref::Tag;
    end_.key = detail::EdgeEnd::kNoKey;
    end_.many = IsMany;
    end_.ops = &detail::kEdgeOps<Type>;
    if constexpr (HoldsKey) end_.key_ops = &detail::kTypeOps<Type>;
  }

  /// There must be a neighbour. Of a One with a foreign key: always, for the key is never NULL. Of
  /// a Many, and of a One whose key the other end holds: the creation has to add one, and a change
  /// of this edge has to leave one; neighbours that leave by their own end, or are deleted, are not
  /// counted.
  constexpr EdgeDescription Required() const { return With(&detail::EdgeEnd::required); }
  /// Makes a One without another end one-to-one: no two rows have the same neighbour.
  constexpr EdgeDescription Unique() const requires HoldsKey {
    return With(&detail::EdgeEnd::unique);
  }
  /// Can be set when the entity is created, and by no update of it. Once two rows are neighbours
  /// nothing parts them but the deletion of either: a change from the other end that would is a
  /// ValidationError. (Where nothing was set, the other end may still set it.) Together with
  /// OnDelete(SetNull), at either end: a SchemaError when the database is opened.
  constexpr EdgeDescription Immutable() const { return With(&detail::EdgeEnd::immutable); }
  /// What happens to the rows that hold the foreign key when the row that it refers to is deleted:
  /// through the hooks of their type, as a Delete, or as an Update that clears the edge; see
  /// DeleteAction. May stand at either end.
  constexpr EdgeDescription OnDelete(DeleteAction action) const {
    EdgeDescription longer = *this;
    longer.end_.on_delete = action;
    return longer;
  }
  /// The name of the foreign key's column or of the table of pairs, where it is not made of names.
  constexpr EdgeDescription StorageKey(std::string_view name) const {
    EdgeDescription longer = *this;
    longer.end_.storage = name;
    return longer;
  }
  /// What the edge was called: where a migration finds the foreign key's column, or the table of
  /// pairs, under a name that was made of this one, or under this one itself, and none under the
  /// new, it renames it. Stands at the end that would take the StorageKey; may be said again, the
  /// last name first. What an older program makes anew under the old name stays: see
  /// Field::WasNamed.
  constexpr EdgeDescription WasNamed(std::string_view name) const {
    EdgeDescription longer = *this;
    longer.end_.was.Add(name);
    return longer;
  }

  /// The end that it comes to; where it lies in an entity, the entity knows.
  constexpr const detail::EdgeEnd& Traits() const { return end_; }

 private:
  constexpr EdgeDescription With(bool detail::EdgeEnd::*option) const {
    EdgeDescription longer = *this;
    longer.end_.*option = true;
    return longer;
  }

  detail::EdgeEnd end_;
};

namespace detail {

template <class>
inline constexpr bool kIsEdge = false;
template <auto Member, class Ref>
inline constexpr bool kIsEdge<EdgeDescription<Member, Ref>> = true;

/// An edge that does not say yet what it is the other end of.
template <auto Member>
struct [[nodiscard]] Inverse {
  std::string_view name;

  /// The end that is described by To, a member of the neighbour.
  template <auto Other>
  constexpr auto Ref() const {
    static_assert(EdgeMember<Other>, "Ref names an edge of the neighbour: a One or Many member");
    return EdgeDescription<Member, RefOf<Other>>(name);
  }
};

template <auto Member>
consteval bool CheckEdge() {
  static_assert(
      EdgeMember<Member>,
      "an edge is a member of type grapnel::One<T> or grapnel::Many<T>; other members are "
      "fields: Field<&User::name>(\"name\")");
  return true;
}

}  // namespace detail

/// Describes an edge from this entity: `To<&User::cards>("cards")`. Needs no other end.
template <auto Member>
constexpr auto To(std::string_view name) {
  static_assert(detail::CheckEdge<Member>());
  return EdgeDescription<Member>(name);
}

/// Describes the other end of an edge: `From<&Card::owner>("owner").Ref<&User::cards>()`.
template <auto Member>
constexpr auto From(std::string_view name) {
  static_assert(detail::CheckEdge<Member>());
  return detail::Inverse<Member>{name};
}

/// The edges of an entity or of a mixin, in their order: the result of `Schema<E>::Edges()`.
template <class... Es>
constexpr core::Pack<Es...> Edges(Es... edges) {
  static_assert(
      (detail::kIsEdge<Es> && ...),
      "Edges takes To<...>(\"name\") and From<...>(\"name\").Ref<&Other::edge>(): a From says "
      "by Ref which edge it is the other end of; fields stand in Fields");
  return core::Pack<Es...>(std::move(edges)...);
}

}  // namespace grapnel
