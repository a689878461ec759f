#pragma once

/// Asks Grapnel.

#include "contract/random_queries/print.hpp"
#include "contract/random_queries/query.hpp"
#include "contract/random_queries/schema.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/engine/engine.hpp"

namespace queries {

using grapnel::F;

template <class E>
inline constexpr Type kTypeOf = kA;
template <>
inline constexpr Type kTypeOf<B> = kB;
template <>
inline constexpr Type kTypeOf<C> = kC;

/// `f.operator()<M>()`, M the member in that place of the list.
template <auto... Ms, class Function>
void Visit(List<Ms...>, std::size_t at, Function f) {
  std::size_t i = 0;
  ((i++ == at ? f.template operator()<Ms>() : void()), ...);
}
template <class E, class Function>
void VisitField(std::size_t at, Function f) {
  Visit(MembersOf<E>::Fields, at, f);
}
template <class E, class Function>
void VisitEdge(std::size_t at, Function f) {
  Visit(MembersOf<E>::Edges, at, f);
}

// Values.

inline Value ToValue(bool value) { return std::int64_t{value}; }
inline Value ToValue(std::int64_t value) { return value; }
inline Value ToValue(double value) { return value; }
inline Value ToValue(const std::string& value) { return value; }
inline Value ToValue(Time value) {
  return std::int64_t{
      std::chrono::duration_cast<std::chrono::microseconds>(value.time_since_epoch()).count()};
}
inline Value ToValue(Mood value) { return std::string(value == Mood::Calm ? "calm" : "Angry"); }
inline Value ToValue(Level value) { return static_cast<std::int64_t>(value); }
inline Value ToValue(const Bytes& value) {
  return std::string(reinterpret_cast<const char*>(value.data()), value.size());
}
template <class T>
Value ToValue(const std::optional<T>& value) {
  return value ? ToValue(*value) : Value();
}

template <class T>
struct Reader {
  static T From(const Value& value) {
    if constexpr (std::is_same_v<T, double> || std::is_same_v<T, std::string>) {
      return std::get<T>(value);
    } else if constexpr (std::is_same_v<T, Time>) {
      return Time(std::chrono::microseconds(std::get<1>(value)));
    } else if constexpr (std::is_same_v<T, Mood>) {
      return std::get<3>(value) == "calm" ? Mood::Calm : Mood::Angry;
    } else if constexpr (std::is_same_v<T, Bytes>) {
      Bytes bytes;
      for (const char each : std::get<3>(value)) bytes.push_back(static_cast<std::byte>(each));
      return bytes;
    } else {
      return static_cast<T>(std::get<1>(value));
    }
  }
};
template <class T>
struct Reader<std::optional<T>> {
  static std::optional<T> From(const Value& value) {
    return IsNull(value) ? std::nullopt : std::optional<T>(Reader<T>::From(value));
  }
};

template <auto Member>
using Token = grapnel::MemberToken<Member>;
template <auto Edge>
using TargetOf = typename Token<Edge>::Type::Neighbour;

// Conditions.

template <class E>
using Predicate = grapnel::store::Predicate<E>;

/// `left OP right`.
template <class E, class Left, class Right>
Predicate<E> Signed(Where::What sign, const Left& left, const Right& right) {
  using What = Where::What;
  switch (sign) {
    case What::Equal:
      return Predicate<E>((left == right).Node());
    case What::NotEqual:
      return Predicate<E>((left != right).Node());
    case What::Less:
      return Predicate<E>((left < right).Node());
    case What::LessEqual:
      return Predicate<E>((left <= right).Node());
    case What::Greater:
      return Predicate<E>((left > right).Node());
    default:
      return Predicate<E>((left >= right).Node());
  }
}

template <class E>
Predicate<E> Build(const Where& where);

template <class E, auto M>
Predicate<E> OfField(const Where& where) {
  using What = Where::What;
  using Bare = typename Token<M>::Bare;
  if (where.what == What::IsNull) return Predicate<E>(F<M>.IsNull().Node());
  std::vector<Bare> values;
  for (const Value& value : where.values) values.push_back(Reader<Bare>::From(value));
  if (where.what == What::In) return Predicate<E>(F<M>.In(values).Node());
  const Bare value = values.front();
  if constexpr (std::is_same_v<Bare, std::string>) {
    if (where.what == What::EqualFold) return Predicate<E>(F<M>.EqualFold(value).Node());
    if (where.what == What::ContainsFold) return Predicate<E>(F<M>.ContainsFold(value).Node());
  }
  if constexpr (std::is_same_v<Bare, std::string> || std::is_same_v<Bare, Bytes>) {
    if (where.what == What::Contains) return Predicate<E>(F<M>.Contains(value).Node());
    if (where.what == What::HasPrefix) return Predicate<E>(F<M>.HasPrefix(value).Node());
    if (where.what == What::HasSuffix) return Predicate<E>(F<M>.HasSuffix(value).Node());
  }
  return Signed<E>(where.what, F<M>, value);
}

template <class E, auto M>
Predicate<E> OfEdge(const Where& where) {
  using What = Where::What;
  using Target = TargetOf<M>;
  if (where.what == What::Has) {
    return where.inside.empty() ? F<M>.Has() : F<M>.Has(Build<Target>(where.inside.front()));
  }
  if constexpr (std::is_same_v<typename Token<M>::Type, grapnel::One<Target>>) {
    if (where.what == What::EdgeIsNull) return F<M>.IsNull();
    std::vector<decltype(Target::id)> ids;
    for (const Value& id : where.values) ids.push_back(Reader<decltype(Target::id)>::From(id));
    if (where.what == What::EdgeIn) return F<M>.In(ids);
    return where.what == What::EdgeEqual ? F<M> == ids.front() : F<M> != ids.front();
  }
  return F<M>.Has();
}

template <class E>
Predicate<E> OfBoth(const Where& where) {
  if constexpr (std::is_same_v<E, A>) {
    if (where.at == 0) return Signed<A>(where.sign, F<&A::count>, F<&Marked::rank>);
    if (where.at == 1) return Signed<A>(where.sign, F<&A::name>, F<&A::note>);
    return Signed<A>(where.sign, F<&Marked::rank>, F<&A::id>);
  } else if constexpr (std::is_same_v<E, B>) {
    return where.at == 0 ? Signed<B>(where.sign, F<&B::id>, F<&B::note>)
                         : Signed<B>(where.sign, F<&B::note>, F<&B::name>);
  } else {
    return where.at == 0 ? Signed<C>(where.sign, F<&C::level>, F<&C::wanted>)
                         : Signed<C>(where.sign, F<&Marked::rank>, F<&C::id>);
  }
}

template <class E, class Of>
Predicate<E> Joined(const Where& where, Of of) {
  Predicate<E> all = of(where.inside.front());
  if (where.what == Where::What::Not) return !all;
  for (std::size_t at = 1; at < where.inside.size(); ++at) {
    const Predicate<E> each = of(where.inside[at]);
    all = where.what == Where::What::And ? all && each : all || each;
  }
  return all;
}

template <class E>
Predicate<E> Build(const Where& where) {
  using What = Where::What;
  if (where.IsJoin() || where.what == What::Not) return Joined<E>(where, Build<E>);
  if (where.what == What::Fields) return OfBoth<E>(where);
  Predicate<E> built(nullptr);
  if (where.what > What::Fields) {
    VisitEdge<E>(
        where.at, [&]<auto M>() { built = OfEdge<E, M>(where); });
  } else {
    VisitField<E>(
        where.at, [&]<auto M>() { built = OfField<E, M>(where); });
  }
  return built;
}

// Orders and loads.

template <class Of>
auto Directed(bool descending, Order::Nulls nulls, Of of) {
  auto order = descending ? grapnel::Desc(of) : grapnel::Asc(of);
  if (nulls == Order::Nulls::First) order = order.NullsFirst();
  if (nulls == Order::Nulls::Last) order = order.NullsLast();
  return order;
}
template <auto M, class Chosen>
void OrderByNeighbour(Chosen& chosen, const Order& by) {
  VisitField<TargetOf<M>>(
      by.of, [&]<auto Field>() {
        auto order = by.descending ? grapnel::Desc(F<M>, F<Field>) : grapnel::Asc(F<M>, F<Field>);
        if (by.nulls == Order::Nulls::First) order = order.NullsFirst();
        if (by.nulls == Order::Nulls::Last) order = order.NullsLast();
        chosen.Order(order);
      });
}
template <class E, class Chosen>
void OrderBy(Chosen& chosen, const Order& by) {
  if (by.by == Order::By::Field) {
    return VisitField<E>(
        by.at, [&]<auto M>() { chosen.Order(Directed(by.descending, by.nulls, F<M>)); });
  }
  VisitEdge<E>(
      by.at, [&]<auto M>() {
        if (by.by == Order::By::Count) {
          chosen.Order(Directed(by.descending, by.nulls, grapnel::CountOf(F<M>)));
          return;
        }
        if constexpr (std::is_same_v<typename Token<M>::Type, grapnel::One<TargetOf<M>>>) {
          if (by.by == Order::By::Neighbour) return OrderByNeighbour<M>(chosen, by);
          if constexpr (grapnel::detail::kIsColumn<E, M>) {
            chosen.Order(Directed(by.descending, by.nulls, F<M>));
          }
        }
      });
}

/// What a query and neighbours that are loaded have in common.
template <class E, class Chosen>
void Choose(Chosen& chosen, const Choice& choice) {
  for (const Where& where : choice.where) chosen.Where(Build<E>(where));
  for (const Order& order : choice.order) OrderBy<E>(chosen, order);
  if (choice.limit) chosen.Limit(*choice.limit);
  if (choice.offset != 0) chosen.Offset(choice.offset);
  for (const Load& load : choice.with) {
    VisitEdge<E>(
        load.edge, [&]<auto M>() {
          chosen.With(F<M>,
                      [&](auto& neighbours) { Choose<TargetOf<M>>(neighbours, load.choice); });
        });
  }
}

// Rows.

template <class E>
E ToEntity(const Row& row) {
  E entity{};
  for (std::size_t at = 0; at < row.cells.size(); ++at) {
    VisitField<E>(
        at, [&]<auto M>() {
          using Stored = std::remove_cvref_t<decltype(entity.*M)>;
          entity.*M = Reader<Stored>::From(row.cells[at]);
        });
  }
  return entity;
}
/// With the keys of its own.
template <class E>
E ToWhole(const Row& row) {
  E entity = ToEntity<E>(row);
  for (std::size_t at = 0; at < kInfo[kTypeOf<E>].edges; ++at) {
    VisitEdge<E>(
        at, [&]<auto M>() {
          using Target = TargetOf<M>;
          if constexpr (grapnel::detail::kIsColumn<E, M>) {
            const Value& key = row.keys[EdgeOf(kTypeOf<E>, at).at];
            if (IsNull(key)) return;
            entity.*M = grapnel::One<Target>(Reader<decltype(Target::id)>::From(key));
          }
        });
  }
  return entity;
}

template <class E>
std::string Tell(const E& entity, const std::vector<Load>& loads, bool whole);

template <auto M, class E>
std::string TellLoaded(const E& entity, const Load& load, bool whole) {
  using Target = TargetOf<M>;
  const std::vector<Load> nested = Merged(load.choice.with);
  Lines neighbours;
  if constexpr (std::is_same_v<typename Token<M>::Type, grapnel::Many<Target>>) {
    for (const Target& each : entity.*M) neighbours.push_back(Tell(each, nested, whole));
  } else if (const Target* one = (entity.*M).Get()) {
    neighbours.push_back(Tell(*one, nested, whole));
  }
  return ShowLoaded(EdgeOf(kTypeOf<E>, load.edge), load, std::move(neighbours));
}
template <class E>
std::string Tell(const E& entity, const std::vector<Load>& loads, bool whole) {
  std::string line = Show(ToValue(entity.id)) + " " + Show(ToValue(entity.name));
  for (std::size_t at = kId + 1; whole && at < kInfo[kTypeOf<E>].fields; ++at) {
    VisitField<E>(
        at, [&]<auto M>() { line += " " + Show(ToValue(entity.*M)); });
  }
  for (std::size_t at = 0; whole && at < kInfo[kTypeOf<E>].edges; ++at) {
    VisitEdge<E>(
        at, [&]<auto M>() {
          if constexpr (grapnel::detail::kIsColumn<E, M>) {
            const auto id = (entity.*M).ID();
            line += " " + Show(id ? ToValue(*id) : Value());
          }
        });
  }
  for (const Load& load : loads) {
    VisitEdge<E>(
        load.edge, [&]<auto M>() { line += TellLoaded<M>(entity, load, whole); });
  }
  return line;
}

// Verbs.

template <class E>
using Query = grapnel::store::Query<E>;

/// A table of values: `Rows` of All(), each in a line.
template <class Rows>
Lines TellValues(const Rows& rows) {
  Lines lines;
  for (const auto& row : rows) {
    std::string line;
    if constexpr (requires { std::tuple_size<std::remove_cvref_t<decltype(row)>>::value; }) {
      std::apply([&](const auto&... each) { ((line += Show(ToValue(each)) + " "), ...); }, row);
    } else {
      line = Show(ToValue(row)) + " ";
    }
    lines.push_back(line);
  }
  return lines;
}

/// A shape as code: fields, and aggregates.
template <class E, class Keys, class... Aggregates>
struct GroupsOf;
template <class E, auto... Keys, class... Aggregates>
struct GroupsOf<E, List<Keys...>, Aggregates...> {
  using Groups = grapnel::store::GroupsOf<E>;

  static Lines Ask(const Query<E>& query, const queries::Ask& ask) {
    auto groups = query.GroupBy(F<Keys>...);
    for (const Where& having : ask.having) groups.Having(Having(having));
    for (const GroupOrder& order : ask.groups) {
      std::size_t at = 0;
      if (order.by_key) {
        ((at++ == order.at ? void(groups.Order(Directed(order.descending, order.nulls, F<Keys>)))
                           : void()),
         ...);
      } else {
        ((at++ == order.at
              ? void(groups.Order(Directed(order.descending, order.nulls, Aggregates{})))
              : void()),
         ...);
      }
    }
    if (ask.limit) groups.Limit(*ask.limit);
    if (ask.offset != 0) groups.Offset(ask.offset);
    return TellValues(groups.Select(Aggregates{}...).All());
  }

 private:
  static Predicate<Groups> Having(const Where& having) {
    if (having.IsJoin() || having.what == Where::What::Not) return Joined<Groups>(having, &Having);
    Predicate<Groups> built(nullptr);
    std::size_t at = 0;
    ((at++ == having.at ? void(built = Signed<Groups>(
                                   having.what, Aggregates{},
                                   Reader<typename Aggregates::Bare>::From(having.values.front())))
                        : void()),
     ...);
    return built;
  }
};

template <auto... Fields, class E>
Lines Select(const Query<E>& query, bool distinct) {
  auto selection = query.Select(F<Fields>...);
  if (distinct) selection.Distinct();
  return TellValues(selection.All());
}

using grapnel::store::Aggregate;
using grapnel::store::AggregateKind;
using Number = Aggregate<AggregateKind::Count>;
template <auto M>
using Different = Aggregate<AggregateKind::Count, M>;
template <auto M>
using Total = Aggregate<AggregateKind::Sum, M>;
template <auto M>
using Mean = Aggregate<AggregateKind::Avg, M>;
template <auto M>
using Least = Aggregate<AggregateKind::Min, M>;
template <auto M>
using Most = Aggregate<AggregateKind::Max, M>;

/// As kGroups and kSelects say.
inline Lines AskValues(const Query<A>& query, const Ask& ask) {
  if (ask.verb == Ask::Verb::Select) {
    if (ask.shape == 0) return Select<&A::name>(query, ask.distinct);
    return Select<&Marked::flag, &A::note, &A::due>(query, ask.distinct);
  }
  if (ask.shape == 0) {
    return GroupsOf<A, List<&Marked::flag>, Number, Total<&A::count>, Mean<&A::score>,
                    Least<&A::name>, Most<&A::due>>::Ask(query, ask);
  }
  return GroupsOf<A, List<&A::name, &A::note>, Different<&A::data>, Total<&A::score>,
                  Most<&A::mood>>::Ask(query, ask);
}
inline Lines AskValues(const Query<B>& query, const Ask& ask) {
  if (ask.verb == Ask::Verb::Group) {
    return GroupsOf<B, List<&B::mood>, Number, Total<&B::score>, Mean<&B::score>, Most<&B::id>,
                    Least<&B::name>>::Ask(query, ask);
  }
  if (ask.shape == 0) return Select<&B::mood>(query, ask.distinct);
  return Select<&B::id, &B::name>(query, ask.distinct);
}
inline Lines AskValues(const Query<C>& query, const Ask& ask) {
  if (ask.verb == Ask::Verb::Group) {
    return GroupsOf<C, List<&C::wanted, &C::level>, Number, Least<&C::data>,
                    Different<&Marked::rank>>::Ask(query, ask);
  }
  return Select<&C::wanted, &Marked::rank, &C::name>(query, ask.distinct);
}

template <class E, auto M>
Value Computed(const Query<E>& query, Measure::Kind kind) {
  using Bare = typename Token<M>::Bare;
  if (kind == Measure::Kind::Count) return ToValue(query.Count(F<M>));
  if (kind == Measure::Kind::Min) return ToValue(query.Min(F<M>));
  if (kind == Measure::Kind::Max) return ToValue(query.Max(F<M>));
  if constexpr (std::is_same_v<Bare, std::int64_t> || std::is_same_v<Bare, double>) {
    return kind == Measure::Kind::Sum ? ToValue(query.Sum(F<M>)) : ToValue(query.Avg(F<M>));
  }
  return Value();
}

template <class E>
Lines AskRows(const Query<E>& query, const Ask& ask) {
  Lines lines;
  const std::vector<Load> loads = Merged(ask.choice.with);
  const auto tell = [&](const E& row) { lines.push_back(Tell(row, loads, ask.whole)); };
  if (ask.verb == Ask::Verb::ForEach) {
    query.ForEach([&](E& row) {
      tell(row);
      row = E{};  // which nobody sees
    });
  } else if (ask.verb == Ask::Verb::Loop) {
    std::int64_t left = ask.limit.value_or(-1);
    for (const E& row : query) {
      if (left-- == 0) break;
      tell(row);
    }
  } else if (ask.verb == Ask::Verb::Pages) {
    Query<E> pages = query;
    constexpr std::size_t most = 100;  // more than there are: a fault might turn in a circle
    for (auto page = pages.All(); !page.empty(); page = pages.After(page.back()).All()) {
      for (const E& row : page) tell(row);
      if (lines.size() > most) break;
    }
  } else {
    for (const E& row : query.All()) tell(row);
  }
  return lines;
}

template <class E>
Lines AskLast(const Query<E>& query, const Ask& ask, bool again = false) {
  if (ask.again && !again) AskLast(query, ask, true);
  switch (ask.verb) {
    case Ask::Verb::Count:
      return {std::to_string(query.Count())};
    case Ask::Verb::Exist:
      return {query.Exist() ? "yes" : "no"};
    case Ask::Verb::IDs: {
      Lines ids;
      for (const auto& id : query.IDs()) ids.push_back(Show(ToValue(id)));
      return Ordered(ask, std::move(ids));
    }
    case Ask::Verb::Measure: {
      Value value;
      VisitField<E>(
          *ask.measure.field, [&]<auto M>() { value = Computed<E, M>(query, ask.measure.kind); });
      return {Show(value)};
    }
    case Ask::Verb::First:
    case Ask::Verb::Only:
      try {
        const E row = ask.verb == Ask::Verb::First ? query.First() : query.Only();
        return {Tell(row, Merged(ask.choice.with), ask.whole)};
      } catch (const grapnel::NotFoundError&) {
        return {"none"};
      } catch (const grapnel::NotSingularError&) {
        return {"several"};
      }
    case Ask::Verb::Group:
    case Ask::Verb::Select:
      return Ordered(ask, AskValues(query, ask));
    default:
      return Ordered(ask, AskRows(query, ask));
  }
}

/// Goes along the hops that are left, and asks.
template <class E>
Lines Follow(Query<E> query, const Ask& ask, std::size_t hop = 0) {
  const bool last = hop == ask.hops.size();
  const Choice& choice = last ? ask.choice : ask.hops[hop].choice;
  Choice chosen = choice;
  if (choice.after && ask.again) chosen.where.clear();
  Choose<E>(query, chosen);
  if (choice.after) query.After(ToWhole<E>(*choice.after));
  if (choice.after && ask.again) {
    for (const Where& where : choice.where) query.Where(Build<E>(where));
  }
  if (last) return AskLast(query, ask);
  Lines lines;
  VisitEdge<E>(
      ask.hops[hop].edge, [&]<auto M>() { lines = Follow(query.Traverse(F<M>), ask, hop + 1); });
  return lines;
}

/// A database that holds a world.
class Runner {
 public:
  explicit Runner(const World& world) {
    client_.Migrate();
    client_.WithTx([&](grapnel::Tx& tx) {
      Insert<A>(tx, world);
      Insert<B>(tx, world);
      Insert<C>(tx, world);
      Refer<A>(tx, world);
      Refer<B>(tx, world);
      Pair<&A::friends>(tx, world.pairs[0]);
      Pair<&A::tags>(tx, world.pairs[1]);
      Pair<&C::follows>(tx, world.pairs[2]);
      Pair<&B::likes>(tx, Likes(world));
    });
    Intercept<A>(world.intercept[kA]);
    Intercept<B>(world.intercept[kB]);
    Intercept<C>(world.intercept[kC]);
  }

  Lines Answer(const Ask& ask) const {
    try {
      if (ask.verb >= Ask::Verb::Update) return Write(ask);
      if (ask.in == Ask::In::Tx) {
        auto tx = client_.Tx();
        return Begin(tx, ask);
      }
      return ask.in == Ask::In::ReadTx ? Begin(client_.ReadTx(), ask) : Begin(client_, ask);
    } catch (const std::exception& error) {
      return {std::string("throws: ") + error.what()};
    }
  }

 private:
  template <class From>
  static Lines Begin(const From& from, const Ask& ask) {
    if (ask.type == kA) return Begin<A>(from, ask);
    return ask.type == kB ? Begin<B>(from, ask) : Begin<C>(from, ask);
  }
  template <class E, class From>
  static Lines Begin(const From& from, const Ask& ask) {
    const auto type = from.template Of<E>();
    if (ask.verb != Ask::Verb::Find) return Follow(type.Query(), ask);
    const std::optional<E> found = type.Find(Reader<decltype(E::id)>::From(ask.id));
    return {found ? Tell(*found, {}, ask.whole) : "none"};
  }
  /// How many rows are written, which they are not.
  Lines Write(const Ask& ask) const {
    const auto tx = client_.Tx();
    if (ask.type == kA) return Write(tx.Of<A>(), ask);
    return ask.type == kB ? Write(tx.Of<B>(), ask) : Write(tx.Of<C>(), ask);
  }
  template <class E>
  static Lines Write(const grapnel::store::Entities<E>& type, const Ask& ask) {
    const auto all = [&](auto builder) {
      for (const Where& where : ask.choice.where) builder.Where(Build<E>(where));
      return builder;
    };
    const std::int64_t count =
        ask.verb == Ask::Verb::Delete
            ? all(type.Delete()).Exec()
            : all(type.Update()).Set(F<&Marked::flag>, true).Set(F<&Marked::rank>, 2).Save();
    return {std::to_string(count)};
  }

  template <class E>
  static void Insert(const grapnel::Tx& tx, const World& world) {
    std::vector<E> entities;
    for (const Row& row : world.rows[kTypeOf<E>]) entities.push_back(ToEntity<E>(row));
    tx.Of<E>().CreateBulk(entities).Save();
  }
  template <class E>
  static void Refer(const grapnel::Tx& tx, const World& world) {
    for (const Row& row : world.rows[kTypeOf<E>]) {
      for (std::size_t at = 0; at < kInfo[kTypeOf<E>].edges; ++at) {
        VisitEdge<E>(
            at, [&]<auto M>() {
              using Target = TargetOf<M>;
              if constexpr (grapnel::detail::kIsColumn<E, M>) {
                const Value& key = row.keys[EdgeOf(kTypeOf<E>, at).at];
                if (IsNull(key)) return;
                tx.Of<E>()
                    .UpdateOne(Reader<decltype(E::id)>::From(row.Id()))
                    .Set(F<M>, Reader<decltype(Target::id)>::From(key))
                    .Save();
              }
            });
      }
    }
  }
  static PairSet Likes(const World& world) {
    PairSet likes;
    for (const Row& row : world.rows[kC]) {
      if (!IsNull(row.keys[kLiked])) likes.emplace(row.keys[kLiked], row.Id());
    }
    return likes;
  }
  template <auto M>
  static void Pair(const grapnel::Tx& tx, const PairSet& pairs) {
    using E = typename Token<M>::Owner;
    using Target = TargetOf<M>;
    for (const auto& [one, other] : pairs) {
      tx.Of<E>()
          .UpdateOne(Reader<decltype(E::id)>::From(one))
          .AddIDs(F<M>, std::vector{Reader<decltype(Target::id)>::From(other)})
          .Save();
    }
  }

  template <class E>
  void Intercept(const queries::Intercept& what) {
    const auto type = client_.Of<E>();
    if (!what.narrow.empty() || what.at_most) {
      type.Intercept(grapnel::hook::Before([what](grapnel::Reading<E>& r) {
        for (const Where& where : what.narrow) r.Where(Build<E>(where));
        if (what.at_most) r.AtMost(*what.at_most);
      }));
    }
    if (what.around) {
      type.Intercept([](grapnel::Reading<E>& r, grapnel::NextRead<E> next) { return next(r); });
    }
    if (!what.mask) return;
    type.Intercept(grapnel::hook::After([](const grapnel::Reading<E>&, grapnel::Found<E>& found) {
      if (std::vector<E>* rows = found.Rows()) {
        for (E& row : *rows) row.name = kMask;
      }
    }));
  }

  grapnel::Database<A, B, C> client_ = engine::Open<A, B, C>(":memory:");
};

}  // namespace queries
