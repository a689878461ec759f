/// B142, B143: no cell leaks. Every reading verb, at every place, in every kind of access, must not
/// tell a database in which interceptors hide rows from one in which these rows are not there at
/// all; nor one in which they mask a field from one in which it says nothing.

#include <grapnel/grapnel.hpp>

#include "support/catch.hpp"
#include "support/engine/engine.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace hook = grapnel::hook;
using grapnel::Asc;
using grapnel::Desc;
using grapnel::F;

namespace {

using Lines = std::vector<std::string>;

struct Doc;
struct Folder;
struct Tag;

/// What all types have.
struct Hideable {
  bool hidden = false;
  std::string text{};
};
struct Folder : Hideable {
  std::int64_t id = 0;
  grapnel::Many<Doc> docs{};
};
struct Doc : Hideable {
  std::int64_t id = 0;
  std::int64_t size = 0;
  std::int64_t kind = 0;
  grapnel::One<Folder> folder{};
  grapnel::One<Doc> next{};
  grapnel::Many<Tag> tags{};
};
struct Tag : Hideable {
  std::int64_t id = 0;
  grapnel::Many<Doc> docs{};
};

}  // namespace

template <>
struct grapnel::Schema<Hideable> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Hideable::hidden>("hidden").Default(false),
                           Field<&Hideable::text>("text"));
  }
};
template <>
struct grapnel::Schema<Folder> {
  static constexpr std::string_view Type = "Folder";
  using Mixins = grapnel::Mixins<Hideable>;
  static constexpr auto Edges() { return grapnel::Edges(To<&Folder::docs>("docs")); }
};
template <>
struct grapnel::Schema<Doc> {
  static constexpr std::string_view Type = "Doc";
  using Mixins = grapnel::Mixins<Hideable>;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Doc::size>("size"), Field<&Doc::kind>("kind"));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Doc::folder>("folder").Ref<&Folder::docs>(), To<&Doc::next>("next"),
                          To<&Doc::tags>("tags"));
  }
};
template <>
struct grapnel::Schema<Tag> {
  static constexpr std::string_view Type = "Tag";
  using Mixins = grapnel::Mixins<Hideable>;
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Tag::docs>("docs").Ref<&Doc::tags>());
  }
};

namespace {

constexpr auto kText = F<&Hideable::text>;
using Database = grapnel::Database<Folder, Doc, Tag>;
using Docs = grapnel::store::Query<Doc>;

/// Four folders, twenty docs, five tags; of each type every third is hidden.
Database Open() {
  auto client = engine::Open<Folder, Doc, Tag>(":memory:");
  client.Migrate();
  const auto fill = [&]<class E>(auto create, std::int64_t id) {
    create.Set(F<&E::id>, id)
        .Set(kText, std::string(client.Of<E>().Query().Exist() ? "t" : "s") + std::to_string(id));
    create.Set(F<&Hideable::hidden>, id % 3 == 0);
    return create;
  };
  for (std::int64_t id = 1; id <= 4; ++id) {
    fill.template operator()<Folder>(client.Of<Folder>().Create(), id).Save();
  }
  for (std::int64_t id = 1; id <= 5; ++id) {
    fill.template operator()<Tag>(client.Of<Tag>().Create(), id).Save();
  }
  for (std::int64_t id = 1; id <= 20; ++id) {
    auto doc = fill.template operator()<Doc>(client.Of<Doc>().Create(), id);
    doc.Set(F<&Doc::size>, id * 7 % 11).Set(F<&Doc::kind>, id % 4);
    if (id % 5 != 0) doc.Set(F<&Doc::folder>, 1 + id % 4);
    if (id > 1 && id % 2 == 0) doc.Set(F<&Doc::next>, id - 1);
    for (std::int64_t tag = 1; tag <= 5; ++tag) {
      if ((id + tag) % 3 == 1) doc.AddIDs(F<&Doc::tags>, std::vector{tag});
    }
    doc.Save();
  }
  return client;
}

void RemoveHidden(const Database& client) {
  client.Of<Doc>().Delete().Where(F<&Hideable::hidden> == true).Exec();
  client.Of<Folder>().Delete().Where(F<&Hideable::hidden> == true).Exec();
  client.Of<Tag>().Delete().Where(F<&Hideable::hidden> == true).Exec();
}

std::string Join(Lines lines, bool ordered = false) {
  if (!ordered) std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line + " ";
  return text;
}

std::string Tell(const Doc& doc) {
  std::string text = doc.text;
  if (doc.folder.IsLoaded()) text += doc.folder.Get() == nullptr ? "/-" : "/" + doc.folder->text;
  if (doc.folder.IsLoaded() && doc.folder.Get() != nullptr && doc.folder->docs.IsLoaded()) {
    Lines docs;
    for (const Doc& each : doc.folder->docs) docs.push_back(Tell(each));
    text += "[" + Join(docs) + "]";
  }
  if (doc.next.IsLoaded()) text += doc.next.Get() == nullptr ? ">-" : ">" + Tell(*doc.next);
  if (doc.tags.IsLoaded()) {
    Lines tags;
    for (const Tag& tag : doc.tags) {
      Lines docs;
      if (tag.docs.IsLoaded()) {
        for (const Doc& each : tag.docs) docs.push_back(each.text);
      }
      tags.push_back(tag.text + "{" + Join(docs) + "}");
    }
    text += "(" + Join(tags) + ")";
  }
  return text;
}
std::string Tell(const std::vector<Doc>& docs, bool ordered = false) {
  Lines lines;
  for (const Doc& doc : docs) lines.push_back(Tell(doc));
  return Join(lines, ordered);
}
template <class T>
std::string Tell(const std::optional<T>& value) {
  if (!value) return "none";
  if constexpr (std::is_same_v<T, std::string>) {
    return *value;
  } else {
    return std::to_string(*value);
  }
}

/// What every verb says of these rows. `by_id`: their order is that of their ids.
Lines Verbs(const Docs& rows) {
  Lines said;
  const auto say = [&](std::string_view verb, const std::string& what) {
    said.push_back(std::string(verb) + ": " + what);
  };
  Docs by_id = rows;
  by_id.Order(Asc(F<&Doc::id>));
  Docs some = by_id;
  some.Offset(1).Limit(3);
  say("All", Tell(rows.All()));
  say("All in order", Tell(some.All(), true));
  say("First", rows.Exist() ? by_id.First().text : "none");
  Docs only = rows;
  only.Where(F<&Doc::id> == 7);
  say("Only", only.Exist() ? only.Only().text : "none");
  say("Count", std::to_string(rows.Count()) + " " + std::to_string(some.Count()));
  say("Exist", rows.Exist() ? "yes" : "no");
  Lines ids;
  for (const std::int64_t id : by_id.IDs()) ids.push_back(std::to_string(id));
  say("IDs", Join(ids, true));
  say("Sum", Tell(rows.Sum(F<&Doc::size>)) + " " + Tell(some.Sum(F<&Doc::size>)));
  say("Avg", Tell(rows.Avg(F<&Doc::size>)));
  say("Min", Tell(rows.Min(kText)) + " " + Tell(rows.Min(F<&Doc::id>)));
  say("Max", Tell(rows.Max(kText)) + " " + Tell(rows.Max(F<&Doc::id>)));
  say("Count of values", std::to_string(rows.Count(F<&Doc::size>)));
  Lines groups;
  for (const auto& [kind, count, greatest, sum] :
       rows.GroupBy(F<&Doc::kind>)
           .Select(grapnel::Count(), grapnel::Max(kText), grapnel::Sum(F<&Doc::size>))
           .Having(grapnel::Count() > 1)
           .Order(Desc(F<&Doc::kind>))
           .All()) {
    groups.push_back(std::to_string(kind) + "=" + std::to_string(count) + greatest +
                     std::to_string(sum));
  }
  say("GroupBy", Join(groups, true));
  Lines texts;
  for (const auto& [id, text] : rows.Select(F<&Doc::id>, kText).All()) {
    texts.push_back(std::to_string(id) + text);
  }
  say("Select", Join(texts));
  Lines kinds;
  try {
    for (const std::int64_t kind : rows.Select(F<&Doc::kind>).Distinct().All()) {
      kinds.push_back(std::to_string(kind));
    }
  } catch (const grapnel::ValidationError&) {
    kinds.push_back("ordered by something else");
  }
  say("Distinct", Join(kinds));
  Lines walked;
  rows.ForEach([&](const Doc& doc) { walked.push_back(doc.text); });
  say("ForEach", Join(walked));
  walked.clear();
  for (const Doc& doc : some) walked.push_back(doc.text);
  say("range-for", Join(walked, true));
  Docs page = by_id;
  page.Limit(3);
  Lines pages;
  try {
    for (auto found = page.All(); !found.empty(); found = page.All()) {
      pages.push_back(Tell(found, true) + "|");
      page.After(found.back());
    }
  } catch (const grapnel::Error&) {
    pages.push_back("ordered by neighbours");
  }
  say("After", Join(pages, true));
  Docs with = rows;
  with.With(F<&Doc::folder>, [](auto& folder) { folder.With(F<&Folder::docs>); });
  with.With(F<&Doc::next>, [](auto& next) { next.With(F<&Doc::folder>); });
  with.With(F<&Doc::tags>, [](auto& tags) {
    tags.With(F<&Tag::docs>,
              [](auto& docs) { docs.Where(F<&Doc::tags>.Has()).Order(Asc(F<&Doc::id>)).Limit(2); });
  });
  say("With", Tell(with.All()));
  Lines walked_with;
  with.ForEach([&](const Doc& doc) { walked_with.push_back(Tell(doc)); });
  say("ForEach With", Join(walked_with));
  say("Traverse", std::to_string(rows.Traverse(F<&Doc::tags>).Count()) + " " +
                      std::to_string(rows.Traverse(F<&Doc::folder>).Count()) + " " +
                      std::to_string(rows.Traverse(F<&Doc::next>).Count()));
  return said;
}

/// Rows at every place: `visit(name, rows)`.
void ForEachPlace(const Docs& docs, const grapnel::store::Query<Folder>& folders,
                  const grapnel::store::Query<Tag>& tags,
                  const std::function<void(std::string_view, const Docs&)>& visit, bool all) {
  const auto where = [&](std::string_view name, const auto& predicate) {
    Docs rows = docs;
    rows.Where(predicate);
    visit(name, rows);
  };
  const auto in_folder = F<&Doc::folder>.Has();
  const auto next_to_tagged = F<&Doc::next>.Has(F<&Doc::tags>.Has());
  visit("top", docs);
  where("Or Not", F<&Doc::size> > 8 || !(next_to_tagged && in_folder));
  visit("along Many", folders.Traverse(F<&Folder::docs>));
  if (!all) return;
  visit("along pairs", tags.Traverse(F<&Tag::docs>));
  visit("along twice",
        folders.Traverse(F<&Folder::docs>).Traverse(F<&Doc::tags>).Traverse(F<&Tag::docs>));
  visit("along itself", docs.Traverse(F<&Doc::next>));
  Docs few = docs;
  few.Order(Desc(F<&Doc::size>), Asc(F<&Doc::id>)).Limit(4);
  visit("along a part", few.Traverse(F<&Doc::next>));
  where("Has", in_folder);
  where("Has of pairs", F<&Doc::tags>.Has(F<&Tag::id> > 1));
  where("Has nested", F<&Doc::folder>.Has(F<&Folder::docs>.Has(F<&Doc::tags>.Has())));
  where("Has of itself", next_to_tagged);
  where("Not Has", !in_folder);
  where("Not Has nested", !F<&Doc::folder>.Has(!F<&Folder::docs>.Has(F<&Doc::next>.Has())));
  Docs ordered = docs;
  ordered.Order(Desc(F<&Doc::folder>, kText), Desc(grapnel::CountOf(F<&Doc::tags>)),
                Asc(F<&Doc::id>));
  ordered.Limit(6);
  visit("ordered by neighbours", ordered);
}

template <class Access>
Lines ReadAll(const Access& access, bool all = true) {
  Lines said;
  const auto docs = access.template Of<Doc>();
  ForEachPlace(
      docs.Query(), access.template Of<Folder>().Query(), access.template Of<Tag>().Query(),
      [&](std::string_view place, const Docs& rows) {
        for (const std::string& line : Verbs(rows)) {
          said.push_back(std::string(place) + ", " + line);
        }
      },
      all);
  for (std::int64_t id = 1; id <= 21; ++id) {
    const auto found = docs.Find(id);
    said.push_back("Find " + std::to_string(id) + ": " + (found ? found->text : "none"));
    try {
      said.push_back("Get: " + docs.Get(id).text);
    } catch (const grapnel::NotFoundError& error) {
      said.push_back(error.what());
    }
  }
  return said;
}

/// What the writes of a client say, and what can be read after each; each is undone.
Lines WriteAll(const Database& client) {
  Lines said;
  const auto undone = [&](std::string_view what,
                          const std::function<std::string(grapnel::Tx&)>& write) {
    auto tx = client.Tx();
    std::string result;
    try {
      result = write(tx);
    } catch (const grapnel::NotFoundError& error) {
      result = error.what();
    }
    Lines left;
    for (const auto& [id, kind] : tx.Of<Doc>().Query().Select(F<&Doc::id>, F<&Doc::kind>).All()) {
      left.push_back(std::to_string(id) + ":" + std::to_string(kind));
    }
    said.push_back(std::string(what) + ": " + result + " " + Join(left));
    tx.Rollback();
  };
  const auto in_folder = F<&Doc::folder>.Has(F<&Folder::docs>.Has(F<&Doc::tags>.Has()));
  for (const bool negated : {false, true}) {
    const auto where = negated ? !in_folder : in_folder || F<&Doc::size> > 9;
    undone("Update", [&](grapnel::Tx& tx) {
      return std::to_string(tx.Of<Doc>().Update().Where(where).Set(F<&Doc::kind>, 9).Save());
    });
    undone("Delete", [&](grapnel::Tx& tx) {
      return std::to_string(tx.Of<Doc>().Delete().Where(where).Exec());
    });
    undone("a hook's Where", [&](grapnel::Tx& tx) {
      tx.Of<Doc>().Use(hook::Before([&](grapnel::Mutation<Doc>& m) {
        m.Where(where);
        static_cast<void>(m.IDs());
      }));
      return std::to_string(tx.Of<Doc>().Update().Set(F<&Doc::kind>, 9).Save());
    });
  }
  for (std::int64_t id = 1; id <= 21; ++id) {
    undone("UpdateOne", [&](grapnel::Tx& tx) {
      return tx.Of<Doc>().UpdateOne(id).Set(F<&Doc::kind>, 9).Save().text;
    });
    undone("DeleteOne", [&](grapnel::Tx& tx) {
      tx.Of<Doc>().DeleteOne(id).Exec();
      return std::string("gone");
    });
  }
  return said;
}

void Compare(const Lines& said, const Lines& expected) {
  REQUIRE(said.size() == expected.size());
  for (std::size_t at = 0; at < said.size(); ++at) CHECK(said[at] == expected[at]);
}
void CompareAll(const Database& client, const Database& without) {
  Compare(ReadAll(client), ReadAll(without));
  const Lines some = ReadAll(without, false);
  Compare(ReadAll(client.ReadTx(), false), some);
  auto tx = client.Tx();
  Compare(ReadAll(tx, false), some);
  Compare(ReadAll(tx.Tx(), false), some);
}

}  // namespace

TEST_CASE("B142 rows that are narrowed away are nowhere to be found") {
  const auto without = Open();
  RemoveHidden(without);
  const auto client = Open();
  client.Intercept(hook::Before([](grapnel::AnyReading& r) { r.WhereField("hidden", false); }));
  CompareAll(client, without);
  Compare(WriteAll(client), WriteAll(without));
}

TEST_CASE("B142 nor those that interceptors hide by their neighbours") {
  // A doc shows in folders that are not hidden, or in none; a tag where it has a doc that shows.
  const auto shown = !F<&Doc::folder>.Has(F<&Hideable::hidden> == true);
  const auto without = Open();
  without.Of<Doc>().Delete().Where(!shown).Exec();
  without.Of<Tag>().Delete().Where(!F<&Tag::docs>.Has(F<&Doc::size> > 3)).Exec();
  const auto client = Open();
  client.Of<Doc>().Intercept(hook::Before([&](grapnel::Reading<Doc>& r) { r.Where(shown); }));
  client.Of<Tag>().Intercept(hook::Before(
      [&](grapnel::Reading<Tag>& r) { r.Where(F<&Tag::docs>.Has(F<&Doc::size> > 3 && shown)); }));
  CompareAll(client, without);
  Compare(WriteAll(client), WriteAll(without));
}

TEST_CASE("B143 a field that is masked is masked wherever it is read") {
  const auto without = Open();
  const auto client = Open();
  const auto mask = hook::After([]<class E>(const grapnel::Reading<E>&, grapnel::Found<E>& f) {
    if (auto* rows = f.Rows()) {
      for (E& row : *rows) row.text = "***";
    }
  });
  client.Intercept(mask);
  // Orders and conditions see what is stored: here nothing asks for it.
  for (const auto& place : {0, 1}) {
    const auto read = [&](const Database& of) {
      const auto docs = of.Of<Doc>().Query();
      return Verbs(place == 0 ? docs : of.Of<Tag>().Query().Traverse(F<&Tag::docs>));
    };
    const Lines expected = [&] {
      without.Of<Doc>().Update().Set(kText, "***").Save();
      without.Of<Tag>().Update().Set(kText, "***").Save();
      without.Of<Folder>().Update().Set(kText, "***").Save();
      return read(without);
    }();
    Compare(read(client), expected);
  }
}

TEST_CASE("B142 a limit holds at every place, for each parent") {
  const auto client = Open();
  client.Intercept(hook::Before([](grapnel::AnyReading& r) { r.AtMost(1); }));
  const auto docs = client.Of<Doc>().Query();
  CHECK(docs.All().size() == 1);
  CHECK(docs.Count() == 1);
  CHECK(docs.IDs().size() == 1);
  CHECK(docs.Select(kText).All().size() == 1);
  CHECK(docs.Sum(F<&Doc::kind>) <= 3);
  int walked = 0;
  for ([[maybe_unused]] const Doc& doc : docs) ++walked;
  docs.ForEach([&](const Doc&) { ++walked; });
  CHECK(walked == 2);
  for (const Tag& tag : client.Of<Tag>().Query().With(F<&Tag::docs>).All()) {
    CHECK(tag.docs.size() == 1);
  }
  CHECK(client.Of<Folder>().Query().Traverse(F<&Folder::docs>).All().size() == 1);
  // A condition asks whether there is one: of that there is no limit.
  CHECK(client.Of<Folder>().Query().Where(F<&Folder::docs>.Has(F<&Doc::id> == 19)).Exist());
  CHECK(client.Of<Doc>().Update().Set(F<&Doc::kind>, 1).Save() == 20);
}
