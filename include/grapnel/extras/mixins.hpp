#pragma once

/// Ready-made mixins: Timestamps, Versioned and Uuid.
///
///   struct User : grapnel::extras::Uuid, grapnel::extras::Timestamps, grapnel::extras::Versioned {
///     std::string name;
///   };
///   template <>
///   struct grapnel::Schema<User> {
///     static constexpr std::string_view Type = "User";
///     using Mixins = grapnel::Mixins<extras::Uuid, extras::Timestamps, extras::Versioned>;
///     static constexpr auto Fields() { return grapnel::Fields(Field<&User::name>("name")); }
///   };
///
/// What they guarantee, under every Op, in bulk, of upserts, of rows that a cascade or the other
/// end of an edge changes, and in whatever order a type lists them:
/// - Timestamps: created_at is the time at which the row was created and never changes; updated_at
///   is that same time until a write changes the row, and then the time of the last one. What a
///   caller or a hook gives stands, in an import for instance; but in a Create a time of 1970
///   sharp, which is what CreateBulk(rows) and Create(row) have where nobody wrote anything, is as
///   not given.
/// - Versioned: a row is created with version 1, and each write of it adds 1, in the database, so
///   that no two writers make the same one. An UpdateOne that sets the version says which one it
///   saw, `users.UpdateOne(user, F<&User::name>, F<&User::version>)`, or `.Set(F<&User::version>,
///   user.version)`: when it comes too late, it is a StaleError and nothing is changed. So is what
///   an upsert does to the row that it meets, by its Update: then the Create is undone too, and the
///   bulk that it is of. An Update of many that does is a ValidationError.
/// - Uuid: the id is a UUID of version 7 as a text, made before hooks run, so that they see it by
///   m.ID(); rows sort by it in the order in which a process began to create them, whatever the
///   clock does. One that is given stands, where it is a UUID; else it is a ValidationError.
///
/// What not: the times are as right as the clock. Where it jumps back, so do they; what tells old
/// from new is the version. An update that only adds or removes pairs of a many-to-many edge is one
/// of its own row, not of the neighbours'. SQL of one's own and other programs that write are not
/// seen. Rows that were there before a mixin was added get, by Migrate, version 1 and the time of
/// the migration: each row the time at which it was its turn, one for both fields. A table that was
/// not migrated has no such column: a SchemaError that names it.
///
/// Cost: no statement more than without them, and no row is read, but by an upsert's Update that
/// says a version. But an update that would change no field of its row writes it; and SetNull is no
/// longer left to the database: rows that lose a neighbour are updated by their type's hooks. Uuid:
/// 36 bytes a row and for each that refers to it.
///
/// Order with others: Versioned takes the version out of an update, and adds to it; hooks further
/// out see the one that was given, those further in an addition of 1. A hook that turns a deletion
/// into an update is dated and counted, whichever stands outside of the other: for this the
/// addition is part of deletions too, where the row is really deleted it means nothing.
///
/// Time is the Clock's, and a ScopedClock replaces it: <grapnel/extras/clock.hpp>.

#include <grapnel/core/op.hpp>
#include <grapnel/extras/clock.hpp>
#include <grapnel/extras/uuid.hpp>
#include <grapnel/hook/if.hpp>
#include <grapnel/hook/named.hpp>
#include <grapnel/hook/point.hpp>
#include <grapnel/model/error.hpp>
#include <grapnel/schema/field.hpp>
#include <grapnel/schema/schema.hpp>
#include <grapnel/schema/token.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/predicate/comparison.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace grapnel {

namespace extras {

/// When the row was created, and last changed.
struct Timestamps {
  Clock::Time created_at{};
  Clock::Time updated_at{};
};

/// How often the row was written.
struct Versioned {
  std::int64_t version = 0;
};

/// The row's id: see NewUuid.
struct Uuid {
  std::string id;
};

}  // namespace extras

template <>
struct Schema<extras::Timestamps> {
  using Row = extras::Timestamps;

  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&Row::created_at>("created_at").Immutable().Default(&CreatedNow),
        Field<&Row::updated_at>("updated_at").Default(&SameNow).UpdateDefault(&extras::Clock::Now));
  }
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(
        hook::Named("timestamps", hook::On(hook::Before(&FillIn<E>), Op::Create)));
  }

 private:
  using Time = extras::Clock::Time;

  /// Migrate asks for the Defaults of a row one behind the other, in the order of its fields: the
  /// second one is what the first one was, where both are asked for.
  static Time CreatedNow() {
    asked = Time();
    return asked = extras::Clock::Now();
  }
  static Time SameNow() {
    const Time same = std::exchange(asked, Time());
    return same != Time() ? same : extras::Clock::Now();
  }
  static inline thread_local constinit Time asked{};

  template <class E>
  static void FillIn(Mutation<E>& m) {
    asked = Time();  // a Create was given one of them
    const auto is_given = [](const Time* time) { return time != nullptr && *time != Time(); };
    const auto created = F<&Row::created_at>;
    const auto updated = F<&Row::updated_at>;
    if (!is_given(m.Get(created))) m.Set(created, extras::Clock::Now());
    if (!is_given(m.Get(updated)) || m.Defaulted(updated)) m.Set(updated, *m.Get(created));
  }
};

template <>
struct Schema<extras::Versioned> {
  using Row = extras::Versioned;

  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Row::version>("version").Default(1));
  }
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(hook::Named("versioned", hook::Before(&Raise<E>)));
  }

 private:
  template <class E>
  static void Raise(Mutation<E>& m) {
    const auto version = F<&Row::version>;
    const std::int64_t* seen = m.Get(version);
    if (m.Op() == Op::Create) {  // the Default alone says which is the first
      if (seen != nullptr && !m.Defaulted(version)) m.Reset(version);
      return;
    }
    if (seen != nullptr) {
      if (!Is(m.Op(), Op::UpdateOne | Op::DeleteOne)) {
        throw ValidationError(m.Type(), "version", m.Op(),
                              "it says which version of a row was seen, and is for UpdateOne: "
                              "add it to the Where");
      }
      if (m.Cause() == Cause::Upsert && m.Old(version) != *seen) {  // a Where lets it be as it is
        throw StaleError(m.Type(), "the row whose version " + std::to_string(*seen) + " was seen");
      }
      m.Where(version == *seen);
    }
    m.Reset(version);
    m.Add(version, 1);
  }
};

template <>
struct Schema<extras::Uuid> {
  static constexpr auto Fields() {
    return grapnel::Fields(
        Field<&extras::Uuid::id>("id").Default(&extras::NewUuid).Match(&extras::IsUuid));
  }
};

}  // namespace grapnel
