#pragma once

#include <grapnel/base/concat.hpp>
#include <grapnel/model/codec.hpp>
#include <grapnel/schema/token.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace grapnel {

namespace detail {

struct Nothing {};

/// A default: a value of the field's type, or something to call for one.
template <class Bare, class D>
constexpr bool kIsDefault = std::is_invocable_r_v<Bare, const D&> || std::is_convertible_v<D, Bare>;

/// Whether a default can stand in a constant by itself: what owns memory cannot, and is given as a
/// function. Of texts and vectors their own size decides: see CheckConstant.
template <class Bare, class D>
constexpr bool kIsConstant = std::is_invocable_r_v<Bare, const D&> ||
                             std::is_trivially_destructible_v<D> || requires(const D& value) {
  value.capacity();
};

/// Stops the compiler at a text or vector that owns memory, which a constant cannot.
template <class D>
constexpr void CheckConstant(const D& value) {
  if constexpr (requires { value.capacity(); }) {
    if (std::is_constant_evaluated() && value.capacity() > D().capacity())
      throw "a Default that owns memory is a function: .Default([] { return Bytes{1, 2}; })";
  }
}

/// Why a text or blob of this many bytes is refused, or nothing.
inline std::optional<std::string> CheckLength(std::size_t size, std::size_t least,
                                              std::size_t most) {
  if (size < least) {
    if (size == 0) return "the value is empty";
    return core::Concat({"the value is shorter than ", std::to_string(least), " bytes"});
  }
  if (size <= most) return std::nullopt;
  return core::Concat({"the value is longer than ", std::to_string(most), " bytes"});
}

/// Why a number is refused, or nothing.
template <class N>
std::optional<std::string> CheckNumber(N value, const std::optional<N>& least,
                                       const std::optional<N>& most, bool above_zero) {
  static_cast<void>(Mapping<N>::ToValue(value));
  if ((!least || value >= *least) && (!most || value <= *most) && (!above_zero || value > N{})) {
    return std::nullopt;
  }
  return core::Concat({"the value ", std::to_string(value), " is out of range"});
}

/// What every field has, whatever its type.
struct FieldTraits {
  std::string_view name;
  std::string_view storage;
  std::string_view comment;
  bool optional = false;
  bool immutable = false;
  bool unique = false;
  bool sensitive = false;
  bool never_reuse = false;
  std::size_t min_length = 0;
  std::size_t max_length = std::size_t(-1);
};

}  // namespace detail

/// Describes one field of an entity, inside `Schema<E>::Fields()`:
/// `Field<&User::name>("name").NotEmpty().Unique()`. Each option returns the longer description.
/// A field of a std::optional type is optional by itself.
/// Source: ent's field builders.
template <auto Member, class Default_ = detail::Nothing, class UpdateDefault_ = detail::Nothing,
          class... Validators>
class [[nodiscard]] Field {
 public:
  using Token = grapnel::MemberToken<Member>;
  using Type = typename Token::Type;
  using Bare = typename Token::Bare;

  /// `name` is what the field is called in errors, by name, and in the database.
  constexpr explicit Field(std::string_view name)
      : Field({.name = name, .storage = name, .comment = {}}, {}, {}, false, {}, {}, {}) {}

  /// The column may be NULL. A member that is no std::optional then reads NULL as its type's zero.
  constexpr Field Optional() const { return With(&detail::FieldTraits::optional, true); }
  /// Can be set when the entity is created, and never again; so it has no UpdateDefault.
  constexpr Field Immutable() const { return With(&detail::FieldTraits::immutable, true); }
  /// No two rows have the same value; several NULLs are allowed.
  constexpr Field Unique() const { return With(&detail::FieldTraits::unique, true); }
  /// Never printed: formatted mutations and errors show *** for it. (What a Validate of yours
  /// throws is passed on as it is.)
  constexpr Field Sensitive() const { return With(&detail::FieldTraits::sensitive, true); }
  /// The column's name in the database, where it is not the field's name.
  constexpr Field StorageKey(std::string_view column) const {
    return With(&detail::FieldTraits::storage, column);
  }
  /// Stands in the table's definition in the database, for whoever reads it there.
  constexpr Field Comment(std::string_view text) const {
    return With(&detail::FieldTraits::comment, text);
  }
  /// For an integer id: an id is never given twice, not even that of the last row after its
  /// deletion. Without it the id of a deleted last row may come again.
  constexpr Field NeverReuse() const requires std::integral<Type> {
    return With(&detail::FieldTraits::never_reuse, true);
  }

  /// At least one byte. The same as MinLen(1).
  constexpr Field NotEmpty() const { return MinLen(1); }
  /// At least `bytes` bytes of text or blob.
  constexpr Field MinLen(std::size_t bytes) const {
    CheckLength();
    return With(&detail::FieldTraits::min_length, bytes);
  }
  /// At most `bytes` bytes of text or blob.
  constexpr Field MaxLen(std::size_t bytes) const {
    CheckLength();
    return With(&detail::FieldTraits::max_length, bytes);
  }

  /// From `least` to `most`, both allowed. Holds for Set and for the result of Add.
  constexpr Field Range(Bare least, Bare most) const requires detail::Number<Bare> {
    Field longer = *this;
    longer.least_ = least;
    longer.most_ = most;
    return longer;
  }
  /// Above zero.
  constexpr Field Positive() const requires detail::Number<Bare> {
    Field longer = *this;
    if constexpr (std::integral<Bare>) {
      longer.least_ = Bare{1};
    } else {
      longer.above_zero_ = true;
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
    detail::CheckConstant(value);
    return Change<D, UpdateDefault_, Validators...>(std::move(value), update_default_, validators_);
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
    detail::CheckConstant(value);
    return Change<Default_, D, Validators...>(default_, std::move(value), validators_);
  }

  /// `test(value)` says whether the value is allowed: it returns bool, or throws, and what it
  /// throws is the reason.
  template <class V>
  constexpr auto Validate(V test) const {
    static_assert(std::invocable<const V&, const Bare&>,
                  "Validate takes a function that takes a const reference to the field's type and "
                  "returns bool, or throws");
    return Change<Default_, UpdateDefault_, Validators..., V>(
        default_, update_default_, std::tuple_cat(validators_, std::tuple<V>(std::move(test))));
  }
  /// `matches(text)` says whether the text is allowed. A regular expression is written
  /// `.Match(grapnel::Regex<"[a-z]+">)`, of <grapnel/schema/regex.hpp>.
  template <class V>
  constexpr auto Match(V matches) const {
    static_assert(std::is_convertible_v<Bare, std::string_view>, "Match is for fields of text");
    static_assert(std::is_invocable_r_v<bool, const V&, const Bare&>,
                  "Match takes a function from text to bool, such as grapnel::Regex<\"[a-z]+\">");
    return Validate(std::move(matches));
  }

  constexpr const detail::FieldTraits& Traits() const { return traits_; }
  constexpr const std::optional<Bare>& Least() const requires detail::Number<Bare> {
    return least_;
  }
  constexpr const std::optional<Bare>& Most() const requires detail::Number<Bare> { return most_; }

  constexpr bool IsAboveZero() const { return above_zero_; }

  static constexpr bool HasDefault = !std::same_as<Default_, detail::Nothing>;
  /// Whether the default is something to call, for each row anew.
  static constexpr bool DefaultVaries = std::is_invocable_r_v<Bare, const Default_&>;
  static constexpr bool HasUpdateDefault = !std::same_as<UpdateDefault_, detail::Nothing>;
  static constexpr bool HasValidators = sizeof...(Validators) > 0;

  constexpr Bare MakeDefault() const { return Make(default_); }
  constexpr Bare MakeUpdateDefault() const { return Make(update_default_); }

  /// Whether Check could refuse anything.
  constexpr bool NeedsCheck() const {
    if constexpr (std::integral<Bare> && detail::Number<Bare>) {
      const bool fits = std::in_range<std::int64_t>(std::numeric_limits<Bare>::max());
      if (least_ || most_ || above_zero_ || !fits) return true;
    }
    if constexpr (std::same_as<Bare, double>) {
      if (least_ || most_ || above_zero_) return true;  // NaN is refused where it is bound
    }
    return HasValidators || traits_.min_length > 0 || traits_.max_length != std::size_t(-1) ||
           detail::HasCodec<Bare> || std::is_enum_v<Bare>;
  }

  /// Why `value` is refused, or nothing.
  std::optional<std::string> Check(const Bare& value) const {
    if constexpr (requires { value.size(); }) {
      if (auto reason = detail::CheckLength(value.size(), traits_.min_length, traits_.max_length)) {
        return reason;
      }
    }
    if (auto reason = CheckContent(value)) {
      return traits_.sensitive ? "the value *** is not allowed" : reason;
    }
    try {
      const bool ok = std::apply(
          [&](const Validators&... tests) { return (Passes(tests, value) && ...); }, validators_);
      if (!ok) return "the value is not valid";
    } catch (const std::exception& error) {
      return error.what();
    }
    return std::nullopt;
  }

 private:
  /// What names the value in its reason.
  std::optional<std::string> CheckContent(const Bare& value) const {
    try {
      if constexpr (detail::Number<Bare>) {
        return detail::CheckNumber(value, least_, most_, above_zero_);
      } else if constexpr (detail::HasCodec<Bare> || std::is_enum_v<Bare>) {
        static_cast<void>(detail::Mapping<Bare>::ToValue(value));
      }
    } catch (const std::exception& error) {
      return error.what();
    }
    return std::nullopt;
  }

  template <auto, class, class, class...>
  friend class Field;

  using Bound = std::conditional_t<detail::Number<Bare>, std::optional<Bare>, detail::Nothing>;

  constexpr Field(const detail::FieldTraits& traits, Bound least, Bound most, bool above_zero,
                  Default_ value, UpdateDefault_ update_value, std::tuple<Validators...> validators)
      : traits_(traits),
        least_(std::move(least)),
        most_(std::move(most)),
        above_zero_(above_zero),
        default_(std::move(value)),
        update_default_(std::move(update_value)),
        validators_(std::move(validators)) {}

  static constexpr void CheckLength() {
    static_assert(
        requires(const Bare& value) { value.size(); },
        "NotEmpty, MinLen and MaxLen are for fields of text and blob");
  }

  template <class T>
  constexpr Field With(T detail::FieldTraits::*trait, T value) const {
    Field longer = *this;
    longer.traits_.*trait = value;
    return longer;
  }

  template <class D, class U, class... V>
  constexpr auto Change(D value, U update_value, std::tuple<V...> validators) const {
    return Field<Member, D, U, V...>(traits_, least_, most_, above_zero_, std::move(value),
                                     std::move(update_value), std::move(validators));
  }

  template <class D>
  static constexpr Bare Make(const D& value) {
    if constexpr (std::is_invocable_r_v<Bare, const D&>) {
      return static_cast<Bare>(value());
    } else {
      return static_cast<Bare>(value);
    }
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

  detail::FieldTraits traits_;
  Bound least_, most_;
  bool above_zero_;
  [[no_unique_address]] Default_ default_;
  [[no_unique_address]] UpdateDefault_ update_default_;
  std::tuple<Validators...> validators_;
};

/// The fields of an entity or of a mixin, in their order: the result of `Schema<E>::Fields()`.
template <class... Fs>
constexpr std::tuple<Fs...> Fields(Fs... fields) {
  return {std::move(fields)...};
}

}  // namespace grapnel
