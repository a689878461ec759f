#include <grapnel/store/mutation/mutation.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/model.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using grapnel::F;
using grapnel::FieldValue;
using grapnel::Op;
using model::Card;
using model::User;

namespace {

using Names = std::vector<std::string_view>;

/// A mutation that is not running.
template <class E = User>
grapnel::Mutation<E> Make(Op op) {
  return grapnel::Mutation<E>::Access::Make(op);
}

/// What may not change when an edit is refused.
std::string Text(const grapnel::Mutation<User>& m) { return ToString(m); }

}  // namespace

TEST_CASE("a mutation knows its type and op, and of a create no id yet") {
  const auto m = Make(Op::Create);
  CHECK(m.Type() == "User");
  CHECK(m.Op() == Op::Create);
  CHECK(m.ID() == std::nullopt);
  CHECK_FALSE(m.InTx());
  CHECK(m.Fields().empty());
}

TEST_CASE("a field is set, read and forgotten; reading gives null when it is not set") {
  auto m = Make(Op::Create);
  CHECK(m.Get(F<&User::name>) == nullptr);
  m.Set(F<&User::name>, "Ada");
  m.Set(F<&User::nickname>, "ada");
  REQUIRE(m.Get(F<&User::name>) != nullptr);
  CHECK(*m.Get(F<&User::name>) == "Ada");
  const std::string* nickname = m.Get(F<&User::nickname>);  // without its optional
  CHECK(*nickname == "ada");
  CHECK(m.Fields() == Names{"name", "nickname"});
  m.Reset(F<&User::name>);
  CHECK(m.Get(F<&User::name>) == nullptr);
  CHECK(m.Fields() == Names{"nickname"});
}

TEST_CASE("B30 B31 of set, added and cleared a field is one at most") {
  auto m = Make(Op::UpdateOne);
  m.Add(F<&User::worth>, 2);
  m.Add(F<&User::worth>, 3);
  CHECK(*m.Added(F<&User::worth>) == 5);
  m.Set(F<&User::worth>, 10);
  CHECK(m.Added(F<&User::worth>) == nullptr);
  m.Add(F<&User::worth>, 1);
  CHECK(*m.Get(F<&User::worth>) == 11);
  CHECK(m.Added(F<&User::worth>) == nullptr);

  m.Clear(F<&User::nickname>);
  CHECK(m.Cleared(F<&User::nickname>));
  m.Set(F<&User::nickname>, "x");
  CHECK_FALSE(m.Cleared(F<&User::nickname>));
  m.Set(F<&User::nickname>, std::nullopt);
  CHECK(m.Cleared(F<&User::nickname>));
  CHECK(m.Get(F<&User::nickname>) == nullptr);
  CHECK(m.ClearedFields() == Names{"nickname"});
}

TEST_CASE("B79 an addition that leaves the type's range is refused, the mutation as it was") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  auto m = Make(Op::UpdateOne);
  m.Set(F<&User::worth>, most);
  m.Add(F<&User::version>, most);
  const std::string before = Text(m);
  CHECK_THROWS_WITH(m.Add(F<&User::worth>, 1),
                    "User.worth: the sum leaves the field's range (UpdateOne)");
  CHECK_THROWS_AS(m.Add(F<&User::version>, 1), grapnel::ValidationError);
  CHECK_THROWS_AS(m.AddField("worth", 1), grapnel::ValidationError);
  CHECK(Text(m) == before);
  CHECK(*m.Get(F<&User::worth>) == most);
}

TEST_CASE("an immutable field is set by a create, and by no update") {
  auto create = Make<Card>(Op::Create);
  create.Set(F<&Card::number>, "1");
  auto update = Make<Card>(Op::Update);
  CHECK_THROWS_AS(update.Set(F<&Card::number>, "1"), grapnel::ValidationError);
  CHECK_THROWS_AS(update.SetField("number", "1"), grapnel::ValidationError);
  CHECK(update.Fields().empty());
}

TEST_CASE("B29 by name the same is done, with its own errors, the mutation as it was") {
  auto m = Make(Op::UpdateOne);
  m.SetField("name", "Ada");
  m.SetField("nickname", FieldValue());
  m.AddField("worth", 5);
  CHECK(m.Field("name") == FieldValue("Ada"));
  CHECK(m.Field("worth") == std::nullopt);
  CHECK(m.AddedField("worth") == FieldValue(5));
  CHECK(m.FieldCleared("nickname"));
  CHECK(m.AddedFields() == Names{"worth"});

  const std::string before = Text(m);
  CHECK_THROWS_AS(m.SetField("nmae", "x"), grapnel::UnknownFieldError);
  CHECK_THROWS_AS(m.Field("nmae"), grapnel::UnknownFieldError);
  CHECK_THROWS_AS(m.AddedField("nmae"), grapnel::UnknownFieldError);
  CHECK_THROWS_AS(m.FieldCleared("nmae"), grapnel::UnknownFieldError);
  CHECK_THROWS_AS(m.ResetField("nmae"), grapnel::UnknownFieldError);
  CHECK_THROWS_WITH(m.SetField("name", 5),
                    "User.name: the field is of type text, the value of type integer");
  CHECK_THROWS_AS(m.AddField("name", 5), grapnel::TypeMismatchError);
  CHECK_THROWS_AS(m.AddField("worth", 1.5), grapnel::TypeMismatchError);
  CHECK_THROWS_AS(m.ClearField("name"), grapnel::TypeMismatchError);
  CHECK_THROWS_AS(m.SetField("name", FieldValue()), grapnel::TypeMismatchError);
  CHECK(Text(m) == before);
  m.ResetField("worth");
  CHECK(m.AddedFields().empty());
}

TEST_CASE("B84 an op changes into one that fits, and into no other") {
  auto m = Make(Op::DeleteOne);
  m.SetOp(Op::UpdateOne);
  m.SetOp(Op::Update);
  CHECK(m.Op() == Op::Update);
  CHECK(m.ID() == std::nullopt);  // the id is a predicate now
  m.SetOp(Op::Delete);
  m.SetOp(Op::Delete);
  CHECK_THROWS_AS(m.SetOp(Op::DeleteOne), grapnel::Error);
  CHECK_THROWS_AS(m.SetOp(Op::Create), grapnel::Error);
  CHECK_THROWS_AS(m.SetOp(Op::Update | Op::Delete), grapnel::Error);
  CHECK(m.Op() == Op::Delete);
  CHECK_THROWS_AS(Make(Op::Create).SetOp(Op::Update), grapnel::Error);
}

TEST_CASE("times are floored when they are set") {
  auto m = Make<Card>(Op::Create);
  const model::Time time{
      std::chrono::duration_cast<model::Time::duration>(std::chrono::nanoseconds(1'234'567))};
  m.Set(F<&Card::expired_at>, time);
  CHECK(m.Get(F<&Card::expired_at>)->time_since_epoch() == std::chrono::microseconds(1'234));
}

TEST_CASE("what belongs to a run is refused outside of one") {
  const auto m = Make(Op::Create);
  constexpr auto text = "a mutation can do this only while it runs";
  CHECK_THROWS_WITH(m.Client(), text);
  CHECK_THROWS_WITH(m.Context(), text);
  CHECK_THROWS_WITH(m.Dep<int>(), text);
  CHECK_THROWS_WITH(m.AfterCommit([] {}), text);
  CHECK_THROWS_AS(m.Tx(), grapnel::TxError);
}
