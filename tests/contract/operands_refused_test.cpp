// B150 and its neighbours: a value that has no form to be stored in is a ValidationError of its
// field, wherever it is given, and whoever refuses it.
#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace refused {

/// Its codec takes no negative number.
struct Natural {
  std::int64_t number = 0;
  friend bool operator==(const Natural&, const Natural&) = default;
};
/// Of a codec that throws what says nothing of the value, or is no exception of the library's.
struct Odd {
  int what = 0;
};
struct Z {
  std::int64_t id = 0;
  Natural p{};
  std::optional<Natural> q{};
  Natural pin{};
  Odd odd{};
  std::uint64_t big = 0;
  std::int64_t n = 0;
  double x = 0;
};

}  // namespace refused

template <>
struct grapnel::Codec<refused::Natural> {
  using Stored = std::int64_t;
  static Stored Encode(const refused::Natural& value) {
    if (value.number < 0) throw std::runtime_error("neg");
    return value.number;
  }
  static refused::Natural Decode(Stored stored) {
    if (stored == 13) throw std::runtime_error("thirteen");
    return {stored};
  }
};
template <>
struct grapnel::Codec<refused::Odd> {
  using Stored = std::string;
  static Stored Encode(const refused::Odd& value) {
    if (value.what == 1) throw std::bad_alloc();
    if (value.what == 2) throw std::logic_error("odd");
    if (value.what == 3) throw 3;  // NOLINT(hicpp-exception-baseclass): a user may
    return {};
  }
  static refused::Odd Decode(const Stored&) { return {}; }
};
template <>
struct grapnel::Schema<refused::Z> {
  static constexpr std::string_view Type = "Z";
  static constexpr auto Fields() {
    using refused::Z;
    return grapnel::Fields(Field<&Z::p>("p"), Field<&Z::q>("q"), Field<&Z::pin>("pin").Sensitive(),
                           Field<&Z::odd>("odd"), Field<&Z::big>("big"), Field<&Z::n>("n"),
                           Field<&Z::x>("x"));
  }
};

namespace {

using grapnel::Avg;
using grapnel::Count;
using grapnel::F;
using grapnel::Max;
using grapnel::Min;
using grapnel::Sum;
using grapnel::ValidationError;
using refused::Natural;
using refused::Odd;
using refused::Z;

struct World : Fixture<Z> {
  World() { client.Of<Z>().CreateBulk({{}, {}}).Save(); }

  auto Query() const { return client.Of<Z>().Query(); }

  /// What is asked is refused where it is said.
  template <class Asked>
  static void Ask(const Asked&) {}

  /// Each is refused as a value of that field, for that reason.
  static void Refused(std::string_view field, std::string_view reason,
                      const std::vector<std::function<void()>>& each) {
    for (const auto& ask : each) {
      const auto error = Thrown<ValidationError>(ask);
      CHECK(error.Entity() == "Z");
      CHECK(error.Field() == field);
      CHECK(error.Reason() == reason);
    }
  }
};

}  // namespace

TEST_CASE_METHOD(World, "B150 what a Codec refuses is a ValidationError wherever it is compared") {
  const Natural bad{-1};
  Refused(
      "p", "neg",
      {[&] { Ask(F<&Z::p> == bad); }, [&] { Ask(F<&Z::p> != bad); }, [&] { Ask(F<&Z::p> < bad); },
       [&] { Ask(bad < F<&Z::p>); }, [&] { Ask(F<&Z::p>.In(Natural{1}, bad)); },
       [&] { Ask(client.Of<Z>().Update().Where(F<&Z::p> == bad)); },
       [&] { Ask(Max(F<&Z::p>) == bad); }, [&] { Ask(bad >= Min(F<&Z::p>)); },
       [&] {
         Z last;
         last.id = 1;
         last.p = bad;
         Ask(Query().Order(grapnel::Asc(F<&Z::p>)).After(last));
       }});
  Refused("p", "neg (UpdateOne)", {[&] { client.Of<Z>().UpdateOne(1).Set(F<&Z::p>, bad).Save(); }});
  Refused("q", "neg",
          {[&] { Ask(F<&Z::q> == bad); }, [&] { Ask(F<&Z::q>.In(std::vector{bad})); },
           [&] { Ask(Max(F<&Z::q>) == bad); }});
  const std::string hidden = Thrown<ValidationError>([&] { Ask(F<&Z::pin> == bad); }).Reason();
  CHECK(hidden.find("neg") == std::string::npos);
  Refused("pin", hidden, {[&] { Ask(Max(F<&Z::pin>) == bad); }});
  Refused("pin", hidden + " (UpdateOne)",
          {[&] { client.Of<Z>().UpdateOne(1).Set(F<&Z::pin>, bad).Save(); }});
}

TEST_CASE_METHOD(World, "what a Codec throws that says nothing of the value comes out as it is") {
  CHECK_THROWS_AS(Ask(F<&Z::odd> == Odd{1}), std::bad_alloc);
  CHECK_THROWS_AS(Ask(F<&Z::odd> == Odd{3}), int);
  Refused("odd", "odd", {[&] { Ask(F<&Z::odd> == Odd{2}); }});
  CHECK_THROWS_AS(client.Of<Z>().Create().Set(F<&Z::odd>, Odd{1}).Save(), std::bad_alloc);
  CHECK_THROWS_AS(client.Of<Z>().Create().Set(F<&Z::odd>, Odd{3}).Save(), int);
  CHECK(Query().Count() == 2);
}

TEST_CASE_METHOD(World, "B150 a number that no aggregate reaches is a ValidationError") {
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  const std::string reason = Thrown<ValidationError>([&] { Ask(F<&Z::big> == most); }).Reason();
  Refused("big", reason,
          {[&] { Ask(Sum(F<&Z::big>) == most); }, [&] { Ask(most > Sum(F<&Z::big>)); },
           [&] { Ask(Max(F<&Z::big>) == most); }, [&] { Ask(Count(F<&Z::big>) < most); }});
  CHECK(Thrown<ValidationError>([&] { Ask(Count() < most); }).Entity() == "Count");
  const double nan = std::nan("");
  const std::string no_number = Thrown<ValidationError>([&] { Ask(F<&Z::x> == nan); }).Reason();
  Refused("x", no_number,
          {[&] { Ask(Sum(F<&Z::x>) == nan); }, [&] { Ask(nan != Avg(F<&Z::x>)); },
           [&] { Ask(Min(F<&Z::x>) == nan); }});
  Refused("n", no_number, {[&] { Ask(Avg(F<&Z::n>) < nan); }});
}

TEST_CASE_METHOD(World,
                 "B150 what an interceptor puts in that a Codec refuses is told of its field") {
  const auto mask = client.Of<Z>().Intercept(
      grapnel::hook::After([](const grapnel::Reading<Z>&, grapnel::Found<Z>& found) {
        if (found.Rows() == nullptr) return;
        for (Z& row : *found.Rows()) row.p = row.pin = Natural{-1};
      }));
  const auto interceptor = "an interceptor made of it what cannot be stored: ";
  Refused("p", std::string(interceptor) + "neg",
          {[&] { Query().Select(F<&Z::p>).Distinct().All(); },
           [&] { Query().GroupBy(F<&Z::n>).Select(Max(F<&Z::p>)).All(); },
           [&] { Query().Max(F<&Z::p>); }});
  const auto error = Thrown<ValidationError>([&] { Query().Select(F<&Z::pin>).Distinct().All(); });
  CHECK(error.Field() == "pin");
  CHECK(error.Reason().find("neg") == std::string::npos);
  CHECK(Query().Select(F<&Z::p>).All().size() == 2);  // nobody stores it
  CHECK(Query().All().at(0).p == Natural{-1});
  Raw("UPDATE Z SET p = -5");
  Refused("p", "neg", {[&] { Query().GroupBy(F<&Z::p>).Select(Count()).All(); }});
  mask.Remove();
  CHECK(Query().Max(F<&Z::p>) == Natural{-5});
  client.Of<Z>().Intercept(
      grapnel::hook::After([](const grapnel::Reading<Z>&, grapnel::Found<Z>& found) {
        for (Z& row : *found.Rows()) row.q = Natural{13};
      }));
  Raw("UPDATE Z SET q = 1");
  Refused("q", "an interceptor made of it what cannot be read back: thirteen",
          {[&] { Query().Max(F<&Z::q>); }});
}

TEST_CASE_METHOD(World,
                 "by name what a Codec refuses is of another type, as all that does not fit") {
  for (const std::int64_t bad : {-3, 13}) {
    const auto narrowed = client.Of<Z>().Intercept(
        grapnel::hook::Before([&](grapnel::Reading<Z>& r) { r.WhereField("p", bad); }));
    const auto error = Thrown<grapnel::TypeMismatchError>([&] { Query().All(); });
    CHECK(error.Field() == "p");
    CHECK(std::string(error.what()).find(bad < 0 ? "neg" : "thirteen") != std::string::npos);
    narrowed.Remove();
  }
}
