#pragma once

#include <grapnel/base/compiled.hpp>
#include <grapnel/base/function_ref.hpp>
#include <grapnel/base/shared.hpp>
#include <grapnel/core/context.hpp>
#include <grapnel/core/hook.hpp>
#include <grapnel/core/hook_list.hpp>
#include <grapnel/core/next.hpp>
#include <grapnel/hook/if.hpp>
#include <grapnel/hook/point.hpp>
#include <grapnel/model/entity_ops.hpp>
#include <grapnel/model/table.hpp>
#include <grapnel/model/value.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/tx/dependencies.hpp>
#include <grapnel/store/tx/handle.hpp>
#include <grapnel/store/tx/handle_ptr.hpp>
#include <grapnel/store/tx/type_actions.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace grapnel {

class Client;

/// What a read asks for.
enum class ReadKind : std::uint8_t {
  Rows,
  Ids,
  Count,
  Exist,
  Aggregate,  // sums, groups and the like
};

/// The way on which a read comes to the rows of a type.
enum class ReadStep : std::uint8_t {
  Query,  // a query of the caller's
  Get,    // by its id: Get, Find
  Walk,   // on the way of a Traverse: the rows whose neighbours are read
  Load,   // as neighbours that a query loads: With
  // Rows that a condition or an order asks for, as F<edge>.Has(...) does, and those that an update
  // or a deletion is about.
  Condition,
  Join,  // a row that a write gives an edge or takes from it: about these rules alone are asked
};

/// "Rows", "Ids", "Count", "Exist" or "Aggregate".
constexpr std::string_view Name(ReadKind kind) noexcept {
  constexpr std::string_view names[] = {"Rows", "Ids", "Count", "Exist", "Aggregate"};
  return names[static_cast<std::size_t>(kind)];
}
/// "Query", "Get", "Walk", "Load", "Condition" or "Join".
constexpr std::string_view Name(ReadStep step) noexcept {
  constexpr std::string_view names[] = {"Query", "Get", "Walk", "Load", "Condition", "Join"};
  return names[static_cast<std::size_t>(step)];
}

namespace detail {

/// What a reading is made of.
struct ReadingOf {
  const HandlePtr& handle;
  ReadKind kind;
  ReadStep step;
};

/// Where what is found goes; null: it was not asked for.
struct ReadInto {
  void* rows = nullptr;                  // a std::vector of the entities
  void* ids = nullptr;                   // a std::vector of the ids
  void* (*add_id)(void* ids) = nullptr;  // returns a new one behind the others
  std::int64_t* count = nullptr;
  bool* nothing = nullptr;  // becomes true where an interceptor says that there is nothing
};

/// Interceptors of one type.
struct ReaderHooks {
  std::vector<core::StoredHook> all{};
  std::string_view mixin{};  // whose those are that come next, "" for none

  GRAPNEL_DECLARE void Add(const core::StoredHook& hook);
};

template <class E>
struct ReadActionsOf;

}  // namespace detail

/// A read of any type, by name: what interceptors see that are compiled once. Every Reading<E> is
/// one.
///
/// Threads: one. Lifetime: while the read runs.
/// Source: ent's interceptors.
class AnyReading {
 public:
  AnyReading(const AnyReading&) = delete;  // take the reading by reference: AnyReading& r
  AnyReading& operator=(const AnyReading&) = delete;

  /// The entity type's name ("User").
  std::string_view Type() const noexcept { return table_.entity; }
  /// What is asked for.
  ReadKind Kind() const noexcept { return kind_; }
  /// On which way the read comes to this type.
  ReadStep Step() const noexcept { return step_; }

  /// Narrows the read to rows in which the field has this value; NULL is std::nullopt. An edge with
  /// a foreign key in the row is named as a field, and its value is the neighbour's id.
  /// Throws: UnknownFieldError, TypeMismatchError; Error once it was carried out.
  GRAPNEL_DECLARE void WhereField(std::string_view name, const FieldValue& value);
  /// Narrows the read to rows that also match a condition on the fields of a mixin that the type
  /// has. Throws: Error once it was carried out; SchemaError, when it runs, for a type without
  /// them.
  template <class Mixin>
  void Where(const store::Predicate<Mixin>& predicate) {
    if constexpr (store::HasIdMember<Mixin>) detail::RefusePredicate<Mixin>();
    AddWhere(predicate.Node());
  }
  /// Lowers the number of rows that are read at most, as the query's own Limit; of neighbours that
  /// are loaded it counts for each parent. Never raises it, and says nothing about rows that a
  /// condition asks for. Throws: Error when negative, and once it was carried out.
  GRAPNEL_DECLARE void AtMost(std::int64_t rows);
  /// What a query has: this does not compile.
  template <class... Ts>
  void Limit(const Ts&...) {
    static_assert(sizeof...(Ts) > sizeof...(Ts),
                  "an interceptor lowers the number of rows and never raises it: r.AtMost(1000)");
  }

  /// A client that reads where this read does: in its transaction or snapshot, if there is one,
  /// with its per-call values. What it reads is intercepted as well.
  inline grapnel::Client Client() const;
  /// The object of type T that was given to Provide. Throws: DependencyError, which names the type.
  template <class T>
  T& Dep() const {
    return Dep<T>({});
  }
  /// The one that was given to Provide by this name.
  template <class T>
  T& Dep(std::string_view name) const {
    return detail::DependenciesOf(*handle_).template Get<T>(name);
  }
  /// The values, deadline and stop token of the call: how a caller opts out of an interceptor that
  /// asks for such a value.
  const core::Context& Context() const { return detail::ContextOf(*handle_); }

  // What follows is for the other parts of the store.

  struct Access;

 protected:
  AnyReading(const detail::Table& table, const detail::ReadingOf& of) noexcept
      : table_(table), handle_(of.handle), kind_(of.kind), step_(of.step) {}
  ~AnyReading() = default;

  GRAPNEL_DECLARE void AddWhere(const store::PredicatePtr& where);

 private:
  GRAPNEL_DECLARE void CheckOpen() const;

  const detail::Table& table_;
  const detail::HandlePtr& handle_;
  ReadKind kind_;
  ReadStep step_;
  bool done_ = false;  // it was carried out: what is said now would be lost
  std::optional<std::int64_t> at_most_{};
  store::PredicatePtr where_{};
};

/// A read on its way to the database, as interceptors see it and narrow it.
///
/// What is added here is not intercepted itself. An interceptor that only runs before the rest,
/// hook::Before, narrows on every way on which a read reaches the type: queries of every kind, Get
/// and Find, neighbours that are loaded or walked through, conditions on neighbours, and the rows
/// of updates and deletions. One with a `next` runs once, for a read that its caller makes himself.
/// One behind the rest, hook::After, runs for that and for neighbours that a query loads, for those
/// of each parent by themselves. Of rows that are read one by one, ForEach, it sees some hundred at
/// a time; where one with a `next` stands around the read, all of them are read first. What rows
/// are ordered or chosen by is what is stored, whatever an interceptor makes of it afterwards. What
/// a write returns, and what its hooks see of rows, is no read of its caller's: nobody narrows or
/// changes it. Nor is it one that a write gives an edge the id of a row: where that may be hidden
/// from the writer, a rule says so (see guard.hpp), or a hook of the type.
///
/// Threads: one. Lifetime: while the read runs.
/// Source: ent's interceptors and traversers.
template <class E>
class Reading final : public AnyReading {
 public:
  /// Only rows that also match. Throws: Error once it was carried out.
  template <class O>
  void Where(const store::Predicate<O>& predicate) {
    if constexpr (!store::AppliesTo<O, E>) detail::RefusePredicate<O>();
    AddWhere(predicate.Node());
  }

 private:
  friend detail::ReadActionsOf<E>;
  explicit Reading(const detail::ReadingOf& of) noexcept : AnyReading(detail::kTable<E>, of) {}
};

/// What a read has found: rows, ids or a number, as the reading's Kind says.
template <class E>
class Found {
 public:
  using Id = detail::IdOf<E>;

  /// Nothing, whatever was asked for: no rows, no ids, 0.
  Found() = default;
  Found(std::vector<E> rows)  // NOLINT(google-explicit-constructor): a hook returns rows
      : has_(Has::Rows), rows_(std::move(rows)) {}
  Found(std::vector<Id> ids)  // NOLINT(google-explicit-constructor): a hook returns ids
      : has_(Has::Ids), ids_(std::move(ids)) {}
  template <std::integral T>
  Found(T count)  // NOLINT(google-explicit-constructor): a hook returns a count
      : has_(Has::Count), count_(static_cast<std::int64_t>(count)) {}

  /// The rows that were asked for, with the neighbours that were; null for another kind. Of Get,
  /// Find and First one or none. Of an Aggregate a row of each group, to show what is grouped by,
  /// and one that holds each least or greatest value: what is changed of that is changed in the
  /// result. Each stays in its place, and none may be added or taken away. Sums, means and counts
  /// are of what is stored.
  std::vector<E>* Rows() noexcept { return has_ == Has::Rows ? &rows_ : nullptr; }
  const std::vector<E>* Rows() const noexcept { return has_ == Has::Rows ? &rows_ : nullptr; }
  /// The ids that were asked for; null for another kind.
  std::vector<Id>* Ids() noexcept { return has_ == Has::Ids ? &ids_ : nullptr; }
  const std::vector<Id>* Ids() const noexcept { return has_ == Has::Ids ? &ids_ : nullptr; }
  /// The number that was asked for, of Exist 1 or 0; null for another kind.
  std::int64_t* Count() noexcept { return has_ == Has::Count ? &count_ : nullptr; }
  const std::int64_t* Count() const noexcept { return has_ == Has::Count ? &count_ : nullptr; }

 private:
  friend detail::ReadActionsOf<E>;
  enum class Has : std::uint8_t { Nothing, Rows, Ids, Count };

  Has has_ = Has::Nothing;
  std::int64_t count_ = 0;
  std::vector<E> rows_;
  std::vector<Id> ids_;
};

/// What comes after an interceptor.
template <class E>
using NextRead = core::Next<Reading<E>, Found<E>>;
/// A hook around the reads of E, its type forgotten.
template <class E>
using Interceptor = core::Hook<Reading<E>, Found<E>>;

namespace core::detail {

template <class E>
struct Teach<Reading<E>> {
  template <class H, Fault fault>
  static consteval void Say() {
    static_assert(fault != Fault::TakesCopy,
                  "take the reading by reference: grapnel::Reading<User>& r, or auto& r; it is "
                  "neither copied nor moved");
    static_assert(
        fault != Fault::NotConst,
        "an interceptor is called const, possibly by several threads at once: take `mutable` away, "
        "or make its call operator const, and keep what it changes outside of it, behind a "
        "reference");
    static_assert(
        fault != Fault::Result,
        "end it with `return next(r);`: an interceptor must return what next returns. Write the "
        "result type out, `-> grapnel::Found<User>`, in those that only throw");
    static_assert(
        fault != Fault::Other,
        "this is no interceptor for this type. Write hook::Before([](grapnel::Reading"
        "<User>& r) { r.Where(...); }) to narrow, hook::After([](const grapnel::Reading"
        "<User>& r, grapnel::Found<User>& f) { ... }) to change what was found, or "
        "[]<class E>(grapnel::Reading<E>& r, grapnel::NextRead<E> next) { return next(r); "
        "} around both. See examples/13_interceptors.cpp");
  }
};

}  // namespace core::detail

namespace detail {

/// Throws: TypeMismatchError for an interceptor that returned something else than was asked for.
[[noreturn, gnu::cold]] GRAPNEL_DECLARE void RefuseFound(const AnyReading& r);

/// The code of an entity type that the machine of reading calls. Made where an interceptor is
/// registered: who has none pays for none.
template <class E>
struct ReadActionsOf {
  static void WithReading(const ReadingOf& of, core::FunctionRef<void(AnyReading&)> run) {
    Reading<E> reading(of);
    run(reading);
  }

  /// Runs what is around the rest, and `read` behind it; what comes of it goes where the caller
  /// wants it.
  static void RunAround(core::detail::HookRange around, AnyReading& any, const ReadInto& into,
                        core::FunctionRef<void(const ReadInto&)> read) {
    auto terminal = [&](Reading<E>&) -> Found<E> {
      Found<E> found;
      found.has_ = HasFor(into);
      read({&found.rows_, &found.ids_, &AddId, &found.count_, nullptr});
      return found;
    };
    Found<E> found = core::HookList<Reading<E>, Found<E>>::RunHooks(
        around, static_cast<Reading<E>&>(any),
        core::detail::NextOf<Reading<E>, Found<E>>(terminal));
    if (found.has_ != HasFor(into) && found.has_ != Found<E>::Has::Nothing) {
      RefuseFound(any);
    }
    if (into.nothing != nullptr) *into.nothing = found.has_ == Found<E>::Has::Nothing;
    if (into.rows != nullptr) kTable<E>.ops.SwapRows(into.rows, &found.rows_);
    if (into.ids != nullptr) *static_cast<std::vector<IdOf<E>>*>(into.ids) = std::move(found.ids_);
    if (into.count != nullptr) *into.count = found.count_;
  }

  static void AddSchemaInterceptors(ReaderHooks& to) {
    const auto add = [&](auto& hook, std::string_view mixin) {
      to.mixin = mixin;
      AddReader<E>(to,
                   core::MakeShared<const std::remove_cvref_t<decltype(hook)>>(std::move(hook)));
    };
    VisitSchema<SchemaInterceptors, E>(add);
  }

  static void* AddId(void* ids) { return &static_cast<std::vector<IdOf<E>>*>(ids)->emplace_back(); }

 private:
  static typename Found<E>::Has HasFor(const ReadInto& into) noexcept {
    if (into.rows != nullptr) return Found<E>::Has::Rows;
    return into.ids != nullptr ? Found<E>::Has::Ids : Found<E>::Has::Count;
  }
};

template <class E>
inline constexpr ReadActions kReadActions{&ReadActionsOf<E>::WithReading,
                                          &ReadActionsOf<E>::RunAround};

/// The same where nothing goes around a read: half of what reading costs the compiler.
template <class E>
inline constexpr ReadActions kNarrowActions{&ReadActionsOf<E>::WithReading, nullptr};

template <class E, class H>
void AddReader(ReaderHooks& to, const core::Shared<const H>& hook);

/// A hook that only runs behind the rest, whatever it is made of.
template <class F>
struct RunsAfter {
  using AfterOnly = void;
  F function;
  template <class E>
  Found<E> operator()(Reading<E>& r, NextRead<E> next) const {
    return function(r, next);
  }
};

/// What stands behind a condition, each hook by itself.
template <class E, class H>
void AddConditional(ReaderHooks& to, const core::Shared<const H>& hook) {
  using Inner = std::remove_cvref_t<decltype(hook->inner)>;
  ReaderHooks inner;
  AddReader<E>(inner, core::Shared<const Inner>(hook, &hook->inner));
  for (const core::StoredHook& each : inner.all) {
    const auto holds = [hook](const Reading<E>& r) -> bool {
      return hook::detail::Holds(hook->condition, r);
    };
    auto around = [holds, each](Reading<E>& r, NextRead<E> next) -> Found<E> {
      return holds(r) ? Interceptor<E>::RunAround(each, r, next) : next(r);
    };
    const auto add = [&](core::StoredHook made) {  // which keeps `each`
      made.SetName(each.Name(), {});
      to.Add(made);
    };
    if (each.IsBefore()) {
      add(Interceptor<E>(hook::Before([holds, each](Reading<E>& r) {
        if (holds(r)) Interceptor<E>::RunBefore(each, r);
      })));
    } else if (each.IsAfter()) {
      add(Interceptor<E>(RunsAfter<decltype(around)>{std::move(around)}));
    } else {
      add(Interceptor<E>(std::move(around)));
    }
  }
}

/// Lists a hook; one that is put together of others, which may run on different ways, one by one.
template <class E, class H>
void AddReader(ReaderHooks& to, const core::Shared<const H>& hook) {
  constexpr bool has_kind = requires { typename H::BeforeOnly; }
  || core::detail::IsAfter<H>();
  if constexpr (core::IsBeforeOver<H, AnyReading>()) {  // once for all types
    to.Add(core::Hook<AnyReading, std::int64_t>(hook));
  } else if constexpr (std::is_base_of_v<core::StoredHook, H>) {
    static_assert(std::is_same_v<H, Interceptor<E>>,
                  "this is an interceptor of another type: register it with client.Of<...>()");
    core::detail::RefuseNone(*hook);
    to.Add(*hook);
  } else if constexpr (requires { hook->HookName(), hook->inner; }) {  // all of it is called that
    using Inner = std::remove_cvref_t<decltype(hook->inner)>;
    ReaderHooks named;
    AddReader<E>(named, core::Shared<const Inner>(hook, &hook->inner));
    for (core::StoredHook& each : named.all) {
      each.SetName(hook->HookName(), hook);
      to.Add(each);
    }
  } else if constexpr (core::HasParts<H>) {
    hook->ForEachPart([&]<class Part>(const Part& part) {
      AddReader<E>(to, core::Shared<const Part>(hook, &part));
    });
  } else if constexpr (!has_kind && requires { hook->inner, hook->condition; }) {
    AddConditional<E>(to, hook);
  } else {
    to.Add(Interceptor<E>(hook));
  }
}
template <class E, class... Hs>
ReaderHooks ReadersOf(const core::Shared<const Hs>&... hooks) {
  ReaderHooks readers;
  (AddReader<E>(readers, hooks), ...);
  return readers;
}

/// What the schema says of interceptors, or null.
template <class E>
constexpr void (*SchemaReaders())(ReaderHooks& to) {
  if constexpr (Lists<SchemaInterceptors, E>()) {
    return &ReadActionsOf<E>::AddSchemaInterceptors;
  } else {
    return nullptr;
  }
}
/// Whether the schema's interceptors, if any, only run before the rest.
template <class E, class Of>
consteval bool OnlyNarrows();
template <class... Hs>
consteval bool AreBeforeOnly(std::type_identity<core::Pack<Hs...>>) {
  return (requires { typename Hs::BeforeOnly; } && ...);
}
template <class E, class... Bases>
consteval bool MixinsNarrow(std::type_identity<Mixins<Bases...>>) {
  return (OnlyNarrows<E, Bases>() && ...);
}
template <class E, class Of>
consteval bool OnlyNarrows() {
  bool narrows = true;
  if constexpr (NamesMixins<Of>) {
    narrows = MixinsNarrow<E>(std::type_identity<typename Schema<Of>::Mixins>());
  }
  if constexpr (NamesInterceptors<Of>) {
    using Listed = decltype(SchemaInterceptors::List<E, Of>());
    if constexpr (kIsPack<Listed>) narrows = narrows && AreBeforeOnly(std::type_identity<Listed>());
  }
  return narrows;
}
template <class E>
constexpr const ReadActions* SchemaReadActions() {
  if constexpr (!Lists<SchemaInterceptors, E>() && !Lists<SchemaGuard, E>()) {
    return nullptr;
  } else if constexpr (OnlyNarrows<E, E>()) {
    return &kNarrowActions<E>;
  } else {
    return &kReadActions<E>;
  }
}

}  // namespace detail
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/query/impl/reading.hpp>  // IWYU pragma: keep
#endif
