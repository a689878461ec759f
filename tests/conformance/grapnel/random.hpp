#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "model.hpp"
#include "mutations.hpp"

/// A generator that gives the same numbers in both programs.
class Sequence {
 public:
  explicit Sequence(std::uint32_t seed) : state_(seed) {}

  /// A number from 0 to n - 1.
  int Below(int n) {
    state_ = (state_ * 1103515245U + 12345U) & 0x7fffffffU;
    return static_cast<int>(state_ >> 16U) % n;
  }

 private:
  std::uint32_t state_;
};

constexpr const char* kFieldNames[] = {"name", "age", "nickname", "worth"};

/// One of several kinds of traced hooks, with a random mask or field.
inline grapnel::Hook<User> RandomHook(Sequence& numbers, const std::string& name) {
  using namespace grapnel::hook;
  const auto mask = static_cast<Op>(numbers.Below(32));
  const char* field = kFieldNames[numbers.Below(4)];
  switch (numbers.Below(7)) {
    case 0:
      return Traced(name);
    case 1:
      return On(Traced(name), mask);
    case 2:
      return Unless(Traced(name), mask);
    case 3:
      return If(Traced(name), HasFields(field));
    case 4:
      return If(Traced(name), Or(HasOp(mask), HasClearedFields(field)));
    case 5:
      return If(Traced(name), And(Not(HasAddedFields(field)), HasOp(mask)));
    default:
      return Chain(Traced(name + " 1"), On(Traced(name + " 2"), mask));
  }
}

/// Runs a random mutation, but no DeleteOne of a row that is not there.
inline void RandomOp(const grapnel::Client& client, Sequence& numbers) {
  const auto users = client.Of<User>();
  const int id = numbers.Below(4) + 1;
  switch (numbers.Below(5)) {
    case 0:
      return Add(client, "Ada");
    case 1:
      return Report("Update", [&] {
        return users.Update().Add(F<&User::worth>, id).Set(F<&User::nickname>, "many").Save();
      });
    case 2:
      return Report("UpdateOne", [&] {
        return users.UpdateOne(id).Add(F<&User::age>, 1).Clear(F<&User::nickname>).Save();
      });
    case 3:
      if (users.Find(id)) Report("DeleteOne", [&] { users.DeleteOne(id).Exec(); });
      return;
    default:
      if (id > 1) return Add(client, "Grace");
      return Report("Delete", [&] { return users.Delete().Exec(); });
  }
}

/// Changes the mutation. It adds to no field that is set and sets none that is cleared.
inline void RandomEdit(UserMutation& m, Sequence& numbers) {
  const std::string field = kFieldNames[numbers.Below(4)];
  const int value = numbers.Below(100);
  const bool is_set = m.Field(field).has_value();
  const bool numeric = field == "age" || field == "worth";
  switch (numbers.Below(4)) {
    case 0:
      if (m.FieldCleared(field)) return;
      numeric ? m.SetField(field, value) : m.SetField(field, fmt::format("text {}", value));
      return;
    case 1:
      if (numeric && !is_set) m.AddField(field, value);
      return;
    case 2:
      if (field == "nickname") m.ClearField(field);
      return;
    default:
      m.ResetField(field);
  }
}

inline void Random() {
  for (std::uint32_t round = 0; round < 25; ++round) {
    Sequence numbers(round);
    Scenario(fmt::format("B1 random hooks {}", round), [&](Database& c) {
      for (int i = numbers.Below(6); i >= 0; --i) {
        c.Of<User>().Use(RandomHook(numbers, fmt::format("h{}", i)));
      }
      for (int i = 0; i < 12; ++i) RandomOp(c, numbers);
      Stored(c);
    });
  }
  for (std::uint32_t round = 0; round < 25; ++round) {
    Sequence numbers(round);
    Scenario(fmt::format("B30 random edits {}", round), [&](Database& c) {
      const auto edits = Edit([&](UserMutation& m) {
        for (int i = numbers.Below(8); i >= 0; --i) RandomEdit(m, numbers);
      });
      c.Of<User>().Use(grapnel::hook::On(edits, Op::UpdateOne),
                       grapnel::hook::On(FieldsOf(), Op::UpdateOne));
      Add(c, "Ada");
      for (int i = 0; i < 10; ++i) {
        Report("UpdateOne", [&] { return c.Of<User>().UpdateOne(1).Save(); });
      }
    });
  }
}
