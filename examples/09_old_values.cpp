// What a mutation is about to touch: Old and OldRows read the rows as the database has them, inside
// the mutation's own transaction, and IDs says which they are. An optimistic lock is one Where.
//
// Output:
//   price of 1: 100 -> 120
//   price of 2: 200 -> 180
//   somebody was faster: there is no Product any more that matches
//   about to delete 1 (120)
//   about to delete 2 (180)
//   asked after the write: Product Delete

#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

using grapnel::F;
using grapnel::Op;

struct Product {
  std::int64_t id = 0;
  std::int64_t price = 0;
  std::int64_t version = 0;
};

template <>
struct grapnel::Schema<Product> {
  static constexpr std::string_view Type = "Product";
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Product::price>("price"),
                           Field<&Product::version>("version").Default(1));
  }
};

// Tells what changes, in whatever way it is changed.
inline void Audit(const grapnel::Mutation<Product>& m) {
  for (const Product& before : m.OldRows()) {
    if (const std::int64_t* price = m.Get(F<&Product::price>)) {
      fmt::print("price of {}: {} -> {}\n", before.id, before.price, *price);
    } else if (Is(m.Op(), Op::Delete | Op::DeleteOne)) {
      fmt::print("about to delete {} ({})\n", before.id, before.price);
    }
  }
}

// Whoever sets a version must have read the one before it.
inline void Lock(grapnel::Mutation<Product>& m) {
  if (const std::int64_t* version = m.Get(F<&Product::version>)) {
    m.Where(F<&Product::version> == *version - 1);
  }
}

int main() {
  auto client = grapnel::Open<Product>(":memory:");
  client.Migrate();
  const auto products = client.Of<Product>();
  const Product first = products.Create().Set(F<&Product::price>, 100).Save();
  const Product second = products.Create().Set(F<&Product::price>, 200).Save();

  client.Of<Product>().Use(grapnel::hook::On(grapnel::hook::Before(Lock), Op::UpdateOne));
  auto audit =
      client.Of<Product>().Use(grapnel::hook::Unless(grapnel::hook::Before(Audit), Op::Create));

  const auto save = [&](const Product& product, std::int64_t price) {
    products.UpdateOne(product.id)
        .Set(F<&Product::price>, price)
        .Set(F<&Product::version>, product.version + 1)
        .Save();
  };
  save(first, 120);
  save(second, 180);
  try {
    save(first, 130);  // somebody else has saved version 2 meanwhile
  } catch (const grapnel::StaleError& error) {
    fmt::print("somebody was faster: there is no {} any more that matches\n", error.Entity());
  }

  products.Delete().Where(F<&Product::price> > 0).Exec();

  audit.Remove();
  client.Of<Product>().Use(
      grapnel::hook::After([](const grapnel::Mutation<Product>& m, grapnel::Value<Product>&) {
        fmt::print("{} deleted\n", m.IDs().size());  // too late: the rows are gone
      }));
  try {
    products.Delete().Exec();
  } catch (const grapnel::NotLoadedError& error) {
    fmt::print("asked after the write: {}\n", error.What());
  }
}
