#pragma once

#include <grapnel/base/pack.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/schema/token.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace grapnel {

namespace detail {

struct Nothing {};

/// What a default gives: itself, or what a call of it returns.
template <class D>
struct GivenBy {
  using type = D;
};
template <class D>
requires std::is_invocable_v<const D&>
struct GivenBy<D> {
  using type = std::invoke_result_t<const D&>;
};

/// A default: a value of the field's type, or something to call for one.
template <class Bare, class D>
constexpr bool kIsDefault =
    !NeverMeant<typename GivenBy<D>::type, Bare> &&
    (std::is_invocable_r_v<Bare, const D&> || std::is_convertible_v<D, Bare>);

/// Whether a default can stand in a constant by itself: what owns memory cannot, and is given as a
/// function. Of vectors their own size decides: see CheckConstant.
template <class Bare, class D>
constexpr bool kIsConstant = std::is_invocable_r_v<Bare, const D&> ||
                             std::is_trivially_destructible_v<D> || requires(const D& value) {
  value.capacity();
};

/// Whether it is a text or a vector that owns memory, which a constant cannot.
template <class D>
constexpr bool OwnsMemory([[maybe_unused]] const D& value) {
  if constexpr (requires { value.capacity(); }) {
    return value.capacity() > D().capacity();
  } else {
    return false;
  }
}
/// Stops the compiler at one.
template <class D>
constexpr void CheckConstant(const D& value) {
  if (std::is_constant_evaluated() && OwnsMemory(value))
    throw "a Default that owns memory is given as a function: .Default([] { return Bytes{1, 2}; })";
}

/// And at a value that the field's type does not hold.
template <class Bare, class D>
constexpr void CheckFits([[maybe_unused]] const D& value) {
  if constexpr (MayNotFit<D, Bare>) {
    if (std::is_constant_evaluated() && !Fits<Bare>(value))
      throw "this Default does not fit the field: its type holds smaller numbers, or none below 0";
  }
}

/// What a default gives as the field's value. Throws: BadValue for what is none.
template <class Bare, class T>
constexpr Bare AsValue(T&& given) {
  if constexpr (MayNotFit<T, Bare>) {
    if (!Fits<Bare>(given)) RefuseNumber(static_cast<std::uint64_t>(given), IsNegative(given));
  } else if constexpr (MayBeNull<T, Bare>) {
    if (given == nullptr) RefuseNullText();
  }
  return static_cast<Bare>(std::forward<T>(given));
}

/// Stops the compiler at a range that no value is in.
template <class N>
constexpr void CheckRange(N least, N most) {
  if (std::is_constant_evaluated() && !(least <= most))
    throw "Range takes the least value and then the most, both of them allowed";
}
template <class N>
constexpr void CheckStorable(N least) {
  if (std::is_constant_evaluated() && !IsStorable(least))
    throw "no value of this Range can be stored: the most that can is 2^63 - 1";
}

/// A bound in 64 bits; of one that no stored value reaches, the last there is.
template <class N>
constexpr std::int64_t Saturate(N value) {
  return IsStorable(value) ? static_cast<std::int64_t>(value)
                           : std::numeric_limits<std::int64_t>::max();
}

}  // namespace detail

/// Describes one field of an entity, inside `Schema<E>::Fields()`:
/// `Field<&User::name>("name").NotEmpty().Unique()`. Each option returns the longer description.
/// A field of a std::optional type is optional by itself.
/// Source: ent's field builders.
template <auto Member, class Default_ = detail::Nothing, class UpdateDefault_ = detail::Nothing,
          class... Validators>
class [[nodiscard]] Field {
 public:
  using Type = typename detail::MemberOf<decltype(Member)>::Type;
  using Bare = detail::BareType<Type>;
  static constexpr auto kMember = Member;

  /// `name` is what the field is called in errors, by name, and in the database.
  constexpr explicit Field(std::string_view name)
      : column_(detail::PlainColumn(name, &detail::kFieldTag<Member>, &detail::kTypeOps<Type>,
                                    detail::kIsOptional<Type>)) {
    static_assert(!detail::kIsOne<Type>,
                  "this member is an edge and stands in Schema<...>::Edges(): write "
                  "To<&Card::owner>(\"owner\") there, in place of Field");
  }

  /// A field is optional, and its column may be NULL, when its member is a std::optional: of
  /// another one this does not compile.
  template <class T = Type>
  constexpr Field Optional() const {
    static_assert(detail::kIsOptional<T>,
                  "an optional field is a std::optional member, which tells no value from zero: "
                  "write std::optional<...> there, and nothing here");
    return *this;
  }
  /// Can be set when the entity is created, and never again; so it has no UpdateDefault.
  constexpr Field Immutable() const { return With(&detail::Column::immutable); }
  /// No two rows have the same value; several NULLs are allowed.
  constexpr Field Unique() const { return With(&detail::Column::unique); }
  /// Never printed: formatted mutations and errors show *** for it. (What a Validate of yours
  /// throws is passed on as it is.)
  constexpr Field Sensitive() const { return With(&detail::Column::sensitive); }
  /// The column's name in the database, where it is not the field's name.
  constexpr Field StorageKey(std::string_view column) const {
    return With(&detail::Column::storage, column);
  }
  /// What the column was called in the database: where a migration finds a column of that name, and
  /// none of the new one, it renames it. Said again, `.WasNamed("writer").WasNamed("author")`, it
  /// names those before, the last first. An older program that migrates behind it makes a column of
  /// the old name anew, as a new field's. That is no field's then: it stays, may be NULL, stands
  /// among a plan's Leftovers(), and goes with Allow::Drop alone. (Both there, and one of them
  /// somebody else's: a MigrationError, as nothing tells which of them counts.)
  constexpr Field WasNamed(std::string_view column) const {
    Field longer = *this;
    longer.column_.was.Add(column);
    return longer;
  }
  /// Stands in the table's definition in the database, for whoever reads it there.
  constexpr Field Comment(std::string_view text) const {
    return With(&detail::Column::comment, text);
  }
  /// For an integer id: an id is never given twice, not even that of the last row after its
  /// deletion. Without it the id of a deleted last row may come again.
  constexpr Field NeverReuse() const requires std::integral<Type> {
    return With(&detail::Column::never_reuse);
  }

  /// At least one byte. The same as MinLen(1).
  constexpr Field NotEmpty() const { return MinLen(1); }
  /// At least `bytes` bytes of text or blob.
  constexpr Field MinLen(std::size_t bytes) const {
    CheckLength();
    return With(&detail::Column::min_length, bytes);
  }
  /// At most `bytes` bytes of text or blob.
  constexpr Field MaxLen(std::size_t bytes) const {
    CheckLength();
    return With(&detail::Column::max_length, bytes);
  }

  /// From `least` to `most`, both allowed. Holds for Set and for the result of Add.
  constexpr Field Range(Bare least, Bare most) const requires detail::Number<Bare> {
    detail::CheckRange(least, most);
    Field longer = *this;
    if constexpr (std::integral<Bare>) {
      detail::CheckStorable(least);
      longer.column_.least = detail::Saturate(least);
      longer.column_.most = detail::Saturate(most);
    } else {
      longer.column_.least_real = least;
      longer.column_.most_real = most;
    }
    return longer;
  }
  /// Of no number: this does not compile.
  template <class... Ts>
  requires(!detail::Number<Bare>) constexpr Field Range(const Ts&...) const {
    CheckNumber();
    return *this;
  }
  /// Above zero.
  constexpr Field Positive() const {
    CheckNumber();
    Field longer = *this;
    if constexpr (std::integral<Bare>) {
      longer.column_.least = 1;
    } else {
      longer.column_.above_zero = true;
    }
    return longer;
  }

  /// The value of a row that is created without one: a value, or something to call for it each
  /// time, which a value that owns memory needs. Hooks see it as set.
  template <class D>
  constexpr auto Default(D value) const {
    static_assert(
        detail::kIsDefault<Bare, D>,
        "Default takes a value of the field's type, or a function without parameters that "
        "returns one, as in .Default(0) or .Default(NewUuid)");
    static_assert(
        detail::kIsConstant<Bare, D>,
        "a Default that owns memory cannot stand in a constant: give a function that makes "
        "it, as in .Default([] { return Bytes{1, 2}; })");
    static_assert(!std::is_same_v<D, std::string>,
                  "a std::string cannot stand in a constant: write the text itself, "
                  ".Default(\"draft\"), or a function that makes it");
    detail::CheckConstant(value);
    detail::CheckFits<Bare>(value);
    return Field<Member, D, UpdateDefault_, Validators...>(column_, std::move(value),
                                                           update_default_, validators_);
  }
  /// The value that an update sets unless it sets, adds to or clears the field itself.
  template <class D>
  constexpr auto UpdateDefault(D value) const {
    static_assert(
        detail::kIsDefault<Bare, D>,
        "UpdateDefault takes a value of the field's type, or a function without parameters "
        "that returns one, as in .UpdateDefault(Now)");
    static_assert(
        detail::kIsConstant<Bare, D>,
        "an UpdateDefault that owns memory cannot stand in a constant: give a function that "
        "makes it, as in .UpdateDefault([] { return Bytes{1, 2}; })");
    static_assert(!std::is_same_v<D, std::string>,
                  "a std::string cannot stand in a constant: write the text itself, "
                  ".Default(\"draft\"), or a function that makes it");
    detail::CheckConstant(value);
    detail::CheckFits<Bare>(value);
    return Field<Member, Default_, D, Validators...>(column_, default_, std::move(value),
                                                     validators_);
  }

  /// `test(value)` says whether the value is allowed: it returns bool, or throws, and what it
  /// throws is the reason.
  template <class V>
  constexpr auto Validate(V test) const {
    static_assert(std::invocable<const V&, const Bare&>,
                  "Validate takes a function that takes a const reference to the field's type and "
                  "returns bool, or throws");
    return Field<Member, Default_, UpdateDefault_, Validators..., V>(
        column_, default_, update_default_,
        core::Concat(validators_, core::Pack<V>(std::move(test))));
  }
  /// `matches(text)` says whether the text is allowed. A regular expression is written
  /// `.Match(grapnel::Regex<"[a-z]+">)`, of <grapnel/schema/regex.hpp>.
  template <class V>
  constexpr auto Match(V matches) const {
    static_assert(std::is_convertible_v<Bare, std::string_view>, "Match is for fields of text");
    static_assert(
        std::is_invocable_r_v<bool, const V&, const Bare&>,
        "Match takes a function from text to bool, such as grapnel::Regex<\"[a-z]+\">, of "
        "<grapnel/schema/regex.hpp>");
    return Validate(std::move(matches));
  }

  /// The column that it comes to; where it lies in an entity, the entity knows.
  constexpr const detail::Column& Traits() const { return column_; }
  constexpr Bare MakeDefault() const { return Make(default_); }
  constexpr Bare MakeUpdateDefault() const { return Make(update_default_); }

 private:
  template <auto, class, class, class...>
  friend class Field;

  constexpr Field(const detail::Column& column, Default_ value, UpdateDefault_ update_value,
                  core::Pack<Validators...> validators)
      : column_(column),
        default_(std::move(value)),
        update_default_(std::move(update_value)),
        validators_(std::move(validators)) {
    if constexpr (!std::is_same_v<Default_, detail::Nothing>) {
      column_.set_default = &SetDefault;
      column_.default_varies = std::is_invocable_r_v<Bare, const Default_&>;
    }
    if constexpr (!std::is_same_v<UpdateDefault_, detail::Nothing>) {
      column_.set_update_default = &SetUpdateDefault;
    }
    if constexpr (sizeof...(Validators) > 0) column_.validate = &PassesAll;
  }

  static constexpr void CheckNumber() {
    static_assert(detail::Number<Bare>,
                  "Range and Positive are for fields of numbers: of text and blob there are "
                  "NotEmpty, MinLen and MaxLen, and of anything .Validate([](const auto& value) { "
                  "return ...; })");
  }
  static constexpr void CheckLength() {
    static_assert(
        requires(const Bare& value) { value.size(); },
        "NotEmpty, MinLen and MaxLen are for fields of text and blob");
  }

  constexpr Field With(bool detail::Column::*option) const {
    Field longer = *this;
    longer.column_.*option = true;
    return longer;
  }
  constexpr Field With(std::string_view detail::Column::*option, std::string_view value) const {
    Field longer = *this;
    longer.column_.*option = value;
    return longer;
  }
  constexpr Field With(std::size_t detail::Column::*option, std::size_t value) const {
    Field longer = *this;
    longer.column_.*option = value;
    return longer;
  }

  template <class D>
  static constexpr Bare Make(const D& value) {
    if constexpr (std::is_invocable_r_v<Bare, const D&>) {
      return detail::AsValue<Bare>(value());
    } else {
      return detail::AsValue<Bare>(value);
    }
  }

  // What stands in a column for its field.
  static void SetDefault(void* member, const void* field) {
    *static_cast<Type*>(member) = static_cast<const Field*>(field)->MakeDefault();
  }
  static void SetUpdateDefault(void* member, const void* field) {
    *static_cast<Type*>(member) = static_cast<const Field*>(field)->MakeUpdateDefault();
  }
  static bool PassesAll(const void* member, const void* field) {
    const Bare* value = nullptr;
    if constexpr (detail::kIsOptional<Type>) {
      value = &**static_cast<const Type*>(member);
    } else {
      value = static_cast<const Type*>(member);
    }
    return static_cast<const Field*>(field)->validators_.Apply(
        [&](const Validators&... tests) { return (Passes(tests, *value) && ...); });
  }
  template <class V>
  static bool Passes(const V& test, const Bare& value) {
    if constexpr (std::is_void_v<std::invoke_result_t<const V&, const Bare&>>) {
      test(value);
      return true;
    } else {
      return static_cast<bool>(test(value));
    }
  }

  detail::Column column_;
  [[no_unique_address]] Default_ default_;
  [[no_unique_address]] UpdateDefault_ update_default_;
  [[no_unique_address]] core::Pack<Validators...> validators_;
};

namespace detail {

template <class>
inline constexpr bool kIsField = false;
template <auto Member, class... Rest>
inline constexpr bool kIsField<Field<Member, Rest...>> = true;

/// What stands in a list of fields: a field, or the fields of another list.
template <class F>
constexpr core::Pack<F> AsFields(F field) {
  static_assert(
      kIsField<F>,
      "Fields takes Field<&User::name>(\"name\"), and what Fields returned; edges, made by "
      "To and From, stand in Edges");
  return core::Pack<F>(std::move(field));
}
template <class... Fs>
constexpr core::Pack<Fs...> AsFields(core::Pack<Fs...> fields) {
  return fields;
}

}  // namespace detail

/// The fields of an entity or of a mixin, in their order: the result of `Schema<E>::Fields()`. What
/// it returns may stand among the fields of another list: they are taken over.
template <class... Fs>
constexpr auto Fields(Fs... fields) {
  if constexpr ((detail::kIsField<Fs> && ...)) {
    return core::Pack<Fs...>(std::move(fields)...);
  } else {
    return core::Concat(detail::AsFields(std::move(fields))...);
  }
}

}  // namespace grapnel
