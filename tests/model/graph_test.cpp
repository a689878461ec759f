#include <grapnel/model/graph.hpp>

#include <grapnel/schema/schema.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace graph_test {

using grapnel::Many;
using grapnel::One;

struct Room;
struct House {
  std::int64_t id = 0;
  Many<Room> rooms{};
  One<House> main{};
  Many<House> near{};
};
struct Lamp;
struct Room {
  std::int64_t id = 0;
  One<House> house{};
  One<Room> inside{};
  Many<Room> contains{};
  Many<Lamp> lamps{};
  Many<Room> wired_to{};
  Many<Room> wired_from{};
};
struct Lamp {
  std::int64_t id = 0;
  One<Room> fixed_to{};
  One<House> paid_by{};
};

// Edges that do not fit.
struct NoEdge {
  std::int64_t id = 0;
  One<NoEdge> one{};
  Many<NoEdge> unlisted{};
};
struct Elsewhere {
  std::int64_t id = 0;
  One<House> one{};
};
struct Twice {
  std::int64_t id = 0;
  One<Twice> one{}, another{};
  Many<Twice> many{};
};
struct PairsCascade {
  std::int64_t id = 0;
  Many<PairsCascade> many{};
};
struct RequiredNull {
  std::int64_t id = 0;
  One<RequiredNull> one{};
};
struct FixedNull {
  std::int64_t id = 0;
  One<FixedNull> one{};
};
struct FixedThere {
  std::int64_t id = 0;
  One<FixedThere> one{};
  Many<FixedThere> many{};
};
struct OwnType {
  std::int64_t id = 0;
};
struct OwnTable {
  std::int64_t id = 0;
};
struct OwnPairs {
  std::int64_t id = 0;
  Many<OwnPairs> many{};
};
struct TwoMinds {
  std::int64_t id = 0;
  One<TwoMinds> one{};
  Many<TwoMinds> many{};
};
struct TwoFields {
  std::int64_t id = 0;
  std::int64_t age = 0;
};
struct TwoEdges {
  std::int64_t id = 0;
  Many<TwoEdges> many{};
};
struct NamedThere {
  std::int64_t id = 0;
  One<NamedThere> one{};
  Many<NamedThere> many{};
};

}  // namespace graph_test

template <>
struct grapnel::Schema<graph_test::House> {
  static constexpr std::string_view Type = "House";
  static constexpr std::string_view Table = "houses";
  static constexpr auto Edges() {
    using graph_test::House;
    return grapnel::Edges(To<&House::rooms>("rooms").OnDelete(Cascade), To<&House::main>("main"),
                          To<&House::near>("near"));
  }
};
template <>
struct grapnel::Schema<graph_test::Room> {
  static constexpr std::string_view Type = "Room";
  static constexpr auto Edges() {
    using graph_test::Room;
    return grapnel::Edges(
        From<&Room::house>("house").Ref<&graph_test::House::rooms>(),
        From<&Room::inside>("inside").Ref<&Room::contains>().StorageKey("in"),
        To<&Room::contains>("contains").OnDelete(Cascade),
        To<&Room::lamps>("lamps").StorageKey("room"), To<&Room::wired_to>("wired_to"),
        From<&Room::wired_from>("wired_from").Ref<&Room::wired_to>().StorageKey("wires"));
  }
};
template <>
struct grapnel::Schema<graph_test::Lamp> {
  static constexpr std::string_view Type = "Lamp";
  static constexpr auto Edges() {
    using graph_test::Lamp;
    return grapnel::Edges(To<&Lamp::fixed_to>("fixed_to").Required().Unique(),
                          To<&Lamp::paid_by>("paid_by").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<graph_test::TwoFields> {
  static constexpr std::string_view Type = "TwoFields";
  static constexpr auto Fields() {
    using graph_test::TwoFields;
    return grapnel::Fields(Field<&TwoFields::age>("age"), Field<&TwoFields::age>("years"));
  }
};
template <>
struct grapnel::Schema<graph_test::TwoEdges> {
  static constexpr std::string_view Type = "TwoEdges";
  static constexpr auto Edges() {
    using graph_test::TwoEdges;
    return grapnel::Edges(To<&TwoEdges::many>("many"), To<&TwoEdges::many>("all"));
  }
};
template <>
struct grapnel::Schema<graph_test::NoEdge> {
  static constexpr std::string_view Type = "NoEdge";
  static constexpr auto Edges() {
    using graph_test::NoEdge;
    return grapnel::Edges(From<&NoEdge::one>("one").Ref<&NoEdge::unlisted>());
  }
};
template <>
struct grapnel::Schema<graph_test::Elsewhere> {
  static constexpr std::string_view Type = "Elsewhere";
  static constexpr auto Edges() {
    using graph_test::Elsewhere;
    return grapnel::Edges(From<&Elsewhere::one>("one").Ref<&graph_test::House::rooms>());
  }
};
template <>
struct grapnel::Schema<graph_test::Twice> {
  static constexpr std::string_view Type = "Twice";
  static constexpr auto Edges() {
    using graph_test::Twice;
    return grapnel::Edges(To<&Twice::many>("many"), From<&Twice::one>("one").Ref<&Twice::many>(),
                          From<&Twice::another>("another").Ref<&Twice::many>());
  }
};
template <>
struct grapnel::Schema<graph_test::PairsCascade> {
  static constexpr std::string_view Type = "PairsCascade";
  static constexpr auto Edges() {
    using graph_test::PairsCascade;
    return grapnel::Edges(To<&PairsCascade::many>("many").OnDelete(Cascade));
  }
};
template <>
struct grapnel::Schema<graph_test::RequiredNull> {
  static constexpr std::string_view Type = "RequiredNull";
  static constexpr auto Edges() {
    using graph_test::RequiredNull;
    return grapnel::Edges(To<&RequiredNull::one>("one").Required().OnDelete(SetNull));
  }
};
template <>
struct grapnel::Schema<graph_test::FixedNull> {
  static constexpr std::string_view Type = "FixedNull";
  static constexpr auto Edges() {
    using graph_test::FixedNull;
    return grapnel::Edges(To<&FixedNull::one>("one").OnDelete(SetNull).Immutable());
  }
};
template <>
struct grapnel::Schema<graph_test::FixedThere> {
  static constexpr std::string_view Type = "FixedThere";
  static constexpr auto Edges() {
    using graph_test::FixedThere;
    return grapnel::Edges(To<&FixedThere::many>("many").OnDelete(SetNull),
                          From<&FixedThere::one>("one").Ref<&FixedThere::many>().Immutable());
  }
};
template <>
struct grapnel::Schema<graph_test::OwnType> {
  static constexpr std::string_view Type = "grapnel_lists";
  static constexpr std::string_view Table = "lists";
};
template <>
struct grapnel::Schema<graph_test::OwnTable> {
  static constexpr std::string_view Type = "OwnTable";
  static constexpr std::string_view Table = "GRAPNEL_1";
};
template <>
struct grapnel::Schema<graph_test::OwnPairs> {
  static constexpr std::string_view Type = "OwnPairs";
  static constexpr auto Edges() {
    using graph_test::OwnPairs;
    return grapnel::Edges(To<&OwnPairs::many>("many").StorageKey("Grapnel_pair"));
  }
};
template <>
struct grapnel::Schema<graph_test::TwoMinds> {
  static constexpr std::string_view Type = "TwoMinds";
  static constexpr auto Edges() {
    using graph_test::TwoMinds;
    return grapnel::Edges(To<&TwoMinds::many>("many").OnDelete(Cascade),
                          From<&TwoMinds::one>("one").Ref<&TwoMinds::many>().OnDelete(Restrict));
  }
};
template <>
struct grapnel::Schema<graph_test::NamedThere> {
  static constexpr std::string_view Type = "NamedThere";
  static constexpr auto Edges() {
    using graph_test::NamedThere;
    return grapnel::Edges(To<&NamedThere::many>("many").StorageKey("given"),
                          From<&NamedThere::one>("one").Ref<&NamedThere::many>());
  }
};

namespace {

using namespace graph_test;
using grapnel::SchemaError;
using grapnel::detail::Graph;
using grapnel::detail::kTable;
using grapnel::detail::Relation;
using Tables = std::vector<const grapnel::detail::Table*>;
using Lines = std::vector<std::string>;

template <class... Es>
Graph GraphOf() {
  const Tables tables{&kTable<Es>...};
  return Graph(tables);
}

/// The relation of an edge, seen from this end.
template <class E>
const Relation& Along(std::string_view edge) {
  return kTable<E>.FindEdge(edge)->relation();
}

/// "kind table.column" and, of a table of pairs, "/other".
std::string Show(const Relation& r) {
  const char* kinds[] = {"own", "their", "join"};
  return std::string(kinds[static_cast<int>(r.kind)]) + " " + r.table + "." + r.column +
         (r.other.empty() ? "" : "/" + r.other);
}

template <class... Es>
SchemaError Refused() {
  try {
    GraphOf<Es...>();
  } catch (const SchemaError& error) {
    return error;
  }
  throw std::logic_error("nothing was thrown");
}

}  // namespace

TEST_CASE("both ends of an edge agree on the table and the columns that hold it") {
  CHECK(Show(Along<House>("rooms")) == "their Room.house_id");
  CHECK(Show(Along<Room>("house")) == "own Room.house_id");
  CHECK(Along<House>("rooms").inverse == kTable<Room>.FindEdge("house"));
  CHECK(Along<Room>("house").inverse == kTable<House>.FindEdge("rooms"));
  CHECK(Show(Along<House>("main")) == "own houses.main_id");
  CHECK(Along<House>("main").inverse == nullptr);
  CHECK(Show(Along<Room>("inside")) == "own Room.in");
  CHECK(Show(Along<Room>("contains")) == "their Room.in");
  CHECK(Show(Along<Room>("lamps")) == "their Lamp.room");
  CHECK(Show(Along<House>("near")) == "join houses_near.houses_id/near_id");
  CHECK(Along<House>("near").mirrored);
  CHECK(Show(Along<Room>("wired_to")) == "join wires.Room_id/wired_to_id");
  CHECK(Show(Along<Room>("wired_from")) == "join wires.wired_to_id/Room_id");
  CHECK_FALSE(Along<Room>("wired_to").mirrored);
  CHECK(&Along<Room>("lamps").Holder() == &kTable<Lamp>);
  CHECK(&Along<Room>("lamps").Referred() == &kTable<Room>);
  CHECK(&Along<Room>("house").Holder() == &kTable<Room>);
  CHECK(&Along<Room>("house").Referred() == &kTable<House>);
}

TEST_CASE("a key is optional, shared and SetNull unless the edge says otherwise") {
  CHECK_FALSE(Along<House>("main").unique);
  CHECK_FALSE(Along<House>("main").required);
  CHECK(Along<House>("main").on_delete == grapnel::SetNull);
  CHECK(Along<Lamp>("fixed_to").unique);
  CHECK(Along<Lamp>("fixed_to").required);
  CHECK(Along<Lamp>("fixed_to").on_delete == grapnel::Restrict);
  CHECK(Along<Room>("house").on_delete == grapnel::Cascade);  // as the other end says
}

TEST_CASE("a graph has every key and every table of pairs once, and finds who refers to a type") {
  const Graph graph = GraphOf<House, Room, Lamp>();
  const auto names = [](const std::vector<const Relation*>& relations) {
    Lines lines;
    for (const Relation* each : relations) lines.push_back(each->Name());
    return lines;
  };
  CHECK(graph.Tables() == Tables{&kTable<House>, &kTable<Room>, &kTable<Lamp>});
  CHECK(names(graph.Keys()) == Lines{"House.main", "Room.house", "Room.inside", "Room.lamps",
                                     "Lamp.fixed_to", "Lamp.paid_by"});
  CHECK(names(graph.Joins()) == Lines{"House.near", "Room.wired_to"});
  CHECK(names(graph.Referrers(kTable<House>)) == Lines{"House.main", "Room.house", "Lamp.paid_by"});
  CHECK(names(graph.Referrers(kTable<Room>)) ==
        Lines{"Room.inside", "Room.lamps", "Lamp.fixed_to"});
  CHECK(graph.Referrers(kTable<Lamp>).empty());
  CHECK(Graph::Holds(graph.Tables(), kTable<Room>));
  CHECK_FALSE(Graph::Holds(graph.Tables(), kTable<NoEdge>));
}

TEST_CASE("cascades that come back to where they began are cyclic, others are not") {
  const Graph graph = GraphOf<House, Room, Lamp>();
  CHECK(graph.IsCyclic(Along<Room>("inside")));
  CHECK_FALSE(graph.IsCyclic(Along<Room>("house")));
  CHECK_FALSE(graph.IsCyclic(Along<Lamp>("paid_by")));
  CHECK_FALSE(graph.IsCyclic(Along<House>("main")));  // no cascade
}

TEST_CASE("edges that do not fit are refused, and the message says which") {
  const auto check = [](const SchemaError& error, std::string_view edge, std::string_view reason) {
    CHECK(error.Field() == edge);
    CHECK(error.Reason() == reason);
  };
  check(Refused<NoEdge>(), "one", "its Ref names a member that is no edge of NoEdge");
  check(Refused<House, Room, Lamp, Elsewhere>(), "one",
        "its Ref names House.rooms, which leads to Room");
  check(Refused<Twice>(), "many", "two edges say by Ref that they are its other end");
  check(
      Refused<PairsCascade>(), "many",
      "OnDelete is for edges with a foreign key; pairs of ids always go with either of their rows");
  check(Refused<RequiredNull>(), "one", "a required edge cannot be SetNull");
  check(Refused<TwoMinds>(), "many", "its two ends ask for different OnDelete actions");
  const SchemaError lonely = Refused<Room, Lamp>();
  CHECK(lonely.Entity() == "Room");
  check(lonely, "house",
        "it leads to House, which was not named when the database was opened: add it to "
        "grapnel::Open<...>");
}

TEST_CASE("B107 SetNull on an edge that is immutable at either end is refused") {
  const std::string reason =
      "an immutable edge cannot be SetNull: say OnDelete(Cascade) or OnDelete(Restrict)";
  const auto own = Refused<FixedNull>();
  CHECK(own.Entity() == "FixedNull");
  CHECK(own.Field() == "one");
  CHECK(own.Reason() == reason);
  CHECK(Refused<FixedThere>().Reason() == reason);
}

TEST_CASE("B126 names of types and tables that begin with grapnel_ are refused") {
  const auto check = [](const SchemaError& error, std::string_view entity, std::string_view field,
                        const std::string& name) {
    CHECK(error.Entity() == entity);
    CHECK(error.Field() == field);
    CHECK(error.Reason() ==
          '"' + name + "\": names that begin with grapnel_ are Grapnel's own: choose another one");
  };
  check(Refused<OwnType>(), "grapnel_lists", "Type", "grapnel_lists");
  check(Refused<OwnTable>(), "OwnTable", "Table", "GRAPNEL_1");
  check(Refused<OwnPairs>(), "OwnPairs", "many", "Grapnel_pair");
}

TEST_CASE("a member that is named twice is refused") {
  const SchemaError field = Refused<TwoFields>();
  CHECK(field.Entity() == "TwoFields");
  CHECK(field.Field() == "years");
  CHECK(field.Reason() == "it is a second name of the member that is age already: name each once");
  CHECK(Refused<TwoEdges>().Field() == "all");
}

TEST_CASE("the column's name given at the end without the key is taken or refused, not passed by") {
  try {
    GraphOf<NamedThere>();
  } catch (const SchemaError& error) {
    CHECK(error.Entity() == "NamedThere");
    return;
  }
  CHECK(Along<NamedThere>("many").column == "given");
  CHECK(Along<NamedThere>("one").column == "given");
}
