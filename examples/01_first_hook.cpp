// The first hook: an entity, a database in memory, and code around every write of that entity.
//
// An entity is a plain struct; its Schema names it and its fields. A hook gets the mutation, which
// is the write on its way, and `next`, which is the rest of that way. What stands before `next(m)`
// runs before the write, what stands after it runs after, and a hook that throws instead prevents
// it.
//
// Output:
//   Create: before
//   Create: after, the id is 1
//   refused: a book needs a price
//   UpdateOne: before
//   UpdateOne: after, the id is 1
//   1 book: Dune costs 14

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

using grapnel::F;
using grapnel::Op;

struct Book {
  std::int64_t id = 0;
  std::string title;
  std::int64_t price = 0;
};

template <>
struct grapnel::Schema<Book> {
  static constexpr std::string_view Type = "Book";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Book::title>("title").NotEmpty(),
                           Field<&Book::price>("price").Default(0));
  }
};

// A hook is any callable of this shape.
grapnel::Value<Book> Guard(grapnel::Mutation<Book>& m, grapnel::Next<Book> next) {
  if (m.Op() == Op::Create && *m.Get(F<&Book::price>) == 0) {  // defaults are set by now
    throw std::runtime_error("a book needs a price");
  }
  fmt::print("{}: before\n", m.Op());
  grapnel::Value<Book> result = next(m);
  fmt::print("{}: after, the id is {}\n", m.Op(), *m.ID());
  return result;
}

int main() {
  auto client = grapnel::Open<Book>(":memory:");
  client.Migrate();  // makes the table
  client.Of<Book>().Use(Guard);

  const auto books = client.Of<Book>();
  const Book dune = books.Create().Set(F<&Book::title>, "Dune").Set(F<&Book::price>, 12).Save();
  try {
    books.Create().Set(F<&Book::title>, "Emma").Save();
  } catch (const std::exception& error) {
    fmt::print("refused: {}\n", error.what());  // nothing was written
  }
  books.UpdateOne(dune.id).Add(F<&Book::price>, 2).Save();

  const std::vector<Book> found = books.Query().Where(F<&Book::price> > 10).All();
  fmt::print("{} book: {} costs {}\n", found.size(), found[0].title, found[0].price);
}
