/// Entities may bear everyday names. Those that namespace grapnel has as well are written with `::`
/// inside Schema<...>, whose body looks there first.

#include "support/catch.hpp"
#include "support/engine/engine.hpp"

#include <grapnel/grapnel.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using grapnel::F;

struct Token;

struct Index {
  std::int64_t id = 0;
  std::string text;
};

struct Transaction {
  std::int64_t id = 0;
  std::string text;
  grapnel::Many<Token> tokens;
};

struct View {  // a mixin
  std::int64_t version = 0;
};

struct Token : View {
  std::int64_t id = 0;
  std::string text;
  grapnel::One<Transaction> transaction;
  grapnel::One<Index> index;
};

template <>
struct grapnel::Schema<View> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&View::version>("version").Default(0));
  }
  template <class E>
  static auto Hooks() {
    return grapnel::Hooks(hook::Before([](Mutation<E>& m) { m.Set(F<&View::version>, 7); }));
  }
};

template <>
struct grapnel::Schema<Index> {
  static constexpr std::string_view Type = "Index";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Index::text>("text")); }
  static constexpr auto Indexes() { return grapnel::Indexes(Index<&Index::text>().Unique()); }
};

template <>
struct grapnel::Schema<Transaction> {
  static constexpr std::string_view Type = "Transaction";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Transaction::text>("text")); }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Transaction::tokens>("tokens").OnDelete(Cascade));
  }
  static auto Hooks() {
    return grapnel::Hooks([](Mutation<Transaction>& m, Next<Transaction> next) {
      if (const std::string* text = m.Get(F<&Transaction::text>)) {
        m.Set(F<&Transaction::text>, *text + "!");
      }
      return next(m);
    });
  }
};

template <>
struct grapnel::Schema<Token> {
  static constexpr std::string_view Type = "Token";
  using Mixins = grapnel::Mixins<View>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Token::text>("text")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Token::transaction>("transaction").Ref<&Transaction::tokens>(),
                          To<&Token::index>("index"));
  }
};

struct Client {
  std::int64_t id = 0;
  std::string email;
};

struct Field {
  std::int64_t id = 0;
  std::string crop;
};

struct Value {
  std::int64_t id = 0;
  std::int64_t cents = 0;
  grapnel::One<Client> payer;
};

template <>
struct grapnel::Schema<Client> {
  static constexpr std::string_view Type = "Client";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&::Client::email>("email").Unique());
  }
};

template <>
struct grapnel::Schema<Field> {
  static constexpr std::string_view Type = "Field";
  static constexpr auto Fields() { return grapnel::Fields(Field<&::Field::crop>("crop")); }
};

template <>
struct grapnel::Schema<Value> {
  static constexpr std::string_view Type = "Value";
  static constexpr auto Fields() { return grapnel::Fields(Field<&::Value::cents>("cents")); }
  static constexpr auto Edges() { return grapnel::Edges(To<&::Value::payer>("payer").Required()); }
};

TEST_CASE("entities named Transaction, Token, View and Index compile and work") {
  const auto client = engine::Open<Transaction, Token, Index>(":memory:");
  client.Migrate();
  const auto transaction =
      client.Of<Transaction>().Create().Set(F<&Transaction::text>, "paid").Save();
  CHECK(transaction.text == "paid!");
  const auto index = client.Of<Index>().Create().Set(F<&Index::text>, "i").Save();
  CHECK_THROWS_AS(client.Of<Index>().Create().Set(F<&Index::text>, "i").Save(),
                  grapnel::ConstraintError);
  const auto token = client.Of<Token>()
                         .Create()
                         .Set(F<&Token::text>, "t")
                         .Set(F<&Token::transaction>, transaction.id)
                         .Set(F<&Token::index>, index.id)
                         .Save();
  CHECK(token.version == 7);
  const std::vector<Token> found =
      client.Of<Token>()
          .Query()
          .Where(F<&Token::text> == "t" && F<&View::version> == 7 && F<&Token::index>.Has())
          .With(F<&Token::transaction>)
          .All();
  REQUIRE(found.size() == 1);
  CHECK(found[0].transaction->text == "paid!");
  client.WithTx([&](grapnel::Tx& tx) { tx.Of<Transaction>().DeleteOne(transaction.id).Exec(); });
  CHECK(client.Of<Token>().Query().Count() == 0);
}

TEST_CASE("entities named Client, Value and Field are written with :: inside Schema") {
  const auto client = engine::Open<Client, Value, Field>(":memory:");
  client.Migrate();
  client.Use([]<class E>(grapnel::Mutation<E>& m, grapnel::Next<E> next) { return next(m); });
  const Client ada = client.Of<Client>().Create().Set(F<&Client::email>, "ada@x").Save();
  const Value value =
      client.Of<Value>().Create().Set(F<&Value::cents>, 5).Set(F<&Value::payer>, ada.id).Save();
  CHECK(value.payer.ID() == ada.id);
  CHECK(client.Of<Field>().Create().Set(F<&Field::crop>, "rye").Save().crop == "rye");
}
