#include <grapnel/store/mutation/draft.hpp>

#include <grapnel/grapnel.hpp>

#include "contract/graph_model.hpp"
#include "contract/model.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using graph::User;
using grapnel::FieldValue;
using grapnel::Op;
using grapnel::detail::Draft;
using grapnel::detail::kTable;

namespace {

using Names = std::vector<std::string_view>;

/// A mutation, its type forgotten, with its entity.
struct Edit : Draft {
  User user{};

  explicit Edit(grapnel::Op o) : Draft(kTable<User>, o, &user) {}
  void Plus(std::string_view field, std::int64_t delta) { Add(PlaceOf(field), &delta); }
};

}  // namespace

TEST_CASE("a field is set, added to or cleared, what was said last; reset it was never spoken of") {
  Edit m(Op::UpdateOne);
  m.SetField("nickname", "ada");
  m.ClearField("nickname");
  CHECK((m.Names(m.set).empty() && m.Names(m.cleared) == Names{"nickname"}));
  m.SetField("nickname", "lady");
  CHECK((m.Names(m.set) == Names{"nickname"} && m.cleared.none()));
  m.Reset(m.PlaceOf("nickname"));
  CHECK(m.ChangesNoField());
  CHECK_FALSE(m.user.nickname);
}

TEST_CASE(
    "what is added accumulates; on a value that is set, or of a new row, it changes that value") {
  Edit update(Op::UpdateOne);
  update.Plus("age", 2);
  update.Plus("age", 3);
  CHECK(update.Value(update.added, "age") == FieldValue(5));
  update.SetField("age", 40);
  update.Plus("age", 1);
  CHECK(update.added.none());
  CHECK(update.Given("age") == FieldValue(41));
  Edit create(Op::Create);
  create.Plus("age", 7);
  CHECK((create.added.none() && create.Given("age") == FieldValue(7)));
}

TEST_CASE("a default fills what nothing was said about, and gives way to what is said later") {
  Edit m(Op::Create);
  m.SetField("age", 30);
  m.ApplyDefaults();
  CHECK(m.Names(m.defaulted) == Names{"version"});
  CHECK(m.Given("age") == FieldValue(30));
  m.SetField("version", 2);
  CHECK(m.defaulted.none());
}

TEST_CASE("validation names all that is bad at once, and tells missing values from bad ones") {
  Edit m(Op::Create);
  CHECK_THROWS_WITH(m.Validate(), Catch::Contains("a value is required"));
  m.SetField("name", "");
  CHECK_THROWS_WITH(m.Validate(), !Catch::Contains("a value is required"));
  model::Card card;
  Draft create(kTable<model::Card>, Op::Create, &card);
  std::vector<std::string> bad;
  try {
    create.Validate();
  } catch (const grapnel::ValidationError& error) {
    for (const auto& problem : error.Problems()) bad.push_back(problem.field);
  }
  CHECK(bad == std::vector<std::string>{"number", "in_hook"});  // the others have defaults
}

TEST_CASE("an immutable field is refused to an update, by its setter and by the validation") {
  model::Card card;
  Draft m(kTable<model::Card>, Op::Update, &card);
  CHECK_THROWS_AS(m.SetField("number", "1"), grapnel::ValidationError);
  m.Validate();
  m.set.set(m.PlaceOf("number"));
  CHECK_THROWS_WITH(m.Validate(), Catch::Contains("Card.number: the field is immutable"));
}

TEST_CASE("an Op becomes its pair, and a One form the form for many, of the same row") {
  Edit m(Op::DeleteOne);
  m.user.id = 3;
  m.has_id = true;
  m.SetOp(Op::UpdateOne);
  CHECK((m.has_id && !m.where));
  m.SetOp(Op::Update);
  CHECK_FALSE(m.has_id);
  CHECK(m.where->value == FieldValue(3));
  CHECK((m.op == Op::Update && m.asked == Op::DeleteOne));
  CHECK_THROWS_WITH(m.SetOp(Op::UpdateOne), Catch::Contains("Update cannot become UpdateOne"));
  CHECK_THROWS_AS(m.SetOp(Op::Create), grapnel::Error);
  CHECK(m.op == Op::Update);
}

TEST_CASE("one mutation says, after its own, all that another one says") {
  Edit first(Op::UpdateOne), second(Op::UpdateOne);
  first.SetField("name", "Ada");
  first.Plus("age", 1);
  second.SetField("name", "Eve");
  second.Plus("age", 2);
  second.AddIDs(second.EdgePlaceOf("friends"), {7});
  first.Apply(second);
  CHECK(first.Given("name") == FieldValue("Eve"));
  CHECK(first.Value(first.added, "age") == FieldValue(3));
  CHECK(first.AddedIDs(first.EdgePlaceOf("friends")) == std::vector<FieldValue>{7});
}

TEST_CASE("a name is one of a stored column, of a field or of an edge with its key in the row") {
  CHECK(grapnel::detail::StoredPlaceOf(kTable<User>, "age") == 2);
  CHECK(grapnel::detail::StoredPlaceOf(kTable<User>, "best_friend") >= kTable<User>.fields);
  CHECK_THROWS_AS(grapnel::detail::StoredPlaceOf(kTable<User>, "cards"),
                  grapnel::TypeMismatchError);
  CHECK_THROWS_AS(grapnel::detail::StoredPlaceOf(kTable<User>, "x"), grapnel::UnknownFieldError);
}

TEST_CASE("what a mutation is bound to there is only while it runs") {
  const Edit m(Op::Create);
  CHECK_THROWS_WITH(m.Running(), "a mutation can do this only while it runs");
}
