#include <grapnel/hook/condition.hpp>

#include "support/catch.hpp"

#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hook = grapnel::hook;
using grapnel::Op;

namespace {

enum class Token { Name, Age };

/// What conditions ask of a mutation, by token and by name.
struct Edit {
  grapnel::Op op = grapnel::Op::Update;
  std::set<Token> set{}, added{}, cleared{};
  int value = 1;

  grapnel::Op Op() const { return op; }
  const int* Get(Token t) const { return set.contains(t) ? &value : nullptr; }
  const int* Added(Token t) const { return added.contains(t) ? &value : nullptr; }
  bool Cleared(Token t) const { return cleared.contains(t); }
  std::optional<int> Field(std::string_view name) const { return Find(set, name); }
  std::optional<int> AddedField(std::string_view name) const { return Find(added, name); }
  bool FieldCleared(std::string_view name) const { return Find(cleared, name).has_value(); }

 private:
  static std::optional<int> Find(const std::set<Token>& fields, std::string_view name) {
    if (name != "name" && name != "age") throw std::out_of_range("no field " + std::string(name));
    return fields.contains(name == "name" ? Token::Name : Token::Age) ? std::optional(1)
                                                                      : std::nullopt;
  }
};

/// A condition that says when it was asked.
auto Says(std::string& asked, char name, bool answer) {
  return [&asked, name, answer](const Edit&) {
    asked += name;
    return answer;
  };
}

}  // namespace

TEST_CASE("And stops at the first that does not hold, Or at the first that does") {
  std::string asked;
  const auto yes = [&](char name) { return Says(asked, name, true); };
  const auto no = [&](char name) { return Says(asked, name, false); };
  const Edit edit;
  CHECK(hook::And(yes('a'), yes('b'), yes('c'), yes('d'))(edit));
  CHECK_FALSE(hook::And(yes('e'), no('f'), yes('g'))(edit));
  CHECK(hook::Or(no('h'), yes('i'), yes('j'))(edit));
  CHECK_FALSE(hook::Or(no('k'), no('l'))(edit));
  CHECK(asked == "abcdefhikl");
}

TEST_CASE("conditions nest") {
  std::string asked;
  const Edit edit;
  const auto exclusive = [](auto a, auto b) {
    return hook::And(hook::Or(a, b), hook::Not(hook::And(a, b)));
  };
  const auto yes = Says(asked, 'y', true), no = Says(asked, 'n', false);
  CHECK(exclusive(yes, no)(edit));
  CHECK(exclusive(no, yes)(edit));
  CHECK_FALSE(exclusive(yes, yes)(edit));
  CHECK_FALSE(exclusive(no, no)(edit));
}

TEST_CASE("HasOp holds for the ops of its mask") {
  const auto updates = hook::HasOp(Op::Update | Op::UpdateOne);
  CHECK(updates(Edit{Op::Update}));
  CHECK(updates(Edit{Op::UpdateOne}));
  CHECK_FALSE(updates(Edit{Op::Create}));
  CHECK_FALSE(hook::HasOp(Op{})(Edit{Op::Create}));
}

TEST_CASE("fields are asked for by token and by name alike; all of them must hold") {
  Edit edit;
  edit.set = {Token::Name};
  edit.added = {Token::Age};
  CHECK(hook::HasFields(Token::Name)(edit));
  CHECK(hook::HasFields("name")(edit));
  CHECK_FALSE(hook::HasFields(Token::Name, Token::Age)(edit));  // added is not set
  CHECK_FALSE(hook::HasFields(Token::Name, "age")(edit));
  CHECK(hook::HasAddedFields(Token::Age)(edit));
  CHECK(hook::HasAddedFields("age")(edit));
  CHECK_FALSE(hook::HasAddedFields("age", "name")(edit));
  CHECK_FALSE(hook::HasClearedFields(Token::Name)(edit));

  edit.cleared = {Token::Name, Token::Age};
  CHECK(hook::HasClearedFields(Token::Name, Token::Age)(edit));
  CHECK(hook::HasClearedFields("name", "age")(edit));
}

TEST_CASE("B20 set or cleared is written with Or") {
  const auto touched = hook::Or(hook::HasFields("name"), hook::HasClearedFields("name"));
  Edit edit;
  CHECK_FALSE(touched(edit));
  edit.set = {Token::Name};
  CHECK(touched(edit));
  edit = {Op::Update, {}, {}, {Token::Name}};
  CHECK(touched(edit));
}

TEST_CASE("a wrong name is an error of the mutation, and not just false") {
  const Edit edit;
  CHECK_THROWS_WITH(hook::HasFields("nmae")(edit), "no field nmae");
  CHECK_THROWS_WITH(hook::HasAddedFields("nmae")(edit), "no field nmae");
  CHECK_THROWS_WITH(hook::HasClearedFields("nmae")(edit), "no field nmae");
}

TEST_CASE("a condition keeps the text of a name") {
  const auto condition = [] {
    const std::string name(100, 'x');
    return hook::HasFields(std::string_view(name));
  }();
  CHECK_THROWS_WITH(condition(Edit{}), "no field " + std::string(100, 'x'));
}
