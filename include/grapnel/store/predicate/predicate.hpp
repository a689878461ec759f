#pragma once

#include <grapnel/model/codec.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel {
namespace store {

enum class PredicateKind : std::uint8_t {
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  In,
  IsNull,
  Contains,
  HasPrefix,
  HasSuffix,
  And,
  Or,
  Not,
  Has,
  ReachedBy,
  InLists,
};

struct PredicateNode;
using PredicatePtr = std::shared_ptr<const PredicateNode>;

/// A predicate inside another one. They may be nested as deep as memory allows: the outermost that
/// goes takes those in it down one by one, without recursion.
class Branch : public PredicatePtr {
 public:
  Branch() noexcept = default;
  Branch(PredicatePtr node) noexcept : PredicatePtr(std::move(node)) {}
  Branch(const Branch&) = default;
  Branch(Branch&&) noexcept = default;
  Branch& operator=(const Branch& other) { return *this = Branch(other); }
  Branch& operator=(Branch&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Branch() {
    if (*this) Drop();
  }

 private:
  void Drop() noexcept;
};

/// How to order rows: see Asc and Desc.
struct Ordering {
  detail::FieldTag field;
  bool descending;
};

/// Some rows of a type: those that match, or a part of them.
struct Rows {
  Branch where{};
  std::vector<Ordering> order{};
  std::optional<std::int64_t> limit{};
  std::int64_t offset = 0;
};

/// One node of a predicate, its types forgotten: what an engine renders.
struct PredicateNode {
  PredicateKind kind;
  detail::FieldTag field = nullptr;            // of a leaf; of Has, the edge
  std::vector<FieldValue> values{};            // of a leaf
  Branch left{};                               // And, Or, Not; Has: about the neighbour, or null
  Branch right{};                              // And, Or
  const detail::Relation* relation = nullptr;  // ReachedBy; Has, in place of the edge's tag; In and
                                               // IsNull, of its foreign key
  std::shared_ptr<const Rows> from{};          // ReachedBy: neighbours of these rows of its source
};

inline void Branch::Drop() noexcept {
  static thread_local constinit std::vector<PredicatePtr>* going = nullptr;
  if (going != nullptr) {
    try {
      return going->push_back(std::move(*this));
    } catch (...) {  // NOLINT(bugprone-empty-catch): without memory it goes at once
      return;
    }
  }
  std::vector<PredicatePtr> mine;
  going = &mine;
  reset();
  while (!mine.empty()) {
    const PredicatePtr next = std::move(mine.back());
    mine.pop_back();
  }
  going = nullptr;
}

/// Rows that are neighbours of `from`, rows of the relation's source.
inline PredicatePtr NeighboursOf(const detail::Relation& relation, Rows from) {
  PredicateNode node{PredicateKind::ReachedBy};
  node.relation = &relation;
  node.from = std::make_shared<const Rows>(std::move(from));
  return std::make_shared<const PredicateNode>(std::move(node));
}

/// Rows of the table with the foreign key that refer to rows that match `referred`, which may be
/// null.
inline PredicatePtr HoldersOf(const detail::Relation& relation, PredicatePtr referred) {
  if (relation.kind == detail::Relation::Kind::TheirKey) {
    return NeighboursOf(relation, {std::move(referred)});
  }
  PredicateNode node{PredicateKind::Has};
  node.relation = &relation;
  node.left = std::move(referred);
  return std::make_shared<const PredicateNode>(std::move(node));
}

/// Rows of the table with the foreign key that refer to one of these ids.
inline PredicatePtr KeyIn(const detail::Relation& relation, std::vector<FieldValue> ids) {
  PredicateNode node{PredicateKind::In, nullptr, std::move(ids)};
  node.relation = &relation;
  return std::make_shared<const PredicateNode>(std::move(node));
}

/// Rows of the table with the foreign key that refer to none.
inline PredicatePtr KeyIsNull(const detail::Relation& relation) {
  PredicateNode node{PredicateKind::IsNull};
  node.relation = &relation;
  return std::make_shared<const PredicateNode>(std::move(node));
}

inline PredicatePtr Negated(PredicatePtr condition) {
  return std::make_shared<const PredicateNode>(
      PredicateNode{PredicateKind::Not, nullptr, {}, std::move(condition)});
}

/// Rows whose ids stand in a list that the engine keeps, which holds ids of their type. With a
/// relation, rows whose foreign key stands there. `part`: only ids after the first value, which may
/// be NULL, up to the second.
inline PredicatePtr InList(std::int64_t list, const detail::Relation* key = nullptr,
                           std::vector<FieldValue> part = {}) {
  PredicateNode node{PredicateKind::InLists, nullptr, {FieldValue(), list}};
  node.relation = key;
  for (FieldValue& value : part) node.values.push_back(std::move(value));
  return std::make_shared<const PredicateNode>(std::move(node));
}
/// Rows whose ids stand, as ids of this type, in lists from one number to another.
inline PredicatePtr InLists(std::int64_t type, std::int64_t from, std::int64_t to) {
  return std::make_shared<const PredicateNode>(
      PredicateNode{PredicateKind::InLists, nullptr, {type, from, to}});
}

/// Rows of a table with one of these ids.
inline PredicatePtr IdIn(const detail::Table& table, std::vector<FieldValue> ids) {
  return std::make_shared<const PredicateNode>(
      PredicateNode{PredicateKind::In, table.Id().tag, std::move(ids)});
}

/// Rows of a table without an id: a table that others made may have them.
inline PredicatePtr IdIsNull(const detail::Table& table) {
  return std::make_shared<const PredicateNode>(
      PredicateNode{PredicateKind::IsNull, table.Id().tag});
}

/// `left && right`, either of which may be null: no condition.
inline PredicatePtr Both(PredicatePtr left, PredicatePtr right) {
  if (!left) return right;
  if (!right) return left;
  return std::make_shared<const PredicateNode>(
      PredicateNode{PredicateKind::And, nullptr, {}, std::move(left), std::move(right)});
}

/// `left || right`.
inline PredicatePtr Either(PredicatePtr left, PredicatePtr right) {
  return std::make_shared<const PredicateNode>(
      PredicateNode{PredicateKind::Or, nullptr, {}, std::move(left), std::move(right)});
}

/// A condition on the rows of E, made by comparing tokens: `F<&User::age> > 30 && F<&User::name> ==
/// "Ada"`. A comparison with a NULL does not hold, and neither does its negation by !=; `Not` of it
/// does not either, as in SQL.
template <class E>
class [[nodiscard("a predicate is given to .Where()")]] Predicate {
 public:
  using Entity = E;

  explicit Predicate(PredicatePtr node) : node_(std::move(node)) {}
  // A move copies: what is left behind must not be a predicate that every row matches.
  Predicate(const Predicate&) = default;
  Predicate& operator=(const Predicate&) = default;
  const PredicatePtr& Node() const noexcept { return node_; }

 private:
  PredicatePtr node_;
};

template <class E>
struct [[nodiscard("an order is given to .Order()")]] Order {
  Ordering ordering;
};

/// Whether a predicate or order over O applies to E: O is E or one of its mixins.
template <class O, class E>
concept AppliesTo = std::same_as<O, E> || std::derived_from<E, O>;

}  // namespace store

namespace detail {

/// The entity that `&&` and `||` of two predicates are about.
template <class A, class B>
using Joined = std::conditional_t<std::derived_from<A, B>, A, B>;

template <auto Member>
consteval bool CheckField() {
  using Owner = typename MemberToken<Member>::Owner;
  if constexpr (EdgeMember<Member>) {
    static_assert(
        EdgeOf<Owner, Member>,
        "this edge is not in Schema<...>::Edges(): add To<&User::cards>(\"cards\") there");
    return true;
  } else {
    static_assert(
        FieldOf<Owner, Member>,
        "this member is not in Schema<...>::Fields(), so it cannot stand in a predicate or "
        "order: add Field<&User::name>(\"name\") there");
    return true;
  }
}

/// A mixin has no id, so its own fields are searched instead of the entity's.
template <auto Member>
consteval bool CheckIdOrField() {
  using Owner = typename MemberToken<Member>::Owner;
  if constexpr (requires { &Owner::id; }) {
    return CheckField<Member>();
  } else {
    static_assert(HasSchema<Owner>, "this member's struct has no Schema: a mixin needs one");
    return true;
  }
}

template <auto Member>
consteval bool CheckOrder() {
  static_assert(kIsColumn<typename MemberToken<Member>::Owner, Member>,
                "this end of the edge has no foreign key in its row: order by a field, as in "
                "Order(Asc(F<&User::name>))");
  return CheckIdOrField<Member>();
}

template <auto Member>
store::Predicate<typename MemberToken<Member>::Owner> Leaf(store::PredicateKind kind,
                                                           std::vector<FieldValue> values = {}) {
  static_assert(CheckIdOrField<Member>());
  return store::Predicate<typename MemberToken<Member>::Owner>(
      std::make_shared<const store::PredicateNode>(
          store::PredicateNode{kind, MemberToken<Member>::Tag(), std::move(values)}));
}

template <auto Member>
FieldValue Operand(typename MemberToken<Member>::Bare value) {
  using Bare = typename MemberToken<Member>::Bare;
  try {
    Normalize(value);
    return Mapping<Bare>::ToValue(value);
  } catch (const BadValue& error) {
    using Owner = typename MemberToken<Member>::Owner;
    std::string_view entity = core::TypeName<Owner>();
    if constexpr (requires { Schema<Owner>::Type; }) entity = Schema<Owner>::Type;
    std::string_view field = "predicate";
    if constexpr (requires { &Owner::id; }) field = kFieldOf<Owner, Member>.Traits().name;
    throw ValidationError(entity, field, Op{}, error.what());
  }
}

template <auto Member>
auto Compare(store::PredicateKind kind, typename MemberToken<Member>::Bare value) {
  std::vector<FieldValue> values;
  values.push_back(Operand<Member>(std::move(value)));
  return Leaf<Member>(kind, std::move(values));
}

template <auto Member>
using PredicateOf = store::Predicate<typename MemberToken<Member>::Owner>;

template <class T>
inline constexpr bool kIsToken = false;
template <auto Member>
inline constexpr bool kIsToken<MemberToken<Member>> = true;
template <class T>
inline constexpr bool kIsToken<T&> = kIsToken<std::remove_cv_t<T>>;
template <class T>
inline constexpr bool kIsToken<const T> = kIsToken<T>;

/// What the member cannot be compared with.
template <class T, auto Member>
concept NoOperandOf =
    EdgeMember<Member> || !std::is_convertible_v<T, typename MemberToken<Member>::Bare>;

template <auto Member, class T>
PredicateOf<Member> RefuseOperand() {
  static_assert(!EdgeMember<Member>,
                "an edge is compared by its neighbours: F<&Card::owner>.Has(F<&User::id> == 3)");
  static_assert(EdgeMember<Member> || !kIsToken<T>,
                "a field is compared with a value, not with another field or edge");
  if constexpr (!EdgeMember<Member> && !kIsToken<T>) {
    static_assert(std::convertible_to<T, typename MemberToken<Member>::Bare>,
                  "this value does not fit the field: compare it with one of the member's own type "
                  "(IsNull() asks for NULL)");
  }
  return PredicateOf<Member>(nullptr);
}

template <auto Member>
struct PredicatesOf {
  using Bare = typename MemberToken<Member>::Bare;
  using Kind = store::PredicateKind;

  static auto IsNull() {
    static_assert(kIsColumn<typename MemberToken<Member>::Owner, Member>,
                  "this end of the edge has no foreign key that could be NULL: ask for neighbours, "
                  "!F<&User::cards>.Has() in place of IsNull(), .Has() in place of NotNull()");
    return Leaf<Member>(Kind::IsNull);
  }
  static auto NotNull() { return !IsNull(); }

  template <class... Values>
  static auto In(const Values&... values) {
    static_assert(
        !EdgeMember<Member>,
        "an edge is compared by its neighbours: F<&Card::owner>.Has(F<&User::id>.In(3, 4))");
    std::vector<FieldValue> list;
    if constexpr ((std::is_convertible_v<const Values&, Bare> && ...)) {
      (list.push_back(Operand<Member>(Bare(values))), ...);
    } else {
      static_assert(sizeof...(Values) == 1 && (std::ranges::input_range<const Values&> && ...),
                    "In takes values of the field's type, or one range of them");
      for (const auto& each : (values, ...)) list.push_back(Operand<Member>(Bare(each)));
    }
    return Leaf<Member>(Kind::In, std::move(list));
  }
  template <class... Values>
  static auto NotIn(const Values&... values) {
    return !In(values...);
  }

  template <class... Predicates>
  static auto Has(const Predicates&... predicates) {
    static_assert(EdgeMember<Member>, "Has is for edges, members of type One or Many");
    static_assert(sizeof...(Predicates) <= 1, "Has takes one predicate: join several by &&");
    auto leaf = Leaf<Member>(Kind::Has);
    if constexpr (sizeof...(Predicates) == 1) {
      static_assert((store::AppliesTo<typename Predicates::Entity, NeighbourOf<Member>> && ...),
                    "the predicate in Has is about the neighbour's type");
      auto node = *leaf.Node();
      node.left = (predicates.Node(), ...);
      return decltype(leaf)(std::make_shared<const store::PredicateNode>(std::move(node)));
    } else {
      return leaf;
    }
  }

  static auto Contains(Bare part) { return Part(Kind::Contains, std::move(part)); }
  static auto HasPrefix(Bare part) { return Part(Kind::HasPrefix, std::move(part)); }
  static auto HasSuffix(Bare part) { return Part(Kind::HasSuffix, std::move(part)); }

 private:
  static auto Part(Kind kind, Bare part) {
    static_assert(Mapping<Bare>::Kind == FieldKind::Text || Mapping<Bare>::Kind == FieldKind::Blob,
                  "Contains, HasPrefix and HasSuffix are for fields of text and blob");
    return Compare<Member>(kind, std::move(part));
  }
};

}  // namespace detail

template <auto Member>
auto operator==(MemberToken<Member>, detail::NonDeduced<typename MemberToken<Member>::Bare> value) {
  return detail::Compare<Member>(store::PredicateKind::Equal, std::move(value));
}
template <auto Member>
auto operator==(detail::NonDeduced<typename MemberToken<Member>::Bare> value, MemberToken<Member>) {
  return detail::Compare<Member>(store::PredicateKind::Equal, std::move(value));
}
template <auto Member>
auto operator!=(MemberToken<Member>, detail::NonDeduced<typename MemberToken<Member>::Bare> value) {
  return detail::Compare<Member>(store::PredicateKind::NotEqual, std::move(value));
}
template <auto Member>
auto operator!=(detail::NonDeduced<typename MemberToken<Member>::Bare> value, MemberToken<Member>) {
  return detail::Compare<Member>(store::PredicateKind::NotEqual, std::move(value));
}
template <auto Member>
auto operator<(MemberToken<Member>, detail::NonDeduced<typename MemberToken<Member>::Bare> value) {
  return detail::Compare<Member>(store::PredicateKind::Less, std::move(value));
}
template <auto Member>
auto operator<(detail::NonDeduced<typename MemberToken<Member>::Bare> value, MemberToken<Member>) {
  return detail::Compare<Member>(store::PredicateKind::Greater, std::move(value));
}
template <auto Member>
auto operator<=(MemberToken<Member>, detail::NonDeduced<typename MemberToken<Member>::Bare> value) {
  return detail::Compare<Member>(store::PredicateKind::LessEqual, std::move(value));
}
template <auto Member>
auto operator<=(detail::NonDeduced<typename MemberToken<Member>::Bare> value, MemberToken<Member>) {
  return detail::Compare<Member>(store::PredicateKind::GreaterEqual, std::move(value));
}
template <auto Member>
auto operator>(MemberToken<Member>, detail::NonDeduced<typename MemberToken<Member>::Bare> value) {
  return detail::Compare<Member>(store::PredicateKind::Greater, std::move(value));
}
template <auto Member>
auto operator>(detail::NonDeduced<typename MemberToken<Member>::Bare> value, MemberToken<Member>) {
  return detail::Compare<Member>(store::PredicateKind::Less, std::move(value));
}
template <auto Member>
auto operator>=(MemberToken<Member>, detail::NonDeduced<typename MemberToken<Member>::Bare> value) {
  return detail::Compare<Member>(store::PredicateKind::GreaterEqual, std::move(value));
}
template <auto Member>
auto operator>=(detail::NonDeduced<typename MemberToken<Member>::Bare> value, MemberToken<Member>) {
  return detail::Compare<Member>(store::PredicateKind::LessEqual, std::move(value));
}

// What cannot be compared: does not compile, and says what to write.

template <auto Member, detail::NoOperandOf<Member> T>
auto operator==(MemberToken<Member>, T&&) -> detail::PredicateOf<Member> {
  return detail::RefuseOperand<Member, T>();
}
template <auto Member, detail::NoOperandOf<Member> T>
auto operator!=(MemberToken<Member>, T&&) -> detail::PredicateOf<Member> {
  return detail::RefuseOperand<Member, T>();
}
template <auto Member, detail::NoOperandOf<Member> T>
auto operator<(MemberToken<Member>, T&&) -> detail::PredicateOf<Member> {
  return detail::RefuseOperand<Member, T>();
}
template <auto Member, detail::NoOperandOf<Member> T>
auto operator<=(MemberToken<Member>, T&&) -> detail::PredicateOf<Member> {
  return detail::RefuseOperand<Member, T>();
}
template <auto Member, detail::NoOperandOf<Member> T>
auto operator>(MemberToken<Member>, T&&) -> detail::PredicateOf<Member> {
  return detail::RefuseOperand<Member, T>();
}
template <auto Member, detail::NoOperandOf<Member> T>
auto operator>=(MemberToken<Member>, T&&) -> detail::PredicateOf<Member> {
  return detail::RefuseOperand<Member, T>();
}
template <auto Member, detail::NoOperandOf<Member> T>
requires(!detail::kIsToken<T>) auto operator==(T&&, MemberToken<Member>)
    -> detail::PredicateOf<Member> {
  return detail::RefuseOperand<Member, T>();
}
template <auto Member, detail::NoOperandOf<Member> T>
requires(!detail::kIsToken<T>) auto operator!=(T&&, MemberToken<Member>)
    -> detail::PredicateOf<Member> {
  return detail::RefuseOperand<Member, T>();
}
template <auto Member, detail::NoOperandOf<Member> T>
requires(!detail::kIsToken<T>) auto operator<(T&&, MemberToken<Member>)
    -> detail::PredicateOf<Member> {
  return detail::RefuseOperand<Member, T>();
}
template <auto Member, detail::NoOperandOf<Member> T>
requires(!detail::kIsToken<T>) auto operator<=(T&&, MemberToken<Member>)
    -> detail::PredicateOf<Member> {
  return detail::RefuseOperand<Member, T>();
}
template <auto Member, detail::NoOperandOf<Member> T>
requires(!detail::kIsToken<T>) auto operator>(T&&, MemberToken<Member>)
    -> detail::PredicateOf<Member> {
  return detail::RefuseOperand<Member, T>();
}
template <auto Member, detail::NoOperandOf<Member> T>
requires(!detail::kIsToken<T>) auto operator>=(T&&, MemberToken<Member>)
    -> detail::PredicateOf<Member> {
  return detail::RefuseOperand<Member, T>();
}

namespace store {

template <class A, class B>
requires(AppliesTo<A, B> || AppliesTo<B, A>) Predicate<detail::Joined<A, B>>
operator&&(const Predicate<A>& left, const Predicate<B>& right) {
  return Predicate<detail::Joined<A, B>>(Both(left.Node(), right.Node()));
}

template <class A, class B>
requires(AppliesTo<A, B> || AppliesTo<B, A>) Predicate<detail::Joined<A, B>>
operator||(const Predicate<A>& left, const Predicate<B>& right) {
  return Predicate<detail::Joined<A, B>>(Either(left.Node(), right.Node()));
}

template <class E>
Predicate<E> operator!(const Predicate<E>& predicate) {
  return Predicate<E>(Negated(predicate.Node()));
}

}  // namespace store

/// Orders rows by a field, smallest first; NULL stands before every value.
template <auto Member>
store::Order<typename MemberToken<Member>::Owner> Asc(MemberToken<Member>) {
  static_assert(detail::CheckOrder<Member>());
  return {{MemberToken<Member>::Tag(), false}};
}

/// Orders rows by a field, largest first; NULL stands behind every value.
template <auto Member>
store::Order<typename MemberToken<Member>::Owner> Desc(MemberToken<Member>) {
  static_assert(detail::CheckOrder<Member>());
  return {{MemberToken<Member>::Tag(), true}};
}

}  // namespace grapnel
